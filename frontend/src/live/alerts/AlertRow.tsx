// One alert: how bad, what, since when, and who looks after it.

import { IconAlertTriangle, IconFlame, IconInfoCircle, type TablerIcon } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { acknowledge } from "../../api/commands";
import { ago, fullTime } from "../../format/age";
import type { Alert } from "../protocol";

import classes from "./AlertStrip.module.css";

const ICONS: Record<Alert["severity"], TablerIcon> = { critical: IconFlame, warning: IconAlertTriangle, info: IconInfoCircle };

export function AlertRow({ alert, nowMs }: { alert: Alert; nowMs: number }) {
  const { mutate, isPending, error } = useMutation({ mutationFn: acknowledge });
  const Icon = ICONS[alert.severity];
  return (
    <li className={classes.row} data-severity={alert.severity} data-state={alert.state}>
      <Icon size={16} aria-hidden />
      <span className={classes.severity}>{alert.severity}</span>
      <span className={classes.detail}>{alert.detail}</span>
      <time className={classes.since} dateTime={alert.opened_at} title={fullTime(alert.opened_at)}>
        {ago(alert.opened_at, nowMs)}
      </time>
      {alert.state === "open" ? (
        <button type="button" className={classes.button} disabled={isPending} onClick={() => mutate(alert.id)}>
          Acknowledge
        </button>
      ) : (
        <span className={classes.since}>{alert.acknowledged_by}</span>
      )}
      {error && (
        <span role="alert" className={classes.fault}>
          {error.message}
        </span>
      )}
    </li>
  );
}
