// What a printer was given, as it lies in the tray: newest at the bottom, with the state of each job.

import { useMemo, useState } from "react";

import { useLive } from "../hooks";
import type { Delivery } from "../protocol";
import { Section } from "../Section";
import { writesTo } from "../store";

import { printerState } from "./job-state";
import classes from "./Paper.module.css";
import { PrintAgain } from "./PrintAgain";
import { PrintBox } from "./PrintBox";
import { Slip } from "./Slip";
import { useSlipKeys } from "./use-slip-keys";
import { useStickToBottom } from "./use-stick-to-bottom";

const SHOWN = 40;

export function Paper({ name, label }: { name: string; label: string }) {
  const writes = useLive((state) => state.writes);
  const link = useLive((state) => state.links[`device:${name}`]);
  const [again, setAgain] = useState<Delivery | null>(null);
  const slips = useMemo(() => writesTo(writes, `device:${name}`, SHOWN), [writes, name]);
  const scroller = useStickToBottom<HTMLOListElement>(slips);
  const { words, isHeld } = printerState(slips, link);
  const onKeyDown = useSlipKeys();
  const note = (
    <span role="status" className={classes.standing} data-held={isHeld || undefined}>
      {words}
    </span>
  );
  return (
    <Section title={label} note={note}>
      <div className={classes.printer}>
        <div className={classes.strip}>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- scrolls, and arrow keys move between its buttons */}
          <ol className={classes.paper} ref={scroller} tabIndex={0} onKeyDown={onKeyDown} aria-label={`Paper of ${label}`}>
            {slips.length === 0 && <li className={classes.blank}>Nothing printed yet</li>}
            {slips.map((slip, index) => (
              <Slip key={slip.id} slip={slip} link={link} isNewest={index === slips.length - 1} onAgain={setAgain} />
            ))}
          </ol>
        </div>
        <PrintBox device={name} label={label} />
      </div>
      <PrintAgain slip={again} link={link} label={label} onClose={() => setAgain(null)} />
    </Section>
  );
}
