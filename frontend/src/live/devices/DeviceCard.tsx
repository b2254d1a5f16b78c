// One device: its latest readings, a moving chart of the chosen one, and a box for commands if it has a wire.

import { memo, useState } from "react";

import { devicePage, page } from "../../page";
import type { Device } from "../device-state";

import { Adopt } from "./Adopt";
import { Chart } from "./Chart";
import { CommandBox } from "./CommandBox";
import classes from "./DeviceCard.module.css";
import { FreshnessMark } from "./FreshnessMark";
import { MetricList } from "./MetricList";
import { mostTellingFirst } from "./main-metric";
import { MetricValue } from "./MetricValue";
import { useFreshness } from "./use-freshness";

export const DeviceCard = memo(function DeviceCard({ device, windowS }: { device: Device; windowS: number }) {
  const [chosen, choose] = useState<string | null>(null);
  const freshness = useFreshness(device);
  const readings = mostTellingFirst(device.readings);
  const reading = readings.find((one) => one.metric === chosen) ?? readings[0];
  const label = device.label || device.name;
  return (
    <li className={classes.card} data-freshness={freshness}>
      <div className={classes.head}>
        <h3 className={classes.label} title={device.name}>
          {device.is_known && page.mayOpenDevices ? (
            <a className={classes.page} href={devicePage(device.name)}>
              {label}
            </a>
          ) : (
            label
          )}
        </h3>
        <FreshnessMark device={device} freshness={freshness} />
      </div>
      {reading ? (
        <>
          <MetricValue reading={reading} />
          <Chart device={device.name} metric={reading.metric} unit={reading.unit} windowS={windowS} />
          {readings.length > 1 && <MetricList readings={readings} chosen={reading.metric} onChoose={choose} />}
        </>
      ) : (
        <p className={classes.none}>No readings yet.</p>
      )}
      <Adopt device={device.name} isKnown={device.is_known} />
      {device.driver && <CommandBox device={device.name} label={label} commands={device.commands} />}
    </li>
  );
});
