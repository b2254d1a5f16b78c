// The points of the charts that are on the page: history fetched once, then live readings, bounded by time and count.
// Only watched series are kept, so that a hub with thousands of metrics costs what is shown.

import type { Message } from "./protocol";

/** Seconds since the epoch, and the value then. */
export type Point = readonly [seconds: number, value: number];

const POINT_LIMIT = 4_000;

/** Both lists as one, in order of time; of two points at the same instant the later list's wins. Pure. */
export function mergePoints(older: readonly Point[], newer: readonly Point[]): Point[] {
  const byTime = new Map<number, number>();
  for (const [seconds, value] of older) byTime.set(seconds, value);
  for (const [seconds, value] of newer) byTime.set(seconds, value);
  return [...byTime.entries()].sort((a, b) => a[0] - b[0]).slice(-POINT_LIMIT);
}

/** The points of one device's metric in these messages. Pure. */
export function pointsIn(messages: readonly Message[], device: string, metric: string): Point[] {
  const points: Point[] = [];
  for (const message of messages) {
    if (message.device !== device || message.duplicate_of) continue;
    for (const reading of message.readings)
      if (reading.metric === metric) points.push([Date.parse(message.at) / 1000, reading.value]);
  }
  return points;
}

/** One chart's points. Appends in place: a chart reads it on its own clock, so no copy is made per message. */
export class Series {
  private points: Point[] = [];

  constructor(
    readonly device: string,
    readonly metric: string,
  ) {}

  append(messages: readonly Message[]): void {
    for (const point of pointsIn(messages, this.device, this.metric)) {
      const last = this.points.at(-1);
      if (last && point[0] <= last[0]) this.points = mergePoints(this.points, [point]);
      else this.points.push(point);
    }
    if (this.points.length > POINT_LIMIT * 1.5) this.points = this.points.slice(-POINT_LIMIT);
  }

  /** Puts fetched history under what came live in the meantime. */
  addHistory(history: readonly Point[]): void {
    this.points = mergePoints(history, this.points);
  }

  /** The points from this moment on, plus the one before, so that the line enters from the left. */
  since(seconds: number): readonly Point[] {
    let start = this.points.length;
    while (start > 0 && (this.points[start - 1]?.[0] ?? 0) >= seconds) start--;
    return this.points.slice(Math.max(0, start - 1));
  }
}

/** Every series that somebody looks at. */
export class SeriesBook {
  private readonly watched = new Set<Series>();

  /** Appends live readings to this series until the answer is called. */
  watch(series: Series): () => void {
    this.watched.add(series);
    return () => this.watched.delete(series);
  }

  append(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const series of this.watched) series.append(messages);
  }
}

/** Columns for a chart, with a null wherever the device was silent for several of its usual steps. Pure. */
export function columns(points: readonly Point[]): [x: number[], y: (number | null)[]] {
  const x: number[] = [];
  const y: (number | null)[] = [];
  const longest = Math.max(LEAST_GAP_S, GAP_STEPS * medianStep(points));
  let before: number | undefined;
  for (const [seconds, value] of points) {
    if (before !== undefined && seconds - before > longest) {
      x.push((seconds + before) / 2);
      y.push(null);
    }
    x.push(seconds);
    y.push(value);
    before = seconds;
  }
  return [x, y];
}

/** Where a run of values ends that spans less than so many seconds: its line cannot be seen. Pure. */
export function lonePlaces(x: ArrayLike<number>, y: ArrayLike<number | null | undefined>, leastS: number): number[] {
  const places: number[] = [];
  let began: number | null = null;
  for (let place = 0; place < y.length; place++) {
    if (y[place] == null) continue;
    began ??= x[place] ?? 0;
    if (y[place + 1] != null) continue;
    if ((x[place] ?? 0) - began < leastS) places.push(place);
    began = null;
  }
  return places;
}

const LEAST_GAP_S = 10;
const GAP_STEPS = 6;

function medianStep(points: readonly Point[]): number {
  const times = points.slice(-50).map(([seconds]) => seconds);
  const steps = times.slice(1).map((seconds, index) => seconds - (times[index] ?? seconds));
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}
