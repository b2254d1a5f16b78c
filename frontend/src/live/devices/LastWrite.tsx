// What became of the last write to a device.

import { oneLine } from "../../format/payload";
import { DeliveryMark } from "../DeliveryMark";
import type { Delivery } from "../protocol";

import classes from "./CommandBox.module.css";

export function LastWrite({ write }: { write: Delivery | undefined }) {
  if (!write) return null;
  const text = oneLine(write.text.trimEnd());
  return (
    <span className={classes.last} role="status">
      <code>{text.length > 14 ? `${text.slice(0, 13)}…` : text}</code> <DeliveryMark state={write.state} reason={write.reason} />
    </span>
  );
}
