import { afterEach, beforeEach, expect, test, vi, type Mock } from "vitest";

import { events, message, snapshot } from "../testing/events";
import { FakeSocket } from "../testing/fake-socket";

import { LiveSocket, type SocketState } from "./socket";

const RESYNC = '{"type":"resync"}';

let states: SocketState[];
let onFrame: Mock<() => void>;
let onHole: Mock<() => void>;
let isSignedOut: () => Promise<boolean>;
let live: LiveSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened.length = 0;
  states = [];
  onFrame = vi.fn();
  onHole = vi.fn();
  isSignedOut = () => Promise.resolve(false);
  live = new LiveSocket({
    url: "ws://hub/ws/live/",
    onFrame: () => onFrame(),
    onHole: () => onHole(),
    onState: (state) => states.push(state),
    isSignedOut: () => isSignedOut(),
    open: (url) => new FakeSocket(url) as unknown as WebSocket,
    draw: () => 1,
  });
  live.start();
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

function goLive(seq = 1): FakeSocket {
  const socket = FakeSocket.latest;
  socket.accept();
  socket.bring(snapshot({ seq }));
  return socket;
}

function phases(): string[] {
  return states.map((state) => state.phase);
}

test("it is live once the first snapshot has come, not before", () => {
  FakeSocket.latest.accept();
  expect(phases()).toEqual(["connecting"]);
  FakeSocket.latest.bring(snapshot());
  expect(phases()).toEqual(["connecting", "live"]);
});

test("frames in sequence are handed on without a resync", () => {
  const socket = goLive(7);
  socket.bring({ ...events(message()), seq: 8 });
  socket.bring({ ...events(message()), seq: 9 });
  expect(onFrame).toHaveBeenCalledTimes(3);
  expect(socket.sent).toEqual([]);
});

test("a gap in the sequence asks for a resync, once, and the events are still used", () => {
  const socket = goLive(7);
  socket.bring({ ...events(message()), seq: 9 });
  socket.bring({ ...events(message()), seq: 12 });
  expect(socket.sent).toEqual([RESYNC]);
  expect(onFrame).toHaveBeenCalledTimes(3);
});

test("after the new snapshot a further gap asks again", () => {
  const socket = goLive(7);
  socket.bring({ ...events(message()), seq: 9 });
  socket.bring(snapshot({ seq: 20 }));
  socket.bring({ ...events(message()), seq: 21 });
  expect(socket.sent).toEqual([RESYNC]);
  socket.bring({ ...events(message()), seq: 23 });
  expect(socket.sent).toEqual([RESYNC, RESYNC]);
});

test("a hole is told for a new connection, a gap and a snapshot out of turn, not for one that was asked for", () => {
  const socket = goLive();
  expect(onHole).toHaveBeenCalledTimes(1);
  live.resync();
  socket.bring(snapshot({ seq: 5 }));
  expect(onHole).toHaveBeenCalledTimes(1);
  socket.bring(snapshot({ seq: 6 }));
  expect(onHole).toHaveBeenCalledTimes(2);
  socket.bring({ ...events(), seq: 9 });
  expect(onHole).toHaveBeenCalledTimes(3);
});

test("text that is no frame changes nothing", () => {
  const socket = goLive(1);
  for (const data of ["", "{", "null", "[]", '{"type":"other","seq":2}', '{"type":"events"}']) socket.onmessage?.({ data });
  socket.bring({ ...events(), seq: 2 });
  expect(onFrame).toHaveBeenCalledTimes(2);
  expect(socket.sent).toEqual([]);
});

test("a lost connection is tried again after the delay, and says when", async () => {
  goLive().break();
  await vi.advanceTimersByTimeAsync(0);
  expect(states.at(-1)).toEqual({ phase: "reconnecting", retryAt: Date.now() + 250 });
  await vi.advanceTimersByTimeAsync(250);
  expect(FakeSocket.opened).toHaveLength(2);
});

test("it never gives up", async () => {
  for (let failures = 0; failures < 50; failures++) {
    FakeSocket.latest.break();
    await vi.advanceTimersByTimeAsync(30_000);
  }
  expect(FakeSocket.opened).toHaveLength(51);
});

test("a connection that breaks at once again waits longer each time", async () => {
  for (const expected of [250, 500, 1000]) {
    goLive().break();
    await vi.advanceTimersByTimeAsync(0);
    expect(states.at(-1)).toEqual({ phase: "reconnecting", retryAt: Date.now() + expected });
    await vi.advanceTimersByTimeAsync(expected);
  }
});

test("a connection that held starts again from the shortest wait", async () => {
  FakeSocket.latest.break();
  await vi.advanceTimersByTimeAsync(250);
  const socket = goLive();
  await vi.advanceTimersByTimeAsync(6_000);
  socket.break();
  await vi.advanceTimersByTimeAsync(0);
  expect(states.at(-1)).toEqual({ phase: "reconnecting", retryAt: Date.now() + 250 });
});

test("a person can try at once, and the planned attempt is dropped", async () => {
  FakeSocket.latest.break();
  await vi.advanceTimersByTimeAsync(0);
  live.retryNow();
  expect(FakeSocket.opened).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.opened).toHaveLength(2);
});

test("silence is tested with a resync, and a dead connection is given up", async () => {
  const socket = goLive();
  await vi.advanceTimersByTimeAsync(45_000);
  expect(socket.sent).toEqual([RESYNC]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(phases().at(-1)).toBe("reconnecting");
});

test("an answer to the test keeps a quiet connection", async () => {
  const socket = goLive();
  await vi.advanceTimersByTimeAsync(45_000);
  socket.bring(snapshot({ seq: 2 }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(phases().at(-1)).toBe("live");
});

test("events that flow do not excuse a snapshot that never comes", async () => {
  const socket = goLive(1);
  live.resync();
  for (let seq = 2; seq < 14; seq++) {
    socket.bring({ ...events(), seq });
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(phases()).toContain("reconnecting");
});

test("a connection that is refused because the session ended says so, and comes back when told", async () => {
  isSignedOut = () => Promise.resolve(true);
  FakeSocket.latest.break();
  await vi.advanceTimersByTimeAsync(0);
  expect(phases().at(-1)).toBe("signed-out");
  live.retryNow();
  goLive();
  expect(phases().at(-1)).toBe("live");
});

test.each([
  [4401, "signed-out"],
  [4403, "not-allowed"],
])("the close code %i means %s", async (code, phase) => {
  goLive().break(code);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(phases().at(-1)).toBe(phase);
  expect(FakeSocket.opened).toHaveLength(1);
});

test("a hub that is away altogether is not taken for an ended session", async () => {
  isSignedOut = () => Promise.reject(new TypeError("Failed to fetch"));
  FakeSocket.latest.break();
  await vi.advanceTimersByTimeAsync(0);
  expect(phases().at(-1)).toBe("reconnecting");
});

test("once stopped it stays stopped", async () => {
  goLive().break();
  live.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.opened).toHaveLength(1);
});
