// What stands on the page until the first snapshot has come.

import { Loader } from "@mantine/core";

import { useSocketState } from "./hooks";
import classes from "./FirstSteps.module.css";
import type { SocketState } from "./socket";

const WORDS: Record<SocketState["phase"], string> = {
  connecting: "Waiting for the hub …",
  live: "Waiting for the hub …",
  reconnecting: "The hub does not answer. This page tries again by itself.",
  "signed-out": "Your session has ended. Sign in again to go on.",
  "not-allowed": "Your account may not see live data. An administrator can allow it.",
};

export function Loading() {
  const { phase } = useSocketState();
  return (
    <div className={classes.loading}>
      {phase === "connecting" && <Loader size="sm" />}
      <p>{WORDS[phase]}</p>
    </div>
  );
}
