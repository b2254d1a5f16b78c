// Payloads as people read them: JSON laid out, bytes as a hex dump. Pure.

/** The text laid out over lines if it is a JSON object or list, else null. Numbers keep the digits they came with. */
export function prettyJson(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return layOut(text);
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

function layOut(text: string): string {
  let depth = 0;
  let out = "";
  let before = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const token of text.match(TOKEN) ?? []) {
    const isClose = token === "}" || token === "]";
    if (isClose) {
      depth--;
      if (before !== "{" && before !== "[") out += line();
    } else if (before === "{" || before === "[" || before === ",") out += line();
    if (token === "{" || token === "[") depth++;
    out += token === ":" ? ": " : token;
    before = token;
  }
  return out;
}

/** Sixteen bytes a line: offset, hexadecimal, and the printable ones as characters. */
export function hexDump(hex: string): string {
  const bytes = (hex.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => parseInt(pair, 16));
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += 16) lines.push(hexLine(bytes.slice(start, start + 16), start));
  return lines.join("\n");
}

function hexLine(bytes: number[], offset: number): string {
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const left = pairs.slice(0, 8).join(" ").padEnd(23);
  const right = pairs.slice(8).join(" ").padEnd(23);
  const text = bytes.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
  return `${offset.toString(16).padStart(4, "0")}  ${left}  ${right}  ${text}`;
}

/** One line for a table: control characters shown as symbols, so that a CR or an ESC is seen and not obeyed. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u0000-\u001f\u007f]/g, (sign) => {
    const code = sign.charCodeAt(0);
    return code === 0x7f ? "\u2421" : String.fromCharCode(0x2400 + code);
  });
}
