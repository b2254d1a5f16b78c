// The alerts that stand, by id. Pure.

import type { Alert } from "./protocol";

export type Alerts = Readonly<Record<number, Alert>>;

const SEVERITIES = ["critical", "warning", "info"] as const;

/** Those of a snapshot; a hub of an older version sends none. */
export function alertsOf(snapshot: readonly Alert[] | undefined): Alerts {
  return Object.fromEntries((snapshot ?? []).map((alert) => [alert.id, alert]));
}

/** The alerts after one change; one that is over is gone. */
export function applyAlert(alerts: Alerts, event: Alert): Alerts {
  if (event.state !== "cleared") return { ...alerts, [event.id]: event };
  return Object.fromEntries(Object.entries(alerts).filter(([id]) => Number(id) !== event.id));
}

/** Those that nobody looks after first, then the worst, then the newest. */
export function alertsInOrder(alerts: Alerts): Alert[] {
  return Object.values(alerts).sort(
    (a, b) =>
      Number(a.state === "acknowledged") - Number(b.state === "acknowledged") ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.id - a.id,
  );
}
