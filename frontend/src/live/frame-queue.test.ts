import { expect, test, vi } from "vitest";

import { FrameQueue } from "./frame-queue";

function queueWith() {
  const planned: (() => void)[] = [];
  const flush = vi.fn();
  const queue = new FrameQueue<number>(flush, (run) => planned.push(run));
  return { queue, planned, flush };
}

test("what comes between two frames is handed over together, in order", () => {
  const { queue, planned, flush } = queueWith();
  [1, 2, 3].forEach((item) => queue.push(item));
  expect(flush).not.toHaveBeenCalled();
  planned.forEach((run) => run());
  expect(flush.mock.calls).toEqual([[[1, 2, 3]]]);
});

test("only one hand-over is planned at a time", () => {
  const { queue, planned } = queueWith();
  queue.push(1);
  queue.push(2);
  expect(planned).toHaveLength(1);
});

test("after a hand-over the next item plans another", () => {
  const { queue, planned, flush } = queueWith();
  queue.push(1);
  planned.shift()?.();
  queue.push(2);
  planned.shift()?.();
  expect(flush.mock.calls).toEqual([[[1]], [[2]]]);
});

test("a full queue does not wait for a frame that may never come", () => {
  const { queue, flush } = queueWith();
  for (let item = 0; item < 2_000; item++) queue.push(item);
  expect(flush).toHaveBeenCalledTimes(1);
});
