// The cards of all devices but printers and meters, and the window of time that the charts show.

import { Button, SegmentedControl } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";

import { page } from "../../page";
import { DEVICE_LIMIT, inOrder } from "../device-state";
import { useLive } from "../hooks";
import { Section } from "../Section";

import { DeviceCard } from "./DeviceCard";
import classes from "./DeviceGrid.module.css";
import { useHeldOrder } from "./held-order";
import { useChartWindow } from "./use-chart-window";

const WINDOWS = [
  { value: "300", label: "5 min" },
  { value: "900", label: "15 min" },
  { value: "3600", label: "1 h" },
];

/** Each card holds a chart: a hub with hundreds of devices shows the rest on request. */
const SHOWN_FIRST = 24;

export function DeviceGrid() {
  const devices = useLive((state) => state.devices);
  const meters = useLive((state) => state.meters);
  const [seconds, setSeconds] = useChartWindow();
  const [isAll, showAll] = useState(false);
  const wanted = inOrder(devices).filter((device) => device.driver !== "escpos" && !(device.name in meters && !device.driver));
  const { things: cards, pointing } = useHeldOrder(wanted);
  if (cards.length === 0) return null;
  const shown = isAll ? cards : cards.slice(0, SHOWN_FIRST);
  const note = cards.length >= DEVICE_LIMIT ? `the first ${DEVICE_LIMIT}` : String(cards.length);
  return (
    <Section
      title="Devices"
      note={note}
      tools={
        <>
          <a className={classes.add} href={`${page.adminUrl}devices/device/add/`}>
            <IconPlus size={15} aria-hidden /> Add a device
          </a>
          <SegmentedControl size="xs" data={WINDOWS} value={seconds} onChange={setSeconds} aria-label="Time shown in the charts" />
        </>
      }
    >
      <ul className={classes.grid} {...pointing}>
        {shown.map((device) => (
          <DeviceCard key={device.name} device={device} windowS={Number(seconds)} />
        ))}
      </ul>
      {shown.length < cards.length && (
        <Button variant="default" size="xs" onClick={() => showAll(true)}>
          Show {cards.length - shown.length} more devices
        </Button>
      )}
    </Section>
  );
}
