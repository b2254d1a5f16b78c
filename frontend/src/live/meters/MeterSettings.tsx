// How a meter is set: its clock and its intervals, as it reports them and as they are wanted, and its relay.

import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { askMeter } from "../../api/meters";
import { ago } from "../../format/age";
import { useHubNow } from "../hooks";
import { clockWords } from "../meter-state";
import type { Meter } from "../protocol";

import { MeterInterval } from "./MeterInterval";
import classes from "./Meters.module.css";

export function MeterSettings({ meter }: { meter: Meter }) {
  return (
    <dl className={classes.settings}>
      <Row words="Clock">
        <Clock meter={meter} />
      </Row>
      <Row words="Values every">
        <MeterInterval meter={meter} which="seconds" />
      </Row>
      <Row words="Counters every">
        <MeterInterval meter={meter} which="minutes" />
      </Row>
      {meter.relay && <Row words="Relay">{meter.relay}</Row>}
    </dl>
  );
}

function Row({ words, children }: { words: string; children: ReactNode }) {
  return (
    <div className={classes.setting}>
      <dt>{words}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Clock({ meter }: { meter: Meter }) {
  const now = useHubNow();
  const { mutate, isPending, error } = useMutation({ mutationFn: () => askMeter(meter.name, "set_clock") });
  const { drift_s, is_wrong, is_kept, set_at } = meter.clock;
  const isAsked = isPending || meter.asked.includes("set_clock");
  const about = [set_at && `set ${ago(set_at, now)}`, is_kept && "kept right by the hub"].filter(Boolean).join(", ");
  return (
    <>
      <span className={classes.said} data-wrong={is_wrong || undefined}>
        {clockWords(drift_s)}
      </span>
      {about && <span className={classes.of}>{about}</span>}
      <button type="button" className={classes.button} disabled={isAsked} onClick={() => mutate()}>
        {isAsked ? "Setting the clock" : "Set the clock now"}
      </button>
      {error && (
        <span role="alert" className={classes.fault}>
          {error.message}
        </span>
      )}
    </>
  );
}
