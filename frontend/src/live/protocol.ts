// The frames of /ws/live/ as TypeScript types, and the one place where text from the socket becomes them.
// The contract is docs/live-protocol.md.

export interface Reading {
  metric: string;
  value: number;
  unit: string;
}

export interface DeviceReading extends Reading {
  at: string;
  /** The most decimals that its values had on this page: 12.50 is no less exact than 12.34. The hub does not send it. */
  decimals?: number;
}

export interface Message {
  kind: "message";
  id: string;
  at: string;
  source: string;
  topic: string;
  device: string;
  text: string;
  is_binary: boolean;
  size: number;
  readings: Reading[];
  duplicate_of: string | null;
  fault: string;
  message_kind: "message" | "gap";
}

export type LinkState = "waiting" | "connecting" | "connected" | "lost" | "refused" | "disabled";

export interface LinkEvent {
  kind: "link";
  key: string;
  state: LinkState;
  detail: string;
  warning: string;
  since: string | null;
  last_message_at: string | null;
}

export interface Link extends LinkEvent {
  label: string;
  waiting: number;
}

export type DeliveryState = "waiting" | "sending" | "delivered" | "dead" | "expired" | "unknown";

export interface Delivery {
  kind: "delivery";
  id: string;
  at: string;
  message: string | null;
  rule: string;
  target: string;
  address: string;
  state: DeliveryState;
  reason: string;
  text: string;
  is_binary: boolean;
}

export type AlertState = "open" | "acknowledged" | "cleared";

export interface Alert {
  kind: "alert";
  id: number;
  rule: string;
  subject: string;
  severity: "info" | "warning" | "critical";
  state: AlertState;
  detail: string;
  opened_at: string;
  acknowledged_by: string;
}

/** How often a meter reports: what it said itself, and what is wanted of it. */
export interface MeterInterval {
  reported: number | null;
  /** Read back from the meter, and not only acknowledged. */
  is_read: boolean;
  wanted: number | null;
  /** What is wanted of this meter itself; null for what holds for all meters of its broker. */
  own: number | null;
  choices: number[];
}

export interface MeterCommand {
  command: string;
  words: string;
  value: string;
  state: "acknowledged" | "waiting" | "unanswered" | "refused";
  reason: string;
  sent_at: string;
  tries: number;
}

/** A power meter that can be told things. Its readings come with its messages. */
export interface Meter {
  kind: "meter";
  name: string;
  label: string;
  link: string;
  is_enabled: boolean;
  context: string;
  seconds: MeterInterval;
  minutes: MeterInterval;
  clock: { drift_s: number | null; is_wrong: boolean; is_kept: boolean; set_at: string | null };
  relay: string;
  commands: MeterCommand[];
  asked: string[];
  unheard: string;
}

/** Something that a device can be told by name. */
export interface NamedCommand {
  name: string;
  label: string;
}

export interface DeviceState {
  name: string;
  label: string;
  driver: string;
  link: string;
  is_known: boolean;
  last_at: string | null;
  readings: DeviceReading[];
  commands: NamedCommand[];
}

export interface ConfigEvent {
  kind: "config";
  version: number;
}

export type LiveEvent = Message | LinkEvent | Delivery | Alert | Meter | ConfigEvent;

export interface Snapshot {
  type: "snapshot";
  seq: number;
  at: string;
  config: number;
  demo: boolean;
  links: Link[];
  devices: DeviceState[];
  alerts: Alert[];
  messages: Message[];
  writes: Delivery[];
  meters: Meter[];
}

export interface EventsFrame {
  type: "events";
  seq: number;
  /** Messages and deliveries that the hub left out because there were more than anyone can look at. */
  skipped?: number;
  events: LiveEvent[];
}

export type Frame = Snapshot | EventsFrame;

/** The frame that this text holds, or null if it is none that this page knows. */
export function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isFrame(value) ? value : null;
}

function isFrame(value: unknown): value is Frame {
  if (typeof value !== "object" || value === null) return false;
  const frame = value as Partial<Snapshot> & Partial<Omit<EventsFrame, "type">>;
  if (typeof frame.seq !== "number") return false;
  if (frame.type === "snapshot") return Array.isArray(frame.links) && Array.isArray(frame.devices);
  return (frame as { type?: unknown }).type === "events" && Array.isArray(frame.events);
}
