// One strip of paper for each receipt printer.

import { useMemo } from "react";

import { inOrder } from "../device-state";
import { useLive } from "../hooks";

import { Paper } from "./Paper";
import classes from "./Paper.module.css";

export function Papers() {
  const devices = useLive((state) => state.devices);
  const printers = useMemo(() => inOrder(devices).filter((device) => device.driver === "escpos"), [devices]);
  return (
    <div className={classes.papers}>
      {printers.map((printer) => (
        <Paper key={printer.name} name={printer.name} label={printer.label || printer.name} />
      ))}
    </div>
  );
}
