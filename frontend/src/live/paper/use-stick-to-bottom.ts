// Keeps a scrolling list at its end while new lines come, unless the reader has scrolled away from it.

import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

const NEAR_PX = 40;

export function useStickToBottom<T extends HTMLElement>(content: unknown): RefObject<T | null> {
  const scroller = useRef<T>(null);
  const isAtBottom = useRef(true);
  useEffect(() => {
    const element = scroller.current;
    const note = () => {
      if (element) isAtBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    };
    element?.addEventListener("scroll", note, { passive: true });
    return () => element?.removeEventListener("scroll", note);
  }, []);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && isAtBottom.current) element.scrollTop = element.scrollHeight;
  }, [content]);
  return scroller;
}
