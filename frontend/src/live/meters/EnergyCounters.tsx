// The energy counters of a meter: what was taken and what was given back, and on request tariff by tariff.

import { formatValue } from "../../format/number";
import { counters, type Counter } from "../meter-state";
import type { DeviceReading } from "../protocol";

import classes from "./Meters.module.css";

export function EnergyCounters({ readings }: { readings: readonly DeviceReading[] }) {
  const { totals, tariffs } = counters(readings);
  if (totals.length === 0) return null;
  return (
    <>
      <CounterTable label="Energy" rows={totals} />
      {tariffs.length > 0 && (
        <details className={classes.tariffs}>
          <summary>{tariffs.length === 1 ? "1 tariff" : `${tariffs.length} tariffs`}</summary>
          <CounterTable label="Energy by tariff" rows={tariffs} />
        </details>
      )}
    </>
  );
}

function CounterTable({ label, rows }: { label: string; rows: readonly Counter[] }) {
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{label}</th>
          <th scope="col">Import</th>
          <th scope="col">Export</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.words}>
            <th scope="row">
              {row.words} <span className={classes.of}>{row.unit}</span>
            </th>
            <td>{row.taken === null ? "–" : formatValue(row.taken)}</td>
            <td>{row.given === null ? "–" : formatValue(row.given)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
