// The power meters: how each stands and what it measures, and the energy of a month as a file.

import { Button, NativeSelect } from "@mantine/core";
import { IconAdjustments, IconDownload } from "@tabler/icons-react";
import { useState } from "react";

import { reportUrl } from "../../api/meters";
import { page } from "../../page";
import { useChartWindow } from "../devices/use-chart-window";
import { useHubNow, useLive } from "../hooks";
import { inOrder, presence, recentMonths } from "../meter-state";
import { Section } from "../Section";

import { MeterCard } from "./MeterCard";
import classes from "./Meters.module.css";

/** Each card holds a chart: a hub with hundreds of meters shows the rest on request. */
const SHOWN_FIRST = 12;

export function Meters() {
  const meters = useLive((state) => state.meters);
  const months = recentMonths(useHubNow());
  const [windowS] = useChartWindow();
  const [chosen, choose] = useState<string>();
  const [isAll, showAll] = useState(false);
  const all = inOrder(meters);
  if (all.length === 0) return null;
  const shown = isAll ? all : all.slice(0, SHOWN_FIRST);
  const month = chosen ?? months[0]?.value ?? "";
  return (
    <Section title="Meters" note={<Summary />} tools={<Report months={months} month={month} onChoose={choose} />}>
      <ul className={classes.grid}>
        {shown.map((meter) => (
          <MeterCard key={meter.name} meter={meter} windowS={Number(windowS)} month={month} />
        ))}
      </ul>
      {shown.length < all.length && (
        <Button variant="default" size="xs" onClick={() => showAll(true)}>
          Show {all.length - shown.length} more meters
        </Button>
      )}
    </Section>
  );
}

function Summary() {
  const meters = useLive((state) => state.meters);
  const devices = useLive((state) => state.devices);
  const links = useLive((state) => state.links);
  const now = useHubNow();
  const all = Object.values(meters);
  const online = all.filter((meter) => presence(meter, devices[meter.name], links[meter.link], now) === "online");
  return <span role="status">{`${online.length} of ${all.length} online`}</span>;
}

interface ReportProps {
  months: { value: string; label: string }[];
  month: string;
  onChoose: (month: string) => void;
}

function Report({ months, month, onChoose }: ReportProps) {
  return (
    <>
      <NativeSelect size="xs" aria-label="Month of the energy report" data={months} value={month} onChange={(event) => onChoose(event.currentTarget.value)} />
      <a className={classes.link} href={reportUrl(month)} download title="First and last counter of every meter, and their difference">
        <IconDownload size={15} aria-hidden /> Energy report (CSV)
      </a>
      <a className={classes.link} href={`${page.adminUrl}bridges/meterdefaults/`} title="Intervals and clocks of all meters of a broker">
        <IconAdjustments size={15} aria-hidden /> Settings for all
      </a>
    </>
  );
}
