// What became of the last write to a device; while a command of one's own is on its way, what it waits for.

import { oneLine } from "../../format/payload";
import { DeliveryMark } from "../DeliveryMark";
import { useLive } from "../hooks";
import type { Delivery } from "../protocol";

import classes from "./CommandBox.module.css";

/** What was sent from this page: the delivery that carries it, and the command as it was given. */
export interface Asked {
  delivery: string;
  said: string;
}

interface LastWriteProps {
  device: string;
  asked: Asked | undefined;
  write: Delivery | undefined;
}

export function LastWrite({ device, asked, write }: LastWriteProps) {
  const told = useLive((state) => (asked ? state.writes.get(asked.delivery) : undefined));
  const isAway = useLive((state) => state.links[`device:${device}`]?.state !== "connected");
  if (asked && isOpen(told, asked, write)) {
    return (
      <span className={classes.last} role="status">
        <code>{short(asked.said)}</code>: {isAway ? "waits until the device is there" : "sent, waiting for the answer"}
      </span>
    );
  }
  if (!write) return null;
  return (
    <span className={classes.last} role="status">
      <code>{short(write.text)}</code> <DeliveryMark state={write.state} reason={write.reason} />
    </span>
  );
}

/** The hub tells of a delivery when it knows what became of it; ids are in the order of time. */
function isOpen(told: Delivery | undefined, asked: Asked, last: Delivery | undefined): boolean {
  if (!told) return !last || last.id < asked.delivery;
  return told.state === "waiting" || told.state === "sending";
}

function short(given: string): string {
  const text = oneLine(given.trimEnd());
  return text.length > 14 ? `${text.slice(0, 13)}…` : text;
}
