// What stands on the page until the first snapshot has come.

import { Loader } from "@mantine/core";

import { useSocketState } from "./hooks";
import classes from "./FirstSteps.module.css";

export function Loading() {
  const isWaiting = useSocketState().phase === "reconnecting";
  return (
    <div className={classes.loading}>
      <Loader size="sm" />
      <p>{isWaiting ? "The hub does not answer. This page tries again by itself." : "Waiting for the hub …"}</p>
    </div>
  );
}
