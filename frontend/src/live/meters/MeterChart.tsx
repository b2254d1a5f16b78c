// The chosen reading of a meter, large and as a chart; first its power.

import { NativeSelect } from "@mantine/core";
import { useState } from "react";

import { formatValue, metricName } from "../../format/number";
import { Chart } from "../devices/Chart";
import { mostTellingFirst } from "../devices/main-metric";
import type { DeviceReading } from "../protocol";

import classes from "./Meters.module.css";

interface MeterChartProps {
  meter: string;
  readings: readonly DeviceReading[];
  windowS: number;
}

export function MeterChart({ meter, readings, windowS }: MeterChartProps) {
  const [chosen, choose] = useState<string>();
  const all = mostTellingFirst(readings);
  const reading = all.find((one) => one.metric === chosen) ?? all[0];
  if (!reading) return <p className={classes.none}>No readings yet.</p>;
  return (
    <>
      <div className={classes.main}>
        <span className={classes.value}>{formatValue(reading.value, reading.decimals)}</span>
        <span className={classes.unit}>{reading.unit}</span>
        <NativeSelect
          size="xs"
          className={classes.metric}
          aria-label={`Reading of ${meter} to show`}
          data={all.map((one) => ({ value: one.metric, label: metricName(one.metric) }))}
          value={reading.metric}
          onChange={(event) => choose(event.currentTarget.value)}
        />
      </div>
      <Chart device={meter} metric={reading.metric} unit={reading.unit} windowS={windowS} />
    </>
  );
}
