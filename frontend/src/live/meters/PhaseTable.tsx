// Voltage, current and power, phase by phase.

import { formatValue } from "../../format/number";
import { phaseRows } from "../meter-state";
import type { DeviceReading } from "../protocol";

import classes from "./Meters.module.css";

export function PhaseTable({ readings }: { readings: readonly DeviceReading[] }) {
  const rows = phaseRows(readings);
  if (rows.length === 0) return null;
  return (
    <table className={classes.table} aria-label="Phases">
      <thead>
        <tr>
          <td />
          <th scope="col">L1</th>
          <th scope="col">L2</th>
          <th scope="col">L3</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.words}>
            <th scope="row">
              {row.words} <span className={classes.of}>{row.unit}</span>
            </th>
            {row.values.map((value, phase) => (
              <td key={phase}>{value === null ? "–" : formatValue(value)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
