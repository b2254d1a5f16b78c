// A small chart of the last minutes of one metric, moving with the hub's clock.

import { useComputedColorScheme } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import { useEffect, useRef } from "react";

import { metricName } from "../../format/number";
import { useLiveStore } from "../hooks";
import { columns } from "../series";

import classes from "./Chart.module.css";
import { drawChart } from "./draw-chart";
import { useSeries } from "./use-series";

interface ChartProps {
  device: string;
  metric: string;
  unit: string;
  windowS: number;
}

const TICK_MS = 500;
const CALM_TICK_MS = 3_000;

export function Chart({ device, metric, unit, windowS }: ChartProps) {
  const store = useLiveStore();
  const scheme = useComputedColorScheme("light");
  const tickMs = useReducedMotion() ? CALM_TICK_MS : TICK_MS;
  const box = useRef<HTMLDivElement>(null);
  const { series, isFailed } = useSeries(device, metric, windowS);

  useEffect(() => {
    if (!box.current) return;
    const chart = drawChart(box.current, unit, scheme);
    const move = () => {
      if (document.hidden) return;
      const now = (Date.now() + store.clockOffsetMs) / 1000;
      chart.show(columns(series.since(now - windowS)), now - windowS, now);
    };
    move();
    const timer = setInterval(move, tickMs);
    return () => {
      clearInterval(timer);
      chart.destroy();
    };
  }, [store, series, unit, windowS, tickMs, scheme]);

  const minutes = windowS / 60;
  return (
    <div className={classes.box}>
      <div ref={box} className={classes.plot} role="img" aria-label={`${metricName(metric)} over the last ${minutes} minutes`} />
      {isFailed && <p className={classes.failed}>Its history could not be read; new readings still show.</p>}
    </div>
  );
}
