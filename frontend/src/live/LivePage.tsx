// The live page: alerts that stand, links, devices, meters, printer paper and the tail; or the first steps on an empty hub.

import { AlertStrip } from "./alerts/AlertStrip";
import { useLive, useSocketState } from "./hooks";
import { DemoNote } from "./DemoNote";
import { DeviceGrid } from "./devices/DeviceGrid";
import { FirstSteps } from "./FirstSteps";
import { LinkStrip } from "./links/LinkStrip";
import classes from "./LivePage.module.css";
import { Loading } from "./Loading";
import { Meters } from "./meters/Meters";
import { Papers } from "./paper/Papers";
import { LiveTail } from "./tail/LiveTail";

export function LivePage() {
  const hasSnapshot = useLive((state) => state.hasSnapshot);
  const isEmpty = useLive((state) => Object.keys(state.links).length + Object.keys(state.devices).length === 0);
  const hasPrinter = useLive((state) => Object.values(state.devices).some((device) => device.driver === "escpos"));
  const isLive = useSocketState().phase === "live";
  if (!hasSnapshot) return <Loading />;
  return (
    <div className={classes.page} data-stale={!isLive || undefined}>
      <h1 className={classes.title}>Live</h1>
      <DemoNote />
      <AlertStrip />
      {isEmpty ? <FirstSteps /> : <LinkStrip />}
      <div className={classes.columns} data-with-paper={hasPrinter || undefined}>
        <div className={classes.stack}>
          {!isEmpty && <DeviceGrid />}
          <Meters />
        </div>
        {hasPrinter && <Papers />}
        <LiveTail />
      </div>
    </div>
  );
}
