// The readings taken out of one message.

import { formatValue, metricName } from "../../format/number";
import type { Reading } from "../protocol";

import classes from "./MessageDetail.module.css";

export function ReadingTable({ readings }: { readings: Reading[] }) {
  if (readings.length === 0) return null;
  return (
    <section aria-labelledby="readings">
      <div className={classes.head}>
        <h3 id="readings">Readings</h3>
      </div>
      <table className={classes.readings}>
        <tbody>
          {readings.map((reading) => (
            <tr key={reading.metric}>
              <th scope="row">{metricName(reading.metric)}</th>
              <td>{formatValue(reading.value)}</td>
              <td>{reading.unit}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
