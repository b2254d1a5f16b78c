import { expect, test } from "vitest";

import { delivery, link } from "../../testing/events";

import { jobState, printerState, wayToPrintAgain } from "./job-state";

const ready = link({ key: "device:printer" });
const noPaper = link({ key: "device:printer", warning: "paper-out: the printer has no paper" });
const away = link({ key: "device:printer", state: "lost" });

test.each([
  ["waiting", ready, "queued", "open"],
  ["waiting", noPaper, "paper out", "held"],
  ["waiting", link({ warning: "cover-open: the printer's cover is open" }), "cover open", "held"],
  ["waiting", link({ warning: "The paper is nearly at its end." }), "queued", "open"],
  ["waiting", away, "queued, printer away", "held"],
  ["waiting", undefined, "queued", "open"],
  ["sending", noPaper, "printing", "open"],
  ["delivered", ready, "printed", "done"],
  ["unknown", ready, "unknown", "doubt"],
  ["dead", ready, "not printed", "bad"],
  ["expired", ready, "too old, not printed", "doubt"],
] as const)("a job that is %s at this printer (%#) is %s", (state, its, word, mark) => {
  expect(jobState(delivery({ state }), its)).toEqual({ word, mark });
});

test("a job that came back for want of paper says so even where the link is not known", () => {
  const job = delivery({ state: "waiting", reason: "paper-out: the printer has no paper" });
  expect(jobState(job, undefined).word).toBe("paper out");
  expect(jobState(job, ready).word).toBe("queued");
});

test.each([
  [[], ready, "ready", false],
  [["sending", "waiting"], ready, "printing, 1 queued", false],
  [["waiting"], ready, "1 queued", false],
  [["waiting", "waiting"], noPaper, "paper out, 2 queued", true],
  [[], noPaper, "paper out", true],
  [["waiting"], away, "printer lost, 1 queued", true],
] as const)("a printer with jobs %j (%#) is %s", (states, its, words, isHeld) => {
  const jobs = states.map((state) => delivery({ state }));
  expect(printerState(jobs, its)).toEqual({ words, isHeld });
});

test("what was printed is printed again as a job of its own, what was not is sent again", () => {
  expect((["delivered", "unknown", "dead", "expired", "waiting", "sending"] as const).map((state) => wayToPrintAgain({ state, reason: "" }))).toEqual([
    "repeat", "redrive", "redrive", "redrive", null, null,
  ]);
});
