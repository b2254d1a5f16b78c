// Times as people say them. Pure.

const UNITS: readonly [name: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** '3 s', '4 min', '2 h', '5 d'; under a second '0 s'. */
export function duration(ms: number): string {
  for (const [name, size] of UNITS) if (ms >= size) return `${Math.floor(ms / size)} ${name}`;
  return "0 s";
}

/** '3 s ago'; 'just now' under two seconds, also for a time that lies a little ahead. */
export function ago(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso);
  return ms < 2_000 ? "just now" : `${duration(ms)} ago`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const FULL = new Intl.DateTimeFormat("en-GB", {
  year: "numeric", month: "short", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short",
});

/** '14:03:07' in the reader's own time zone. */
export function clockTime(iso: string): string {
  return CLOCK.format(new Date(iso));
}

/** '14:03:07.125'. */
export function clockTimeMs(iso: string): string {
  return `${clockTime(iso)}.${String(new Date(iso).getMilliseconds()).padStart(3, "0")}`;
}

export function fullTime(iso: string): string {
  return FULL.format(new Date(iso));
}
