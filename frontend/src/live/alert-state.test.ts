import { expect, test } from "vitest";

import { alert, events, snapshot } from "../testing/events";

import { alertsInOrder, alertsOf, applyAlert } from "./alert-state";
import { applyFrames, emptyState } from "./store";

test("an alert that is over is gone, and one that changes is renewed", () => {
  const open = alert({ id: 1 });
  const alerts = applyAlert(alertsOf([open, alert({ id: 2 })]), { ...open, state: "acknowledged" });
  expect(alerts[1]?.state).toBe("acknowledged");
  expect(Object.keys(applyAlert(alerts, { ...open, state: "cleared" }))).toEqual(["2"]);
});

test("what nobody looks after comes first, then the worst, then the newest", () => {
  const list = [
    alert({ id: 1, severity: "critical", state: "acknowledged" }),
    alert({ id: 2, severity: "warning" }),
    alert({ id: 3, severity: "warning" }),
    alert({ id: 4, severity: "critical" }),
    alert({ id: 5, severity: "info" }),
  ];
  expect(alertsInOrder(alertsOf(list)).map((one) => one.id)).toEqual([4, 3, 2, 5, 1]);
});

test("a hub that knows no alerts sends a snapshot without them", () => {
  expect(alertsOf(undefined)).toEqual({});
});

test("a snapshot sets the alerts, events change them", () => {
  const [old, later] = [alert({ id: 1 }), alert({ id: 2 })];
  const state = applyFrames(emptyState, [snapshot({ alerts: [old] }), events(later), snapshot({ alerts: [later] })]);
  expect(Object.keys(state.alerts)).toEqual(["2"]);
  expect(applyFrames(state, [events({ ...later, state: "cleared" })]).alerts).toEqual({});
});
