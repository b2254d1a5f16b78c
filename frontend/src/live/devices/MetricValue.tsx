// The chosen reading, large.

import { formatValue, metricName } from "../../format/number";
import type { DeviceReading } from "../protocol";

import classes from "./DeviceCard.module.css";

export function MetricValue({ reading }: { reading: DeviceReading }) {
  return (
    <p className={classes.main}>
      <span className={classes.value}>{formatValue(reading.value, reading.decimals)}</span>
      <span className={classes.unit}>{reading.unit}</span>
      <span className={classes.metric}>{metricName(reading.metric)}</span>
    </p>
  );
}
