// Which rows of a long list of equal heights are in sight. Pure.

const OVERSCAN = 6;

export interface Visible {
  first: number;
  end: number;
}

export function visibleRows(scrollTop: number, viewHeight: number, { rowHeight, count }: { rowHeight: number; count: number }): Visible {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((scrollTop + viewHeight) / rowHeight) + OVERSCAN);
  return { first: Math.min(first, end), end };
}
