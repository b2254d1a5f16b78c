// Numbers and sizes as the page shows them. Pure.

const NARROW_SPACE = "\u202f";

/** At most three decimals for everyday sizes, otherwise four significant digits; thousands apart from 10,000 on. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e9)) return value.toPrecision(4).replace("e+", "e");
  const text = String(Number(value.toFixed(3))).replace("-", "−");
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
