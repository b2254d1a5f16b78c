// What is known of each device from snapshots and messages, and when a device counts as quiet. Pure.

import { decimalsOf } from "../format/number";

import type { DeviceReading, DeviceState, Link, Message } from "./protocol";

/** More devices than this are left out of the page: names come out of payloads, and payloads can be anything. */
export const DEVICE_LIMIT = 300;
const READING_LIMIT = 200;

export interface Device extends DeviceState {
  /** The usual time between two messages, in ms; null before two came. */
  intervalMs: number | null;
}

export type Devices = Readonly<Record<string, Device>>;

/** The devices of a snapshot; what was learnt about their rhythm stays. */
export function devicesOf(snapshot: readonly DeviceState[], known: Devices): Devices {
  const entries = snapshot.slice(0, DEVICE_LIMIT).map((state): [string, Device] => {
    const before = known[state.name];
    const decimals = new Map(before?.readings.map((reading) => [reading.metric, reading.decimals]));
    const readings = state.readings.map((reading) => withDecimals(reading, decimals.get(reading.metric)));
    return [state.name, { ...state, readings, intervalMs: before?.intervalMs ?? null }];
  });
  return Object.fromEntries(entries);
}

/** The devices after these messages; devices that no message names stay the same objects. */
export function applyMessages(devices: Devices, messages: readonly Message[]): Devices {
  const changed: Record<string, Device> = {};
  let count = Object.keys(devices).length;
  for (const message of messages) {
    if (!message.device || message.duplicate_of || message.fault || message.message_kind === "gap") continue;
    const device = changed[message.device] ?? devices[message.device];
    if (!device && count++ >= DEVICE_LIMIT) continue;
    changed[message.device] = withMessage(device ?? unknownDevice(message), message);
  }
  return Object.keys(changed).length === 0 ? devices : { ...devices, ...changed };
}

function unknownDevice(message: Message): Device {
  const { device: name } = message;
  return { name, label: name, driver: "", link: "", is_known: false, last_at: null, readings: [], commands: [], intervalMs: null };
}

function withMessage(device: Device, message: Message): Device {
  const isOlder = device.last_at !== null && message.at < device.last_at;
  if (isOlder) return device;
  return {
    ...device,
    last_at: message.at,
    intervalMs: learnInterval(device, message.at),
    readings: withReadings(device.readings, message),
  };
}

function withReadings(readings: DeviceReading[], message: Message): DeviceReading[] {
  if (message.readings.length === 0) return readings;
  const fresh = new Map(message.readings.map((reading) => [reading.metric, { ...reading, at: message.at }]));
  const kept = readings.map((reading) => {
    const newer = fresh.get(reading.metric);
    fresh.delete(reading.metric);
    return newer ? withDecimals(newer, reading.decimals) : reading;
  });
  const added = [...fresh.values()].map((reading) => withDecimals(reading));
  return [...kept, ...added].slice(0, READING_LIMIT);
}

function withDecimals(reading: DeviceReading, before = 0): DeviceReading {
  return { ...reading, decimals: Math.max(before, decimalsOf(reading.value)) };
}

function learnInterval(device: Device, at: string): number | null {
  if (!device.last_at) return device.intervalMs;
  const gap = Date.parse(at) - Date.parse(device.last_at);
  return device.intervalMs === null ? gap : 0.8 * device.intervalMs + 0.2 * gap;
}

const QUIET_FACTOR = 4;
const QUIET_AT_LEAST_MS = 20_000;
const QUIET_UNKNOWN_MS = 300_000;

export type Freshness = "fresh" | "quiet" | "cut-off" | "silent";

/**
 * How far the shown values can be trusted: `cut-off` when its link is not connected, `quiet` when it has missed
 * several of its usual turns, `silent` when nothing ever came.
 */
export function freshness(device: Device, link: Link | undefined, nowMs: number): Freshness {
  if (link && link.state !== "connected") return "cut-off";
  if (!device.last_at) return "silent";
  const age = nowMs - Date.parse(device.last_at);
  const limit =
    device.intervalMs === null ? QUIET_UNKNOWN_MS : Math.max(QUIET_AT_LEAST_MS, QUIET_FACTOR * device.intervalMs);
  return age > limit ? "quiet" : "fresh";
}

/** Configured devices first, those with readings before those without, then by name. */
export function inOrder(devices: Devices): Device[] {
  return Object.values(devices).sort(
    (a, b) =>
      Number(b.is_known) - Number(a.is_known) ||
      Number(a.driver === "escpos") - Number(b.driver === "escpos") ||
      a.label.localeCompare(b.label),
  );
}
