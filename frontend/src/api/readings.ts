// The history of one metric, for the charts.

import type { Point } from "../live/series";

import { getJson } from "./client";

interface ReadingRow {
  time: string;
  value: number;
}

interface ReadingsAnswer {
  next: string | null;
  results: ReadingRow[];
}

/** A chart of a few minutes needs no more; a metric that is faster than this is shown from a later moment on. */
const PAGE_LIMIT = 4;

/** The raw points of a device's metric since `startMs`, oldest first. */
export async function fetchPoints(device: string, metric: string, startMs: number, signal?: AbortSignal): Promise<Point[]> {
  const start_time = new Date(startMs).toISOString();
  const query = new URLSearchParams({ device, metric, start_time, bucket: "raw", limit: "1000" });
  const points: Point[] = [];
  let url: string | null = `/api/v1/readings?${query}`;
  for (let page = 0; url && page < PAGE_LIMIT; page++) {
    const answer: ReadingsAnswer = await getJson<ReadingsAnswer>(url, signal);
    for (const row of answer.results) points.push([Date.parse(row.time) / 1000, row.value]);
    url = answer.next && nextUrl(url, answer.next);
  }
  return points.sort((a, b) => a[0] - b[0]);
}

/** `next` may be a whole address (behind a proxy with another host than ours) or the bare cursor. */
function nextUrl(current: string, next: string): string {
  const url = new URL(current, location.origin);
  if (/^https?:|^\//.test(next)) url.search = new URL(next, location.origin).search;
  else url.searchParams.set("cursor", next);
  return url.pathname + url.search;
}
