import { expect, test } from "vitest";

import { backoffDelayMs } from "./backoff";

test("the ceiling doubles with each failure", () => {
  expect([0, 1, 2, 3].map((failures) => backoffDelayMs(failures, () => 1))).toEqual([250, 500, 1000, 2000]);
});

test("the ceiling stays at thirty seconds, however long the hub is away", () => {
  expect([7, 40, 100_000].map((failures) => backoffDelayMs(failures, () => 1))).toEqual([30_000, 30_000, 30_000]);
});

test("the whole range is drawn from, so that a thousand pages do not come back at once", () => {
  expect(backoffDelayMs(4, () => 0)).toBe(0);
  expect(backoffDelayMs(4, () => 0.5)).toBe(2_000);
});
