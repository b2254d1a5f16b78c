import { expect, test } from "vitest";

import { ago, duration } from "./age";
import { formatSize, formatValue, metricName } from "./number";
import { hexDump, oneLine, prettyJson } from "./payload";

test.each([
  [0, "0 s"], [999, "0 s"], [59_999, "59 s"], [60_000, "1 min"], [3_600_000, "1 h"], [200_000_000, "2 d"],
])("%i ms are said as %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test("an age is said from two seconds on, and a clock that runs ahead is no trouble", () => {
  const iso = "2026-01-12T10:00:00.000Z";
  const now = Date.parse(iso);
  expect([-5_000, 1_999, 3_000].map((ms) => ago(iso, now + ms))).toEqual(["just now", "just now", "3 s ago"]);
});

test.each([
  [0, "0"], [21.5, "21.5"], [230.12549, "230.12549"], [-3.5, "−3.5"], [9999.5, "9999.5"], [18471.426, "18\u202f471.426"],
  [0.0002, "0.0002"], [0.00001234, "0.00001234"], [1.234e-7, "1.234e-7"], [1.5e12, "1.500e12"], [Number.NaN, "–"],
  [0.1 + 0.2, "0.3"], [21.299999237060547, "21.3"], [1 / 3, "0.333"],
])("%d is shown as %s", (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test.each([
  [12.5, 2, "12.50"], [0, 4, "0.0000"], [-0.1, 1, "−0.1"], [12345.5, 2, "12\u202f345.50"],
])("%d with %d decimals is shown as %s", (value, decimals, text) => {
  expect(formatValue(value, decimals)).toBe(text);
});

test("sizes and metric names read like words", () => {
  expect([15, 5120, 2_500_000].map(formatSize)).toEqual(["15 B", "5.1 kB", "2.5 MB"]);
  expect(metricName("active_power-l1")).toBe("active power l1");
});

test("JSON is laid out with the digits that it came with", () => {
  expect(prettyJson('{"a":1.50,"big":12345678901234567890,"list":[1,{"b":"x, {y}"}],"e":{},"n":[]}')).toBe(
    `{
  "a": 1.50,
  "big": 12345678901234567890,
  "list": [
    1,
    {
      "b": "x, {y}"
    }
  ],
  "e": {},
  "n": []
}`,
  );
});

test("laying out changes nothing but blanks", () => {
  const value = { 'a"b': "\\ \" é", nested: [[], [[1]], { x: null, y: true }], empty: "" };
  expect(JSON.parse(prettyJson(JSON.stringify(value)) ?? "")).toEqual(value);
});

test.each(["", "42", "plain", '{"cut": "of', "{a: 1}"])("%j is not laid out", (text) => {
  expect(prettyJson(text)).toBeNull();
});

test("bytes are shown with their offset and their printable characters", () => {
  expect(hexDump("1b4048656c6c6f0d0a000102030405060708")).toBe(
    "0000  1b 40 48 65 6c 6c 6f 0d  0a 00 01 02 03 04 05 06  ·@Hello·········\n" +
      `0010  07 08${" ".repeat(18)}  ${" ".repeat(23)}  ··`,
  );
});

test("control characters are shown, not obeyed", () => {
  expect(oneLine("a\r\n\u001b@\u007f")).toBe("a␍␊␛@␡");
});
