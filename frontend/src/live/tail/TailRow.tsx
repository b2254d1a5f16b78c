// One message in the tail.

import { IconAlertOctagon, IconCopy, IconCut } from "@tabler/icons-react";
import { memo } from "react";

import { clockTimeMs, fullTime } from "../../format/age";
import { oneLine } from "../../format/payload";
import type { Message } from "../protocol";

import classes from "./Tail.module.css";

interface TailRowProps {
  message: Message;
  index: number;
  top: number;
  isActive: boolean;
  onOpen: (message: Message) => void;
  onFocusRow: (id: string) => void;
}

const SHOWN_CHARACTERS = 300;

export const TailRow = memo(function TailRow({ message, index, top, isActive, onOpen, onFocusRow }: TailRowProps) {
  const kind = kindOf(message);
  return (
    <div className={classes.row} role="row" aria-rowindex={index + 2} data-kind={kind} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" className={classes.time}>
        <button
          type="button"
          className={classes.open}
          tabIndex={isActive ? 0 : -1}
          data-row={message.id}
          title={fullTime(message.at)}
          aria-label={`Open the message of ${clockTimeMs(message.at)}`}
          onClick={() => onOpen(message)}
          onFocus={() => onFocusRow(message.id)}
        >
          {clockTimeMs(message.at)}
        </button>
      </span>
      <span role="cell" className={classes.source}>
        {message.source}
      </span>
      <span role="cell" className={classes.topic}>
        {message.topic || message.device}
      </span>
      <span role="cell" className={classes.text}>
        <KindMark kind={kind} />
        {kind === "dead" && <span className={classes.fault}>{message.fault}</span>}
        {oneLine(message.text.slice(0, SHOWN_CHARACTERS))}
      </span>
      <span role="cell" className={classes.count}>
        {message.readings.length || ""}
      </span>
    </div>
  );
});

type Kind = "dead" | "duplicate" | "gap" | "plain";

function kindOf(message: Message): Kind {
  if (message.fault) return "dead";
  if (message.duplicate_of) return "duplicate";
  return message.message_kind === "gap" ? "gap" : "plain";
}

function KindMark({ kind }: { kind: Kind }) {
  if (kind === "plain") return null;
  const { word, icon: Icon } = MARKS[kind];
  return (
    <span className={classes.mark}>
      <Icon size={13} aria-hidden /> {word}
    </span>
  );
}

const MARKS = {
  dead: { word: "dead letter", icon: IconAlertOctagon },
  duplicate: { word: "duplicate", icon: IconCopy },
  gap: { word: "gap", icon: IconCut },
};
