import { expect, test } from "vitest";

import { at, message, T0 } from "../testing/events";

import { columns, lonePlaces, mergePoints, pointsIn, Series, SeriesBook } from "./series";

const START = Date.parse(T0) / 1000;

function weight(seconds: number, value: number) {
  return message({ device: "scale", at: at(seconds), readings: [{ metric: "weight", value, unit: "g" }] });
}

test("points come from one device and one metric, and never from a duplicate", () => {
  const other = message({ device: "other", readings: [{ metric: "weight", value: 9, unit: "g" }] });
  const duplicate = { ...weight(2, 7), duplicate_of: "m1" };
  expect(pointsIn([weight(1, 5), other, duplicate], "scale", "weight")).toEqual([[START + 1, 5]]);
});

test("history and live points become one line, in order, each moment once", () => {
  expect(mergePoints([[1, 10], [2, 20], [3, 30]], [[3, 31], [4, 40], [0, 5]])).toEqual([[0, 5], [1, 10], [2, 20], [3, 31], [4, 40]]);
});

test("readings that come while the history is being fetched are kept", () => {
  const series = new Series("scale", "weight");
  series.append([weight(10, 3)]);
  series.addHistory([[START + 1, 1], [START + 2, 2]]);
  expect(series.since(0).map(([, value]) => value)).toEqual([1, 2, 3]);
});

test("a late reading is put in its place", () => {
  const series = new Series("scale", "weight");
  series.append([weight(1, 1), weight(3, 3), weight(2, 2)]);
  expect(series.since(0).map(([, value]) => value)).toEqual([1, 2, 3]);
});

test("the line enters the window from the point before it", () => {
  const series = new Series("scale", "weight");
  series.append([weight(1, 1), weight(2, 2), weight(3, 3)]);
  expect(series.since(START + 2.5).map(([, value]) => value)).toEqual([2, 3]);
});

test("a chart that is left open for days stays bounded", () => {
  const series = new Series("scale", "weight");
  for (let second = 0; second < 20_000; second++) series.append([weight(second, second)]);
  expect(series.since(0).length).toBeLessThanOrEqual(6_000);
  expect(series.since(0).at(-1)?.[1]).toBe(19_999);
});

test("only watched series are kept", () => {
  const book = new SeriesBook();
  const series = new Series("scale", "weight");
  const unwatch = book.watch(series);
  book.append([weight(1, 1)]);
  unwatch();
  book.append([weight(2, 2)]);
  expect(series.since(0).map(([, value]) => value)).toEqual([1]);
});

test("the line breaks where a device was silent for much longer than usual", () => {
  const points = [0, 2, 4, 6, 60, 62].map((seconds): [number, number] => [seconds, seconds]);
  expect(columns(points)).toEqual([[0, 2, 4, 6, 33, 60, 62], [0, 2, 4, 6, null, 60, 62]]);
});

test("a slow device is drawn as a line all the same", () => {
  const points = [0, 60, 120, 180].map((seconds): [number, number] => [seconds, 1]);
  expect(columns(points)[1]).toEqual([1, 1, 1, 1]);
});

test("a reading that stands alone is found, so that it gets a dot", () => {
  expect(lonePlaces([10], [7], 3)).toEqual([0]);
  expect(lonePlaces([0, 5, 30, 60, 80, 100, 110], [1, 2, null, 7, null, 3, 4], 3)).toEqual([3]);
  expect(lonePlaces([], [], 3)).toEqual([]);
});

test("two readings within a moment are one dot, not a line that nobody can see", () => {
  expect(lonePlaces([10, 10.6], [7, 7], 3)).toEqual([1]);
  expect(lonePlaces([10, 13], [7, 7], 3)).toEqual([]);
});
