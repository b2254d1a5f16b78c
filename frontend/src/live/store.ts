// The whole state of the live page as one value, and how a frame changes it. Pure: no clock, no socket, no React.

import { alertsOf, applyAlert, type Alerts } from "./alert-state";
import { applyMessages, devicesOf, type Devices } from "./device-state";
import { applyLink, changeWaiting, isOpen, linksOf, waitingChange, type Links } from "./link-state";
import { applyMeter, metersOf, type Meters } from "./meter-state";
import type { Delivery, Frame, LiveEvent, Message, Snapshot } from "./protocol";
import { addMessages, emptyTail, sortByTime, type Tail } from "./tail-state";

const SEEN_LIMIT = 3_000;
const WRITE_LIMIT = 200;
const DELIVERY_LIMIT = 1_000;

export type Deliveries = ReadonlyMap<string, Delivery>;

export interface LiveState {
  hasSnapshot: boolean;
  snapshotAt: string;
  config: number;
  /** The configuration has changed since the snapshot: ask for another. */
  isOutdated: boolean;
  isDemo: boolean;
  links: Links;
  devices: Devices;
  alerts: Alerts;
  meters: Meters;
  tail: Tail;
  /** The latest deliveries to devices, each id once, in its latest state. */
  writes: Deliveries;
  /** The same for all other targets, apart: a flood of publishes must not push out a printed receipt. */
  deliveries: Deliveries;
  /** Ids of messages that were taken in already. */
  seen: ReadonlySet<string>;
  /** Messages taken in since the page was opened. */
  messageCount: number;
  /** Events that the hub left out of the live view since the page was opened; its history has them. */
  skippedCount: number;
}

export const emptyState: LiveState = {
  hasSnapshot: false,
  snapshotAt: "",
  config: 0,
  isOutdated: false,
  isDemo: false,
  links: {},
  devices: {},
  alerts: {},
  meters: {},
  tail: emptyTail,
  writes: new Map(),
  deliveries: new Map(),
  seen: new Set(),
  messageCount: 0,
  skippedCount: 0,
};

/** The state after these frames, in order. */
export function applyFrames(state: LiveState, frames: readonly Frame[]): LiveState {
  const skipped = frames.reduce((sum, frame) => sum + (frame.type === "events" ? (frame.skipped ?? 0) : 0), 0);
  let next = skipped ? { ...state, skippedCount: state.skippedCount + skipped } : state;
  let events: LiveEvent[] = [];
  for (const frame of frames) {
    if (frame.type === "events") events = events.concat(frame.events);
    else {
      next = applySnapshot(applyEvents(next, events), frame);
      events = [];
    }
  }
  return applyEvents(next, events);
}

function applySnapshot(state: LiveState, snapshot: Snapshot): LiveState {
  const { fresh, seen } = unseen(state.seen, snapshot.messages);
  return {
    ...state,
    hasSnapshot: true,
    snapshotAt: snapshot.at,
    config: snapshot.config,
    isOutdated: false,
    isDemo: snapshot.demo,
    links: linksOf(snapshot.links),
    devices: devicesOf(snapshot.devices, state.devices),
    alerts: alertsOf(snapshot.alerts),
    meters: metersOf(snapshot.meters),
    tail: inTimeOrder(addMessages(state.tail, fresh)),
    writes: withDeliveries(state.writes, snapshot.writes, WRITE_LIMIT),
    seen,
    messageCount: state.messageCount + (state.hasSnapshot ? fresh.length : 0),
  };
}

function applyEvents(state: LiveState, events: readonly LiveEvent[]): LiveState {
  if (events.length === 0) return state;
  const { fresh, seen } = unseen(state.seen, events.filter(isMessage));
  const deliveries = events.filter(isDelivery);
  let { links, alerts, meters } = state;
  for (const event of events) {
    if (event.kind === "link") links = applyLink(links, event);
    else if (event.kind === "alert") alerts = applyAlert(alerts, event);
    else if (event.kind === "meter") meters = applyMeter(meters, event);
  }
  const isNewer = events.some((event) => event.kind === "config" && event.version !== state.config);
  return {
    ...state,
    isOutdated: state.isOutdated || isNewer,
    links: changeWaiting(links, waitingChanges(state, deliveries)),
    devices: applyMessages(state.devices, fresh),
    alerts,
    meters,
    tail: addMessages(state.tail, fresh),
    writes: withDeliveries(state.writes, deliveries.filter(isWrite), WRITE_LIMIT),
    deliveries: withDeliveries(state.deliveries, deliveries.filter((delivery) => !isWrite(delivery)), DELIVERY_LIMIT),
    seen,
    messageCount: state.messageCount + fresh.length,
  };
}

function isMessage(event: LiveEvent): event is Message {
  return event.kind === "message";
}

function isDelivery(event: LiveEvent): event is Delivery {
  return event.kind === "delivery";
}

function isWrite(delivery: Delivery): boolean {
  return delivery.target.startsWith("device:");
}

function unseen(seen: ReadonlySet<string>, messages: readonly Message[]) {
  if (messages.length === 0) return { fresh: messages, seen };
  const all = new Set(seen);
  const fresh = messages.filter((message) => !all.has(message.id) && all.add(message.id));
  return { fresh, seen: all.size > SEEN_LIMIT ? new Set([...all].slice(-SEEN_LIMIT / 2)) : all };
}

function waitingChanges(state: LiveState, deliveries: readonly Delivery[]): Map<string, number> {
  const open = new Map<string, boolean>();
  const changes = new Map<string, number>();
  for (const delivery of deliveries) {
    const known = state.deliveries.get(delivery.id) ?? state.writes.get(delivery.id);
    const wasOpen = open.get(delivery.id) ?? (known && isOpen(known.state));
    const change = waitingChange(delivery, wasOpen, state.snapshotAt);
    open.set(delivery.id, isOpen(delivery.state));
    changes.set(delivery.target, (changes.get(delivery.target) ?? 0) + change);
  }
  return changes;
}

function withDeliveries(known: Deliveries, deliveries: readonly Delivery[], limit: number): Deliveries {
  if (deliveries.length === 0) return known;
  const all = new Map(known);
  for (const delivery of deliveries) all.set(delivery.id, delivery);
  for (const id of all.keys()) {
    if (all.size <= limit) break;
    all.delete(id);
  }
  return all;
}

function inTimeOrder(tail: Tail): Tail {
  return { ...tail, rows: sortByTime(tail.rows), ring: sortByTime(tail.ring), held: sortByTime(tail.held) };
}

/** The writes to one device, oldest first, at most `limit` of the newest. */
export function writesTo(writes: Deliveries, target: string, limit: number): Delivery[] {
  const all = [...writes.values()].filter((delivery) => delivery.target === target);
  return all.sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id)).slice(-limit);
}

/** What became of one message, as far as this page has seen it. */
export function deliveriesOf(state: LiveState, message: string): Delivery[] {
  const all = [...state.deliveries.values(), ...state.writes.values()];
  return all.filter((delivery) => delivery.message === message);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
