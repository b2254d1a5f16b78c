// What a meter was told last, and what it answered.

import { IconAlertTriangle, IconBan, IconCheck, IconClock, type TablerIcon } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { askMeter } from "../../api/meters";
import { ago, fullTime } from "../../format/age";
import { useHubNow } from "../hooks";
import type { Meter, MeterCommand } from "../protocol";

import classes from "./Meters.module.css";

const STATES: Record<MeterCommand["state"], { word: string; icon: TablerIcon }> = {
  acknowledged: { word: "acknowledged", icon: IconCheck },
  waiting: { word: "waiting for the answer", icon: IconClock },
  unanswered: { word: "no answer", icon: IconAlertTriangle },
  refused: { word: "refused", icon: IconBan },
};

export function MeterCommands({ meter }: { meter: Meter }) {
  const now = useHubNow();
  const hasFailed = meter.commands.some(({ state }) => state === "refused" || state === "unanswered");
  return (
    <div className={classes.commands}>
      {!meter.is_enabled && <p className={classes.held}>Disabled: it is told nothing.</p>}
      {meter.unheard && <p className={classes.held}>{meter.unheard}</p>}
      {meter.commands.length > 0 && (
        <ul aria-label={`What ${meter.label} was told`}>
          {meter.commands.map((command) => (
            <Told key={command.command} command={command} nowMs={now} />
          ))}
        </ul>
      )}
      {hasFailed && <Retry meter={meter} />}
    </div>
  );
}

function Told({ command, nowMs }: { command: MeterCommand; nowMs: number }) {
  const { word, icon: Icon } = STATES[command.state];
  return (
    <li className={classes.told} data-state={command.state}>
      <Icon size={14} aria-hidden />
      <span>
        {command.words}
        {command.value && ` ${command.command === "relay" ? "" : "to "}${command.value}`}: {command.reason || word}{" "}
        <time className={classes.of} dateTime={command.sent_at} title={fullTime(command.sent_at)}>
          {ago(command.sent_at, nowMs)}
        </time>
      </span>
    </li>
  );
}

function Retry({ meter }: { meter: Meter }) {
  const { mutate, isPending, error } = useMutation({ mutationFn: () => askMeter(meter.name, "retry") });
  return (
    <>
      <button type="button" className={classes.button} disabled={isPending || meter.asked.includes("retry")} onClick={() => mutate()}>
        Try again what failed
      </button>
      {error && (
        <span role="alert" className={classes.fault}>
          {error.message}
        </span>
      )}
    </>
  );
}
