// What a printer was given, as it lies in the tray: newest at the bottom, with the state of each delivery.

import { useMemo } from "react";

import { useLive } from "../hooks";
import { Section } from "../Section";
import { writesTo } from "../store";

import { Slip } from "./Slip";
import classes from "./Paper.module.css";
import { PrintBox } from "./PrintBox";
import { useStickToBottom } from "./use-stick-to-bottom";

const SHOWN = 40;

export function Paper({ name, label }: { name: string; label: string }) {
  const writes = useLive((state) => state.writes);
  const slips = useMemo(() => writesTo(writes, `device:${name}`, SHOWN), [writes, name]);
  const scroller = useStickToBottom<HTMLOListElement>(slips);
  return (
    <Section title={label} note="printed">
      <div className={classes.printer}>
        <div className={classes.strip}>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region is reached by keyboard */}
          <ol className={classes.paper} ref={scroller} tabIndex={0} aria-label={`Paper of ${label}`}>
            {slips.length === 0 && <li className={classes.blank}>Nothing printed yet</li>}
            {slips.map((slip) => (
              <Slip key={slip.id} slip={slip} />
            ))}
          </ol>
        </div>
        <PrintBox device={name} label={label} />
      </div>
    </Section>
  );
}
