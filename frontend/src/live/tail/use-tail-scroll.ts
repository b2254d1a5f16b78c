// Follows the tail's scroll position: away from the top it pauses, back at the top it resumes what scrolling paused.

import { useEffect, useRef, useState } from "react";

import { useLive, useLiveStore } from "../hooks";
import { pause, resume } from "../tail-state";

const AWAY_PX = 20;
const FIRST_HEIGHT = 480;

export function useTailScroll() {
  const store = useLiveStore();
  const scroller = useRef<HTMLDivElement>(null);
  const isPausedByScroll = useRef(false);
  const [scrollTop, setScrollTop] = useState(0);
  const [viewHeight, setViewHeight] = useState(FIRST_HEIGHT);
  const isPaused = useLive((state) => state.tail.isPaused);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const follow = () => {
      setScrollTop(element.scrollTop);
      const isAway = element.scrollTop > AWAY_PX;
      if (isAway && !store.getState().tail.isPaused) {
        isPausedByScroll.current = true;
        store.changeTail(pause);
      } else if (element.scrollTop === 0 && isPausedByScroll.current) {
        isPausedByScroll.current = false;
        store.changeTail(resume);
      }
    };
    const measure = new ResizeObserver(() => setViewHeight(element.clientHeight || FIRST_HEIGHT));
    element.addEventListener("scroll", follow, { passive: true });
    measure.observe(element);
    return () => {
      element.removeEventListener("scroll", follow);
      measure.disconnect();
    };
  }, [store]);

  useEffect(() => {
    if (isPaused || !scroller.current) return;
    isPausedByScroll.current = false;
    scroller.current.scrollTop = 0;
  }, [isPaused]);

  return { scroller, scrollTop, viewHeight };
}
