// One delivery on the paper: its text, when, from which rule, and what became of it.

import { memo } from "react";

import { clockTime } from "../../format/age";
import { hexDump } from "../../format/payload";
import { DeliveryMark } from "../DeliveryMark";
import type { Delivery } from "../protocol";
import { SendAgain } from "../SendAgain";

import classes from "./Paper.module.css";

export const Slip = memo(function Slip({ slip }: { slip: Delivery }) {
  const isDone = slip.state === "delivered";
  return (
    <li className={classes.slip} data-state={slip.state}>
      <pre className={classes.text}>{slip.is_binary ? hexDump(slip.text) : slip.text.replace(/\n+$/, "")}</pre>
      <div className={classes.foot}>
        <span>
          {clockTime(slip.at)} {slip.rule || "by hand"}
        </span>
        <DeliveryMark state={slip.state} />
      </div>
      {!isDone && slip.reason && <p className={classes.reason}>{slip.reason}</p>}
      <div className={classes.again}>
        <SendAgain delivery={slip} />
      </div>
    </li>
  );
});
