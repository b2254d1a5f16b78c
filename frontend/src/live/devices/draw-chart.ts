// Draws one small time chart with uPlot into an element, and keeps it as wide as that element.

import uPlot from "uplot";

import { formatValue } from "../../format/number";
import { lonePlaces } from "../series";

const HEIGHT = 96;
/** A line must be this part of the time shown to be seen. */
const SHORTEST = 0.015;
const TIME_STEPS_S = [60, 120, 300, 600, 900, 1_800, 3_600];
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const TIME_S = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export interface MovingChart {
  show: (data: [x: number[], y: (number | null)[]], from: number, to: number) => void;
  destroy: () => void;
}

export function drawChart(element: HTMLElement, unit: string, scheme: "light" | "dark"): MovingChart {
  const label = note(element, "chart-value");
  const nothing = note(element, "chart-empty");
  nothing.textContent = "no readings in this time";
  const plot = new uPlot(optionsFor(element, label, { unit, fill: scheme === "dark" ? "26" : "14" }), [[], []], element);
  plot.over.append(label, nothing);
  const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
  observer.observe(element);
  return {
    show: (data, from, to) => {
      nothing.hidden = data[0].some((seconds) => seconds >= from);
      plot.batch(() => {
        plot.setData(data, false);
        plot.setScale("x", { min: from, max: to });
      });
    },
    destroy: () => {
      observer.disconnect();
      plot.destroy();
    },
  };
}

function note(element: HTMLElement, className: string): HTMLElement {
  const note = element.ownerDocument.createElement("div");
  note.className = className;
  return note;
}

/** `fill` is the opacity of the area under the line, as two hexadecimal digits. */
function optionsFor(element: HTMLElement, label: HTMLElement, { unit, fill }: { unit: string; fill: string }): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim() || "#888888";
  const axis = { stroke: colour("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false }, gap: 4 };
  const grid = { stroke: colour("--line-soft"), width: 1 };
  return {
    width: Math.max(element.clientWidth, 100),
    height: HEIGHT,
    padding: [6, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: roomyRange } },
    hooks: { setCursor: [(plot) => showValue(plot, unit, label)] },
    axes: [
      { ...axis, grid: { show: false }, size: 18, space: 45, incrs: TIME_STEPS_S, values: (_, splits) => splits.map(timeLabel) },
      { ...axis, grid, size: 44, space: 26, values: (plot, splits) => splits.map((value) => (plot.data[0].length ? formatValue(value) : "")) },
    ],
    series: [{}, { stroke: colour("--accent"), width: 1.5, fill: `${colour("--accent")}${fill}`, points: { show: true, size: 5, fill: colour("--accent"), filter: loneIn } }],
  };
}

/** The line cannot show a reading with nothing before and after it. */
function loneIn(plot: uPlot, series: number): number[] {
  const { min, max } = plot.scales.x ?? {};
  return lonePlaces(plot.data[0], plot.data[series] ?? [], ((max ?? 0) - (min ?? 0)) * SHORTEST);
}

function timeLabel(seconds: number): string {
  return TIME.format(seconds * 1000);
}

/** Room above and below, and a band around a value that does not move at all. */
function roomyRange(_: uPlot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const room = high > low ? (high - low) * 0.12 : Math.max(Math.abs(high) * 0.02, 0.5);
  return [low - room, high + room];
}

function showValue(plot: uPlot, unit: string, label: HTMLElement): void {
  const index = plot.cursor.idx;
  const value = index == null ? null : plot.data[1]?.[index];
  const time = index == null ? undefined : plot.data[0][index];
  const isShown = value != null && time !== undefined;
  label.hidden = !isShown;
  if (isShown) label.textContent = `${formatValue(value)} ${unit}  ${TIME_S.format(time * 1000)}`;
}
