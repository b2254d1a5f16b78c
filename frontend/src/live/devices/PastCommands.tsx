// Buttons for what was sent to this device before, and what became of the last write.

import { useMemo } from "react";

import { oneLine } from "../../format/payload";
import { useLive } from "../hooks";
import { writesTo } from "../store";

import classes from "./CommandBox.module.css";
import { LastWrite, type Asked } from "./LastWrite";
import { offeredCommands } from "./past-commands";

const LOOKED_AT = 30;

interface PastCommandsProps {
  device: string;
  own: readonly string[];
  asked: Asked | undefined;
  onSend: (command: string) => void;
}

export function PastCommands({ device, own, asked, onSend }: PastCommandsProps) {
  const writes = useLive((state) => state.writes);
  const past = useMemo(() => writesTo(writes, `device:${device}`, LOOKED_AT), [writes, device]);
  return (
    <div className={classes.foot}>
      {offeredCommands(own, past).map((command) => (
        <button key={command} type="button" className={classes.past} onClick={() => onSend(command)} aria-label={`Send ${command}`}>
          {oneLine(command)}
        </button>
      ))}
      <LastWrite {...{ device, asked }} write={past.at(-1)} />
    </div>
  );
}
