// How many messages came during the last second.

import { useEffect, useState } from "react";

import { useLiveStore } from "../hooks";

export function useRate(): number {
  const store = useLiveStore();
  const [rate, setRate] = useState(0);
  useEffect(() => {
    let before = store.getState().messageCount;
    const timer = setInterval(() => {
      const now = store.getState().messageCount;
      setRate(now - before);
      before = now;
    }, 1_000);
    return () => clearInterval(timer);
  }, [store]);
  return rate;
}
