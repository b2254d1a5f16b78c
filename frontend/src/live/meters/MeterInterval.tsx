// How often a meter reports, and another interval for it. Choosing sends nothing: a button does, because writing an
// interval disturbs what the meter measures at that moment, and arrow keys run through all choices.

import { NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { wantOfMeter } from "../../api/meters";
import { page } from "../../page";
import { intervalWords } from "../meter-state";
import type { Meter } from "../protocol";

import classes from "./Meters.module.css";

const UNITS = { seconds: "s", minutes: "min" };
const AS_FOR_ALL = "";

export function MeterInterval({ meter, which }: { meter: Meter; which: "seconds" | "minutes" }) {
  const interval = meter[which];
  const isOpen = interval.wanted !== null && interval.wanted !== interval.reported;
  return (
    <>
      <span className={classes.said} data-open={isOpen || undefined}>
        {intervalWords(interval, UNITS[which])}
      </span>
      {!isOpen && interval.wanted !== null && !interval.is_read && <span className={classes.of}>acknowledged, not read back</span>}
      {page.mayChangeMeters && <Chooser key={interval.own} meter={meter} which={which} />}
    </>
  );
}

function Chooser({ meter, which }: { meter: Meter; which: "seconds" | "minutes" }) {
  const { own, wanted, choices } = meter[which];
  const unit = UNITS[which];
  const now = own === null ? AS_FOR_ALL : String(own);
  const [chosen, choose] = useState(now);
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: (value: number | null) => wantOfMeter(meter.name, { [`desired_${which}_interval`]: value }),
  });
  const common = own === null ? (wanted === null ? " (any)" : ` (${wanted} ${unit})`) : "";
  const options = [{ value: AS_FOR_ALL, label: `as for all${common}` }, ...choices.map((one) => ({ value: String(one), label: `${one} ${unit}` }))];
  const submit = (event: React.SubmitEvent) => {
    event.preventDefault();
    mutate(chosen === AS_FOR_ALL ? null : Number(chosen));
  };
  return (
    <form className={classes.chooser} onSubmit={submit}>
      <NativeSelect
        size="xs"
        title="What is wanted; 'any' leaves the meter alone"
        aria-label={`${which === "seconds" ? "Values" : "Counters"} of ${meter.label} wanted every`}
        data={options}
        value={chosen}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {chosen !== now && (
        <button type="submit" className={classes.button} disabled={isPending || isSuccess} title="Writing an interval disturbs what the meter measures at that moment">
          {isPending || isSuccess ? "Asked" : "Set"}
        </button>
      )}
      {error && (
        <span role="alert" className={classes.fault}>
          {error.message}
        </span>
      )}
    </form>
  );
}
