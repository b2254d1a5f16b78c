// One print job on the paper: its text, when, from which rule, what became of it, and a way to have it printed again.

import { IconPrinter } from "@tabler/icons-react";
import { memo } from "react";

import { clockTime } from "../../format/age";
import { hexDump } from "../../format/payload";
import type { Delivery, Link } from "../protocol";

import { JobMark } from "./JobMark";
import { isUnmade, wayToPrintAgain } from "./job-state";
import { useLeftAlone } from "./left-alone";
import classes from "./Paper.module.css";

/** So many characters fit on the strip at their usual size; a receipt has 42 or 48. */
const NARROW = 32;

interface SlipProps {
  slip: Delivery;
  link: Link | undefined;
  isNewest: boolean;
  onAgain: (slip: Delivery) => void;
}

export const Slip = memo(function Slip({ slip, link, isNewest, onAgain }: SlipProps) {
  const isDone = slip.state === "delivered";
  return (
    <li className={classes.slip} data-state={slip.state}>
      <SlipText slip={slip} />
      <div className={classes.foot}>
        <span title={slip.rule}>
          {clockTime(slip.at)} {slip.rule || "by hand"}
        </span>
        <JobMark job={slip} link={link} />
        {isDone && (
          <button
            type="button"
            tabIndex={isNewest ? 0 : -1}
            className={classes.reprint}
            aria-label={`Print the slip of ${clockTime(slip.at)} again`}
            title="Print again"
            onClick={() => onAgain(slip)}
          >
            <IconPrinter size={14} aria-hidden />
          </button>
        )}
      </div>
      {!isDone && slip.reason && <p className={classes.reason}>{slip.reason}</p>}
      {isUnmade(slip) && <p className={classes.reason}>Mend the ticket or the rule, then let the message come again.</p>}
      {!isDone && wayToPrintAgain(slip) && <Question slip={slip} onAgain={onAgain} />}
    </li>
  );
});

export function SlipText({ slip }: { slip: Delivery }) {
  const text = slip.is_binary ? hexDump(slip.text) : slip.text.replace(/\n+$/, "");
  const isWide = !slip.is_binary && text.split("\n").some((line) => line.length > NARROW);
  return (
    <pre className={classes.text} data-wide={isWide || undefined}>
      {text}
    </pre>
  );
}

/** A job that ended badly waits for a person: the hub prints nothing twice by itself. */
function Question({ slip, onAgain }: { slip: Delivery; onAgain: (slip: Delivery) => void }) {
  const [left, leave] = useLeftAlone();
  if (left.includes(slip.id)) return null;
  return (
    <div className={classes.question}>
      <button type="button" className={classes.answer} onClick={() => onAgain(slip)}>
        Print again
      </button>
      <button type="button" className={classes.answer} title="Nothing is printed; history keeps the job as it is" onClick={() => leave(slip.id)}>
        Leave
      </button>
    </div>
  );
}
