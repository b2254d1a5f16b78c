// The live tail as a value: the newest messages that match the filter, bounded, and what a pause holds back.
// Pure. Oldest first inside; the table shows them newest first.

import type { Message } from "./protocol";

export const TAIL_ROWS = 500;
const RING_SIZE = 2_000;

export interface Tail {
  /** What the table shows. */
  rows: readonly Message[];
  /** The newest messages whatever the filter, to look through when the filter changes. */
  ring: readonly Message[];
  filter: string;
  isPaused: boolean;
  /** Matching messages that came during the pause, and the newest of them. */
  missed: number;
  held: readonly Message[];
}

export const emptyTail: Tail = { rows: [], ring: [], filter: "", isPaused: false, missed: 0, held: [] };

/** The tail with these messages, in the order they came. */
export function addMessages(tail: Tail, messages: readonly Message[]): Tail {
  if (messages.length === 0) return tail;
  const ring = newest(tail.ring, messages, RING_SIZE);
  const matching = messages.filter(matcher(tail.filter));
  if (matching.length === 0) return { ...tail, ring };
  if (tail.isPaused)
    return { ...tail, ring, missed: tail.missed + matching.length, held: newest(tail.held, matching, TAIL_ROWS) };
  return { ...tail, ring, rows: newest(tail.rows, matching, TAIL_ROWS) };
}

/** The tail with a new filter: looks through the ring again; what a pause held back is judged by it too. */
export function setFilter(tail: Tail, filter: string): Tail {
  const matches = matcher(filter);
  const heldIds = new Set(tail.held.map((message) => message.id));
  const held = tail.held.filter(matches);
  const rows = tail.ring.filter((message) => matches(message) && !heldIds.has(message.id)).slice(-TAIL_ROWS);
  return { ...tail, filter, rows, held, missed: held.length };
}

export function pause(tail: Tail): Tail {
  return tail.isPaused ? tail : { ...tail, isPaused: true, missed: 0, held: [] };
}

export function resume(tail: Tail): Tail {
  if (!tail.isPaused) return tail;
  return { ...tail, isPaused: false, missed: 0, held: [], rows: newest(tail.rows, tail.held, TAIL_ROWS) };
}

/** Puts the tail back in order of time, after a snapshot brought messages that were missed. */
export function sortByTime(messages: readonly Message[]): Message[] {
  return [...messages].sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id));
}

function matcher(filter: string): (message: Message) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (message) => {
    const text = `${message.source} ${message.topic} ${message.device} ${message.text} ${message.fault}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

function newest(old: readonly Message[], added: readonly Message[], limit: number): Message[] {
  const spare = Math.max(0, old.length + added.length - limit);
  return spare >= old.length ? added.slice(-limit) : old.slice(spare).concat(added);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
