// What has become of a print job, in the words of somebody who stands at the printer. Pure.

import type { Delivery, DeliveryState, Link } from "../protocol";

export type JobMark = "open" | "done" | "held" | "bad" | "doubt";

export interface JobState {
  word: string;
  mark: JobMark;
}

/** How the warnings of a printer's link begin that holds jobs back. */
const HOLDS: readonly [start: string, word: string][] = [
  ["paper-out", "paper out"],
  ["cover-open", "cover open"],
  ["printer-error", "printer error"],
  ["offline", "printer offline"],
];

const ENDED: Partial<Record<DeliveryState, JobState>> = {
  sending: { word: "printing", mark: "open" },
  delivered: { word: "printed", mark: "done" },
  dead: { word: "not printed", mark: "bad" },
  expired: { word: "too old, not printed", mark: "doubt" },
  unknown: { word: "unknown", mark: "doubt" },
};

export function jobState(job: Pick<Delivery, "state" | "reason">, link: Link | undefined): JobState {
  return ENDED[job.state] ?? waiting(job.reason, link);
}

function waiting(reason: string, link: Link | undefined): JobState {
  const held = holdOf(link);
  if (held) return { word: held, mark: "held" };
  if (link && link.state !== "connected") return { word: "queued, printer away", mark: "held" };
  const before = HOLDS.find(([start]) => reason.startsWith(start));
  return before && !link ? { word: before[1], mark: "held" } : { word: "queued", mark: "open" };
}

/** Why the printer takes no job now: 'paper out'; '' if it does. */
export function holdOf(link: Link | undefined): string {
  if (link?.state !== "connected") return "";
  return HOLDS.find(([start]) => link.warning.startsWith(start))?.[1] ?? "";
}

export interface PrinterState {
  words: string;
  isHeld: boolean;
}

/** What the printer does now: 'ready', 'printing', 'paper out, 3 queued', 'lost'. */
export function printerState(jobs: readonly Delivery[], link: Link | undefined): PrinterState {
  const isAway = link !== undefined && link.state !== "connected";
  const queued = jobs.filter((job) => job.state === "waiting").length;
  const isPrinting = jobs.some((job) => job.state === "sending");
  const held = isAway ? `printer ${link.state}` : holdOf(link);
  const first = held || (isPrinting ? "printing" : queued ? "" : "ready");
  return { words: [first, queued ? `${queued} queued` : ""].filter(Boolean).join(", "), isHeld: held !== "" };
}

/** Whether there is nothing to print: the ticket failed, and the payload is the message's own. */
export function isUnmade(job: Pick<Delivery, "state" | "reason">): boolean {
  return job.state === "dead" && /^the ticket .+ could not be made: /.test(job.reason);
}

/** Whether a person may have this printed once more, and by which way: as a new job, or the same one sent again. */
export function wayToPrintAgain(job: Pick<Delivery, "state" | "reason">): "repeat" | "redrive" | null {
  const { state } = job;
  if (isUnmade(job)) return null;
  if (state === "delivered") return "repeat";
  return state === "dead" || state === "expired" || state === "unknown" ? "redrive" : null;
}
