import { expect, test } from "vitest";

import { at, delivery, device, events, link, linkEvent, message, snapshot } from "../testing/events";

import { applyFrames, deliveriesOf, emptyState, writesTo } from "./store";

test("a snapshot fills the page", () => {
  const state = applyFrames(emptyState, [
    snapshot({ demo: true, links: [link()], devices: [device()], messages: [message({ id: "m" })], writes: [delivery({ id: "d" })] }),
  ]);
  expect(state).toMatchObject({ hasSnapshot: true, isDemo: true });
  expect(Object.keys(state.links)).toEqual(["broker:plant"]);
  expect(Object.keys(state.devices)).toEqual(["scale"]);
  expect(state.tail.rows.map((one) => one.id)).toEqual(["m"]);
  expect([...state.writes.keys()]).toEqual(["d"]);
});

test("messages with an id that was seen are dropped, in one frame and across a new snapshot", () => {
  const twice = message();
  const state = applyFrames(emptyState, [
    snapshot({ messages: [twice] }),
    events(twice, twice),
    snapshot({ messages: [twice, message({ id: "other" })] }),
  ]);
  expect(state.tail.rows.map((one) => one.id)).toEqual([twice.id, "other"]);
});

test("a new snapshot puts the messages that were missed in their place", () => {
  const [first, missed, later] = [message({ at: at(1) }), message({ at: at(2) }), message({ at: at(3) })];
  const state = applyFrames(emptyState, [snapshot(), events(first), events(later), snapshot({ messages: [first, missed, later] })]);
  expect(state.tail.rows).toEqual([first, missed, later]);
});

test("frames are applied in order: events before a snapshot do not overwrite it", () => {
  const lost = linkEvent({ state: "lost" });
  const state = applyFrames(emptyState, [snapshot({ links: [link()] }), events(lost), snapshot({ links: [link()] })]);
  expect(state.links["broker:plant"]?.state).toBe("connected");
});

test("each delivery is kept once, in its latest state", () => {
  const sending = delivery({ id: "d", state: "sending" });
  const state = applyFrames(emptyState, [snapshot(), events(sending), events({ ...sending, state: "delivered" })]);
  expect(writesTo(state.writes, "device:printer", 10)).toMatchObject([{ id: "d", state: "delivered" }]);
});

test("a flood of publishes does not push a receipt off the paper", () => {
  const publishes = Array.from({ length: 3_000 }, () => delivery({ target: "broker:plant" }));
  const state = applyFrames(emptyState, [snapshot(), events(delivery({ id: "receipt" })), events(...publishes)]);
  expect(state.writes.has("receipt")).toBe(true);
  expect(state.deliveries.size).toBeLessThanOrEqual(1_000);
});

test("the paper is in order of time and holds the newest", () => {
  const [a, b, c] = [delivery({ at: at(3) }), delivery({ at: at(1) }), delivery({ at: at(2) })];
  const state = applyFrames(emptyState, [snapshot(), events(a, b, c)]);
  expect(writesTo(state.writes, "device:printer", 2)).toEqual([c, a]);
});

test("the waiting count of a link follows its deliveries", () => {
  const first = delivery({ target: "broker:plant", state: "waiting", at: at(1) });
  const second = delivery({ target: "broker:plant", state: "waiting", at: at(1) });
  const before = applyFrames(emptyState, [snapshot({ links: [link({ waiting: 3 })] }), events(first, second)]);
  expect(before.links["broker:plant"]?.waiting).toBe(5);
  const after = applyFrames(before, [events({ ...first, state: "sending" }, { ...first, state: "delivered" })]);
  expect(after.links["broker:plant"]?.waiting).toBe(4);
});

test("what became of a message is found by its id", () => {
  const [publish, write] = [delivery({ target: "broker:plant", message: "m" }), delivery({ message: "m" })];
  const state = applyFrames(emptyState, [snapshot(), events(publish, write, delivery({ message: "other" }))]);
  expect(deliveriesOf(state, "m")).toEqual([publish, write]);
});

test("a changed configuration asks for a new snapshot, which settles it", () => {
  const changed = applyFrames(emptyState, [snapshot({ config: 4 }), events({ kind: "config", version: 5 })]);
  expect(changed.isOutdated).toBe(true);
  expect(applyFrames(changed, [snapshot({ config: 5 })]).isOutdated).toBe(false);
});

test("the version that the snapshot has already asks for nothing", () => {
  expect(applyFrames(emptyState, [snapshot({ config: 4 }), events({ kind: "config", version: 4 })]).isOutdated).toBe(false);
});

test("what the hub leaves out is counted", () => {
  const state = applyFrames(emptyState, [snapshot(), { ...events(message()), skipped: 40 }, { ...events(), skipped: 2 }]);
  expect([state.messageCount, state.skippedCount]).toEqual([1, 42]);
});

test("the ids that are remembered are bounded, and the newest stay remembered", () => {
  const flood = Array.from({ length: 10_000 }, () => message());
  const state = applyFrames(emptyState, [snapshot(), events(...flood)]);
  expect(state.seen.size).toBeLessThanOrEqual(3_000);
  expect(applyFrames(state, [events(...flood.slice(-500))]).messageCount).toBe(10_000);
});
