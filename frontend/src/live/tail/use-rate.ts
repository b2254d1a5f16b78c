// How many messages came during the last second, and how many the hub left out of the live view.

import { useEffect, useState } from "react";

import { useLiveStore } from "../hooks";

export interface Rate {
  shown: number;
  skipped: number;
}

export function useRate(): Rate {
  const store = useLiveStore();
  const [rate, setRate] = useState<Rate>({ shown: 0, skipped: 0 });
  useEffect(() => {
    let before = store.getState();
    const timer = setInterval(() => {
      const now = store.getState();
      setRate({ shown: now.messageCount - before.messageCount, skipped: now.skippedCount - before.skippedCount });
      before = now;
    }, 1_000);
    return () => clearInterval(timer);
  }, [store]);
  return rate;
}
