import { expect, test } from "vitest";

import { at, message } from "../testing/events";

import type { Message } from "./protocol";
import { addMessages, emptyTail, pause, resume, setFilter, sortByTime, TAIL_ROWS } from "./tail-state";

function many(count: number, given: Partial<Message> = {}): Message[] {
  return Array.from({ length: count }, () => message(given));
}

function texts(messages: readonly Message[]): string[] {
  return messages.map((one) => one.text);
}

test("rows are bounded, and the newest stay", () => {
  const first = many(TAIL_ROWS);
  const later = many(30);
  const tail = addMessages(addMessages(emptyTail, first), later);
  expect(tail.rows).toHaveLength(TAIL_ROWS);
  expect(tail.rows.at(-1)).toBe(later.at(-1));
  expect(tail.rows[0]).toBe(first[30]);
});

test("one flood larger than the table keeps its newest", () => {
  const flood = many(TAIL_ROWS * 5);
  const tail = addMessages(emptyTail, flood);
  expect(tail.rows).toEqual(flood.slice(-TAIL_ROWS));
});

test.each([
  ["topic", { topic: "kitchen/oven" }, "OVEN"],
  ["device", { device: "lab-scale" }, "lab-s"],
  ["source", { source: "broker:meters" }, "meters"],
  ["text", { text: '{"t": 21.5}' }, "21.5"],
  ["fault", { fault: "Not JSON" }, "not json"],
])("the filter looks at the %s, whatever the case", (_, given, filter) => {
  const wanted = message(given);
  const tail = addMessages(setFilter(emptyTail, filter), [message(), wanted]);
  expect(tail.rows).toEqual([wanted]);
});

test("every word of the filter must be found", () => {
  const wanted = message({ topic: "kitchen", text: "oven on" });
  const tail = setFilter(addMessages(emptyTail, [message({ topic: "kitchen" }), wanted]), " kitchen  oven ");
  expect(tail.rows).toEqual([wanted]);
});

test("a new filter looks through what came before it", () => {
  const wanted = message({ topic: "rare" });
  const tail = addMessages(emptyTail, [wanted, ...many(TAIL_ROWS + 10)]);
  expect(tail.rows).not.toContain(wanted);
  expect(setFilter(tail, "rare").rows).toEqual([wanted]);
});

test("matching rows stay although a flood of others goes by", () => {
  const wanted = message({ topic: "rare" });
  let tail = addMessages(setFilter(emptyTail, "rare"), [wanted]);
  for (let i = 0; i < 10; i++) tail = addMessages(tail, many(500));
  expect(tail.rows).toEqual([wanted]);
});

test("a pause holds the rows still and counts what comes", () => {
  const before = addMessages(emptyTail, many(3));
  const paused = addMessages(addMessages(pause(before), many(100)), many(28));
  expect(paused.rows).toBe(before.rows);
  expect(paused.missed).toBe(128);
});

test("a pause counts only what the filter lets through", () => {
  const paused = addMessages(pause(setFilter(emptyTail, "rare")), [...many(9), message({ topic: "rare" })]);
  expect(paused.missed).toBe(1);
});

test("resuming shows what was held back, in order, and counts from nothing again", () => {
  const before = addMessages(emptyTail, [message({ text: "1" })]);
  const resumed = resume(addMessages(pause(before), [message({ text: "2" }), message({ text: "3" })]));
  expect(texts(resumed.rows)).toEqual(["1", "2", "3"]);
  expect([resumed.isPaused, resumed.missed, resumed.held]).toEqual([false, 0, []]);
});

test("what a long pause holds back is bounded, its count is not", () => {
  let paused = pause(emptyTail);
  for (let i = 0; i < 10; i++) paused = addMessages(paused, many(300));
  expect(paused.held).toHaveLength(TAIL_ROWS);
  expect(paused.missed).toBe(3_000);
});

test("a filter changed during a pause does not let held messages slip in", () => {
  const paused = addMessages(pause(addMessages(emptyTail, [message({ text: "old x" })])), [message({ text: "new x" })]);
  const filtered = setFilter(paused, "x");
  expect(texts(filtered.rows)).toEqual(["old x"]);
  expect(texts(resume(filtered).rows)).toEqual(["old x", "new x"]);
});

test("messages of the same moment are put in order of their ids", () => {
  const [a, b, c] = [message({ at: at(1), id: "b" }), message({ at: at(1), id: "a" }), message({ at: at(0), id: "c" })];
  expect(sortByTime([a, b, c]).map((one) => one.id)).toEqual(["c", "a", "b"]);
});
