import { expect, test } from "vitest";

import { at, device, link, message, T0 } from "../testing/events";

import { applyMessages, DEVICE_LIMIT, devicesOf, freshness, inOrder, type Device } from "./device-state";

const NOW = Date.parse(T0);

function one(given: Partial<Device> = {}): Device {
  return { ...device(), intervalMs: null, ...given };
}

test("a message brings new values and keeps the metrics that it does not name", () => {
  const old = [
    { metric: "t", value: 1, unit: "°C", at: T0 },
    { metric: "h", value: 50, unit: "%", at: T0 },
  ];
  const devices = devicesOf([device({ readings: old })], {});
  const after = applyMessages(devices, [message({ device: "scale", at: at(5), readings: [{ metric: "t", value: 2, unit: "°C" }] })]);
  expect(after.scale?.readings).toMatchObject([{ metric: "t", value: 2, unit: "°C", at: at(5) }, old[1]]);
  expect(after.scale?.last_at).toBe(at(5));
});

test("a metric is shown with the most decimals that it ever had, also after a new snapshot", () => {
  const weighing = (value: number, second: number) =>
    message({ device: "scale", at: at(second), readings: [{ metric: "weight", value, unit: "g" }] });
  const devices = applyMessages({}, [weighing(12.5, 1), weighing(12.34, 2), weighing(13, 3)]);
  expect(devices.scale?.readings[0]).toMatchObject({ value: 13, decimals: 2 });
  const again = devicesOf([device({ readings: [{ metric: "weight", value: 14, unit: "g", at: at(4) }] })], devices);
  expect(again.scale?.readings[0]).toMatchObject({ value: 14, decimals: 2 });
});

test("a device that nobody configured appears with its first message", () => {
  const after = applyMessages({}, [message({ device: "esp32" })]);
  expect(after.esp32).toMatchObject({ name: "esp32", label: "esp32", is_known: false });
});

test.each([
  ["a duplicate", { duplicate_of: "m1" }],
  ["a dead letter", { fault: "Not JSON" }],
  ["a gap", { message_kind: "gap" as const }],
  ["an older message", { at: at(-60) }],
])("%s changes no reading", (_, given) => {
  const devices = devicesOf([device({ last_at: T0 })], {});
  const after = applyMessages(devices, [message({ device: "scale", readings: [{ metric: "t", value: 9, unit: "" }], ...given })]);
  expect(after.scale?.readings).toEqual([]);
});

test("devices that no message names stay the same objects, so that their cards are not drawn again", () => {
  const devices = devicesOf([device(), device({ name: "other" })], {});
  const after = applyMessages(devices, [message({ device: "scale", at: at(1) })]);
  expect(after.other).toBe(devices.other);
});

test("names made up by payloads are bounded", () => {
  const flood = Array.from({ length: DEVICE_LIMIT * 2 }, (_, number) => message({ device: `made-up-${number}` }));
  expect(Object.keys(applyMessages({}, flood))).toHaveLength(DEVICE_LIMIT);
});

test("a device whose link is not connected is cut off, however new its values are", () => {
  expect(freshness(one({ last_at: T0 }), link({ state: "lost" }), NOW)).toBe("cut-off");
  expect(freshness(one({ last_at: T0 }), link(), NOW)).toBe("fresh");
});

test("a device is quiet after four of its usual intervals", () => {
  const every10 = one({ last_at: T0, intervalMs: 10_000 });
  expect(freshness(every10, undefined, NOW + 39_000)).toBe("fresh");
  expect(freshness(every10, undefined, NOW + 41_000)).toBe("quiet");
});

test("a fast device is given twenty seconds before it counts as quiet", () => {
  expect(freshness(one({ last_at: T0, intervalMs: 100 }), undefined, NOW + 19_000)).toBe("fresh");
});

test("a device that never said anything is silent", () => {
  expect(freshness(one(), undefined, NOW)).toBe("silent");
});

test("the usual interval is learnt from the messages and survives a new snapshot", () => {
  const first = applyMessages(devicesOf([device()], {}), [0, 10, 20].map((s) => message({ device: "scale", at: at(s) })));
  expect(first.scale?.intervalMs).toBe(10_000);
  expect(devicesOf([device()], first).scale?.intervalMs).toBe(10_000);
});

test("configured devices come first, then by label", () => {
  const devices = devicesOf([device({ name: "z", label: "Zoo" }), device({ name: "u", is_known: false }), device({ name: "a", label: "Ant" })], {});
  expect(inOrder(devices).map((one) => one.name)).toEqual(["a", "z", "u"]);
});
