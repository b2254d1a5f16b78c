import { expect, test } from "vitest";

import { at, device, interval, link, meter, T0 } from "../testing/events";

import type { Device } from "./device-state";
import { applyMeter, clockWords, counters, inOrder, intervalWords, metersOf, phaseRows, presence, recentMonths } from "./meter-state";
import type { DeviceReading } from "./protocol";

const now = Date.parse(T0);

function heard(secondsAgo: number, intervalMs: number | null = 10_000): Device {
  return { ...device({ name: "m" }), last_at: at(-secondsAgo), intervalMs };
}

function readings(values: Record<string, number>, unit = "V"): DeviceReading[] {
  return Object.entries(values).map(([metric, value]) => ({ metric, value, unit, at: T0 }));
}

test.each([
  ["that tells its values is online", heard(15), link(), meter(), "online"],
  ["that missed four turns is silent", heard(41), link(), meter(), "silent"],
  ["that reports every half hour is not silent after ten minutes", heard(600), link(), meter({ seconds: interval({ reported: 1800 }) }), "online"],
  ["that never said anything is unheard", undefined, link(), meter(), "unheard"],
  ["whose broker is away is cut off", heard(1), link({ state: "lost" }), meter(), "cut-off"],
  ["of unknown rhythm is online for five minutes", heard(299, null), undefined, meter(), "online"],
  ["of unknown rhythm is silent after five minutes", heard(301, null), undefined, meter(), "silent"],
] as const)("a meter %s", (_, known, its, one, expected) => {
  expect(presence(one, known, its, now)).toBe(expected);
});

test("a snapshot brings the meters, an event changes one; an older hub tells of none", () => {
  const meters = metersOf([meter({ name: "b", label: "Boiler" }), meter({ name: "a", label: "Attic" })]);
  expect(inOrder(meters).map((one) => one.label)).toEqual(["Attic", "Boiler"]);
  expect(applyMeter(meters, meter({ name: "b", relay: "on" })).b?.relay).toBe("on");
  expect(metersOf(undefined)).toEqual({});
});

test("phases stand beside each other, and what is not told is left out", () => {
  const rows = phaseRows(readings({ voltage_l1: 230, voltage_l3: 231, voltage_l1_l2: 400 }));
  expect(rows).toEqual([{ words: "Voltage", unit: "V", values: [230, null, 231] }]);
  expect(phaseRows([])).toEqual([]);
});

test("counters tell both directions, and only tariffs that were used", () => {
  const { totals, tariffs } = counters(
    readings({ active_energy: 131.2, active_energy_export: 0, active_energy_t1: 51, active_energy_export_t1: 0, active_energy_t2: 0, active_energy_export_t3: 2 }, "kWh"),
  );
  expect(totals).toEqual([{ words: "Active", unit: "kWh", taken: 131.2, given: 0 }]);
  expect(tariffs.map((one) => [one.words, one.taken, one.given])).toEqual([["T1", 51, 0], ["T3", null, 2]]);
});

test.each([[null, "not known"], [1, "right"], [-1, "right"], [5, "5 s ahead"], [-3600, "1 h behind"]])("a clock that is %s s ahead is %s", (drift, words) => {
  expect(clockWords(drift)).toBe(words);
});

test.each([
  [{ reported: null, wanted: null }, "not known"],
  [{ reported: 60, wanted: null }, "60 s"],
  [{ reported: 60, wanted: 60 }, "60 s"],
  [{ reported: 60, wanted: 30 }, "60 s, wanted 30 s"],
  [{ reported: null, wanted: 30 }, "not known, wanted 30 s"],
])("an interval of %j is said as %s", (given, words) => {
  expect(intervalWords(interval(given), "s")).toBe(words);
});

test("the months of the report go back a year from now", () => {
  const months = recentMonths(Date.parse("2026-01-12T12:00:00Z"));
  expect(months.slice(0, 2)).toEqual([{ value: "2026-01", label: "January 2026" }, { value: "2025-12", label: "December 2025" }]);
  expect(months).toHaveLength(12);
});
