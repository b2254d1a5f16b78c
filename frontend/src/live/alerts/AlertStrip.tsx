// The alerts that stand, each with its sentence and a way to say that somebody looks after it.

import { alertsInOrder } from "../alert-state";
import { useHubNow, useLive } from "../hooks";
import { Section } from "../Section";

import { AlertRow } from "./AlertRow";
import classes from "./AlertStrip.module.css";

/** More would push the page away; the admin lists them all. */
const SHOWN = 6;

export function AlertStrip() {
  const alerts = useLive((state) => state.alerts);
  const now = useHubNow();
  const all = alertsInOrder(alerts);
  if (all.length === 0) return null;
  const open = all.filter((alert) => alert.state === "open").length;
  return (
    <Section title="Alerts" note={<span role="status">{open ? `${open} open` : "all acknowledged"}</span>}>
      <ul className={classes.list}>
        {all.slice(0, SHOWN).map((alert) => (
          <AlertRow key={alert.id} alert={alert} nowMs={now} />
        ))}
      </ul>
      {all.length > SHOWN && <p className={classes.more}>and {all.length - SHOWN} more</p>}
    </Section>
  );
}
