// Arrow keys move through the rows of the tail; only one row at a time is a stop of the Tab key.

import { useCallback, useState, type KeyboardEvent, type RefObject } from "react";

import { useLiveStore } from "../hooks";
import type { Message } from "../protocol";
import { pause } from "../tail-state";

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };

export function useTailKeys(rows: readonly Message[], scroller: RefObject<HTMLDivElement | null>, rowHeight: number) {
  const store = useLiveStore();
  const [focused, setFocused] = useState<string | null>(null);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    store.changeTail(pause);
    const at = rows.length - 1 - rows.findIndex((row) => row.id === focused);
    const next = Math.min(rows.length - 1, Math.max(0, (at >= rows.length ? -1 : at) + step));
    const row = rows[rows.length - 1 - next];
    if (row && scroller.current) moveTo(scroller.current, row.id, next * rowHeight, rowHeight);
  };

  const isHere = focused !== null && rows.some((row) => row.id === focused);
  return { active: isHere ? focused : null, onKeyDown, onFocusRow: useCallback((id: string) => setFocused(id), []) };
}

/** Brings the row into sight, and gives it the focus once it exists. */
function moveTo(scroller: HTMLDivElement, id: string, top: number, height: number): void {
  const bottom = top + height - scroller.clientHeight;
  if (scroller.scrollTop > top) scroller.scrollTop = top;
  else if (scroller.scrollTop < bottom) scroller.scrollTop = bottom;
  const focus = () => {
    const row = scroller.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };
  focus();
  requestAnimationFrame(() => requestAnimationFrame(focus));
}
