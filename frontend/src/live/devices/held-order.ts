// Keeps cards where they are while somebody points at them: a card that moves would put another one under the pointer.

import { useEffect, useRef, useState } from "react";

interface Named {
  name: string;
}

/** A finger's second tap may follow the first one by so long; and what was pressed may take as long to show. */
export const RELEASE_MS = 2_000;

/** These things in the order held before; those that are new come last. Pure. */
export function inHeldOrder<T extends Named>(wanted: readonly T[], held: readonly string[]): T[] {
  const places = new Map(held.map((name, place) => [name, place]));
  const place = (one: T) => places.get(one.name) ?? held.length;
  return [...wanted].sort((a, b) => place(a) - place(b));
}

/** The things in the wanted order, or in the order that they had when the pointer came, and what tells of the pointer. */
export function useHeldOrder<T extends Named>(wanted: readonly T[]) {
  const [held, hold] = useState<readonly string[] | null>(null);
  const release = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(release.current), []);
  const things = held ? inHeldOrder(wanted, held) : [...wanted];
  return {
    things,
    pointing: {
      onPointerEnter: () => {
        clearTimeout(release.current);
        hold(things.map((one) => one.name));
      },
      onPointerLeave: () => {
        clearTimeout(release.current);
        release.current = setTimeout(() => hold(null), RELEASE_MS);
      },
    },
  };
}
