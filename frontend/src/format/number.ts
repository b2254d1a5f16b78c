// Numbers and sizes as the page shows them. Pure.

const NARROW_SPACE = "\u202f";

const MOST_DECIMALS = 6;
const USUAL_DECIMALS = 3;

/** How many decimals a value has. Where there are more than any instrument shows, they are noise, and three count. */
export function decimalsOf(value: number): number {
  const count = (text: string) => text.split(".")[1]?.length ?? 0;
  const all = count(String(value));
  return all <= MOST_DECIMALS ? all : count(String(Number(value.toFixed(USUAL_DECIMALS))));
}

/** With so many decimals, all of its own unless told; thousands apart from 10,000 on. Very large or small: four digits. */
export function formatValue(value: number, decimals = decimalsOf(value)): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const isTiny = size !== 0 && Number(size.toFixed(decimals)) === 0;
  if (isTiny || size >= 1e9) return value.toPrecision(4).replace("e+", "e");
  const text = value.toFixed(decimals).replace("-", "−");
  return size >= 10_000 ? grouped(text) : text;
}

function grouped(text: string): string {
  const [whole = "", decimals] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
  return decimals ? `${spaced}.${decimals}` : spaced;
}

export function formatCount(count: number): string {
  return count >= 10_000 ? grouped(String(count)) : String(count);
}

export function formatSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** 'active_power' as 'active power'. */
export function metricName(metric: string): string {
  return metric.replace(/[_-]+/g, " ");
}
