// One power meter: its power and a chart, its phases, its counters, how it is set and what it was told.

import { IconArrowRight, IconDownload } from "@tabler/icons-react";
import { memo } from "react";

import { reportUrl } from "../../api/meters";
import { page } from "../../page";
import { useHubNow, useLive } from "../hooks";
import { presence } from "../meter-state";
import type { Meter } from "../protocol";

import { EnergyCounters } from "./EnergyCounters";
import { MeterChart } from "./MeterChart";
import { MeterCommands } from "./MeterCommands";
import { MeterSettings } from "./MeterSettings";
import classes from "./Meters.module.css";
import { PhaseTable } from "./PhaseTable";
import { PresenceMark } from "./PresenceMark";

interface MeterCardProps {
  meter: Meter;
  windowS: number;
  month: string;
}

export const MeterCard = memo(function MeterCard({ meter, windowS, month }: MeterCardProps) {
  const device = useLive((state) => state.devices[meter.name]);
  const link = useLive((state) => state.links[meter.link]);
  const state = presence(meter, device, link, useHubNow());
  const readings = device?.readings ?? [];
  const under = [meter.label === meter.name ? "" : meter.name, meter.context].filter(Boolean).join(" · ");
  return (
    <li className={classes.card} data-presence={state}>
      <div className={classes.head}>
        <h3 className={classes.label}>{meter.label}</h3>
        {under && <span className={classes.under}>{under}</span>}
        <PresenceMark presence={state} lastAt={device?.last_at ?? null} link={link} />
      </div>
      <div className={classes.body}>
        <div>
          <MeterChart meter={meter.name} readings={readings} windowS={windowS} />
        </div>
        <div className={classes.tables}>
          <PhaseTable readings={readings} />
          <EnergyCounters readings={readings} />
        </div>
        <div className={classes.standing}>
          <MeterSettings meter={meter} />
          <MeterCommands meter={meter} />
        </div>
      </div>
      <div className={classes.foot}>
        <a className={classes.link} href={`${page.adminUrl}bridges/meter/?q=${encodeURIComponent(meter.name)}`}>
          {meter.label} in the configuration <IconArrowRight size={14} aria-hidden />
        </a>
        <a className={classes.link} href={reportUrl(month, meter.name)} download>
          <IconDownload size={14} aria-hidden /> Its energy, {month} (CSV)
        </a>
      </div>
    </li>
  );
});
