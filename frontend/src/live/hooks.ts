// How components read the live store: each takes the part it shows and is drawn again only when that part changes.

import { createContext, useContext, useSyncExternalStore } from "react";

import { useNow } from "./clock";
import type { LiveStore } from "./live-store";
import type { SocketState } from "./socket";
import type { LiveState } from "./store";

export const LiveContext = createContext<LiveStore | null>(null);

export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (!store) throw new Error("No live store above this component");
  return store;
}

/** One part of the state; `select` must answer the same object as long as nothing in it changed. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, () => select(store.getState()));
}

export function useSocketState(): SocketState {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.getSocketState);
}

/** The hub's time in ms, renewed every second. */
export function useHubNow(): number {
  const store = useLiveStore();
  return useNow() + store.clockOffsetMs;
}

/** Rises whenever events may have been missed. */
export function useHoles(): number {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.getHoles);
}
