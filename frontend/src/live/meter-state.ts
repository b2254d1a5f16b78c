// What is known of each meter, and how its readings and its state are said. Pure.

import { duration } from "../format/age";

import type { Device } from "./device-state";
import type { DeviceReading, Link, Meter, MeterInterval } from "./protocol";

export type Meters = Readonly<Record<string, Meter>>;

/** Those of a snapshot; a hub of an older version sends none. */
export function metersOf(snapshot: readonly Meter[] | undefined): Meters {
  return Object.fromEntries((snapshot ?? []).map((meter) => [meter.name, meter]));
}

export function applyMeter(meters: Meters, event: Meter): Meters {
  return { ...meters, [event.name]: event };
}

export function inOrder(meters: Meters): Meter[] {
  return Object.values(meters).sort((a, b) => a.label.localeCompare(b.label));
}

export type Presence = "online" | "silent" | "cut-off" | "unheard";

const SILENT_AT_LEAST_MS = 20_000;
const SILENT_UNKNOWN_MS = 300_000;
const MISSED_TURNS = 4;

/**
 * Whether a meter is there: `cut-off` when its broker is not connected, `silent` when it has missed several of its
 * usual turns, `unheard` when nothing ever came. A meter says nothing when it goes: silence is all there is.
 */
export function presence(meter: Meter, device: Device | undefined, link: Link | undefined, nowMs: number): Presence {
  if (link && link.state !== "connected") return "cut-off";
  if (!device?.last_at) return "unheard";
  const usualMs = Math.max(device.intervalMs ?? 0, (meter.seconds.reported ?? 0) * 1000);
  const limit = usualMs ? Math.max(SILENT_AT_LEAST_MS, MISSED_TURNS * usualMs) : SILENT_UNKNOWN_MS;
  return nowMs - Date.parse(device.last_at) > limit ? "silent" : "online";
}

export interface PhaseRow {
  words: string;
  unit: string;
  /** Of L1, L2 and L3; null for what the meter does not tell. */
  values: (number | null)[];
}

const PHASES = ["l1", "l2", "l3"];
const OF_PHASES: readonly [metric: string, words: string][] = [
  ["voltage", "Voltage"],
  ["current", "Current"],
  ["active_power", "Power"],
  ["power_factor", "Power factor"],
];

/** The main values phase by phase; a quantity of which no phase is known is left out. */
export function phaseRows(readings: readonly DeviceReading[]): PhaseRow[] {
  const rows = OF_PHASES.map(([metric, words]) => {
    const found = PHASES.map((phase) => readings.find((reading) => reading.metric === `${metric}_${phase}`));
    return { words, unit: found.find(Boolean)?.unit ?? "", values: found.map((reading) => reading?.value ?? null) };
  });
  return rows.filter((row) => row.values.some((value) => value !== null));
}

export interface Counter {
  words: string;
  unit: string;
  taken: number | null;
  given: number | null;
}

const TARIFFS = ["t1", "t2", "t3", "t4", "t5", "t6"];

/** The energy counters in both directions: the totals, and apart from them those of the tariffs in use. */
export function counters(readings: readonly DeviceReading[]): { totals: Counter[]; tariffs: Counter[] } {
  const totals = [
    counter(readings, "Active", "active_energy", "active_energy_export"),
    counter(readings, "Reactive", "reactive_energy", "reactive_energy_export"),
    counter(readings, "Apparent", "apparent_energy", "apparent_energy_export"),
  ];
  const tariffs = TARIFFS.map((tariff) =>
    counter(readings, tariff.toUpperCase(), `active_energy_${tariff}`, `active_energy_export_${tariff}`),
  );
  return { totals: totals.filter(isKnown), tariffs: tariffs.filter((one) => Math.max(one.taken ?? 0, one.given ?? 0) > 0) };
}

function counter(readings: readonly DeviceReading[], words: string, taken: string, given: string): Counter {
  const [a, b] = [taken, given].map((metric) => readings.find((reading) => reading.metric === metric));
  return { words, unit: a?.unit ?? b?.unit ?? "", taken: a?.value ?? null, given: b?.value ?? null };
}

function isKnown(one: Counter): boolean {
  return one.taken !== null || one.given !== null;
}

/** '3 min ahead', '5 s behind', 'right'; a difference below two seconds is the network's. */
export function clockWords(driftS: number | null): string {
  if (driftS === null) return "not known";
  if (Math.abs(driftS) < 2) return "right";
  return `${duration(Math.abs(driftS) * 1000)} ${driftS > 0 ? "ahead" : "behind"}`;
}

/** '60 s', '60 s, wanted 30 s', 'not known'. */
export function intervalWords({ reported, wanted }: MeterInterval, unit: string): string {
  const said = reported === null ? "not known" : `${reported} ${unit}`;
  return wanted === null || wanted === reported ? said : `${said}, wanted ${wanted} ${unit}`;
}

export interface Month {
  value: string;
  label: string;
}

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/** The month of this moment and the eleven before it, newest first. */
export function recentMonths(nowMs: number): Month[] {
  const now = new Date(nowMs);
  return Array.from({ length: 12 }, (_, back) => {
    const first = new Date(Date.UTC(now.getFullYear(), now.getMonth() - back, 1));
    return { value: first.toISOString().slice(0, 7), label: MONTH.format(first) };
  });
}
