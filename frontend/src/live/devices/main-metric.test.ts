import { expect, test } from "vitest";

import { mostTellingFirst } from "./main-metric";

function names(...metrics: string[]): string[] {
  const readings = metrics.map((metric) => ({ metric, value: 1, unit: "", at: "2026-03-01T12:00:00.000Z" }));
  return mostTellingFirst(readings).map((reading) => reading.metric);
}

test("a weight comes before all else", () => {
  expect(names("stable", "tare", "weight")).toEqual(["weight", "tare", "stable"]);
});

test("a board's temperature comes first and its battery last", () => {
  expect(names("battery", "humidity", "pressure", "temperature")).toEqual(["temperature", "humidity", "pressure", "battery"]);
});

test("a meter's total power comes before that of a phase", () => {
  expect(names("active_power_l1", "active_power", "f")).toEqual(["active_power", "active_power_l1", "f"]);
});

test("what nobody ranked keeps its order", () => {
  expect(names("x", "a", "m")).toEqual(["x", "a", "m"]);
});
