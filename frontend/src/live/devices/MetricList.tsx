// All readings of a device; pressing one puts it into the chart.

import { useState } from "react";

import { formatValue, metricName } from "../../format/number";
import type { DeviceReading } from "../protocol";

import classes from "./DeviceCard.module.css";

const SHOWN_FIRST = 4;

interface MetricListProps {
  readings: DeviceReading[];
  chosen: string;
  onChoose: (metric: string) => void;
}

export function MetricList({ readings, chosen, onChoose }: MetricListProps) {
  const [isAll, showAll] = useState(false);
  const shown = isAll ? readings : readings.slice(0, SHOWN_FIRST);
  const hidden = readings.length - shown.length;
  return (
    <div className={classes.metrics} role="group" aria-label="Readings; press one to see its chart">
      {shown.map((reading) => (
        <Choice key={reading.metric} reading={reading} isChosen={reading.metric === chosen} onChoose={onChoose} />
      ))}
      {(hidden > 0 || isAll) && readings.length > SHOWN_FIRST && (
        <button type="button" className={`${classes.choice} ${classes.more}`} aria-expanded={isAll} onClick={() => showAll(!isAll)}>
          {isAll ? "fewer" : `${hidden} more`}
        </button>
      )}
    </div>
  );
}

interface ChoiceProps {
  reading: DeviceReading;
  isChosen: boolean;
  onChoose: (metric: string) => void;
}

function Choice({ reading, isChosen, onChoose }: ChoiceProps) {
  return (
    <button type="button" className={classes.choice} aria-pressed={isChosen} onClick={() => onChoose(reading.metric)} title={reading.metric}>
      <span>{metricName(reading.metric)}</span>
      <span className={classes.number}>
        {formatValue(reading.value, reading.decimals)} {reading.unit}
      </span>
    </button>
  );
}
