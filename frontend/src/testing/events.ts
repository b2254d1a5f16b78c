// Builders of what the socket brings, for the tests: each has everything, and takes what matters to a test.

import type { Alert, Delivery, DeviceState, Link, LinkEvent, LiveEvent, Message, Meter, MeterCommand, MeterInterval, Snapshot } from "../live/protocol";

export const T0 = "2026-01-12T10:00:00.000Z";

/** T0 plus so many seconds. */
export function at(seconds: number): string {
  return new Date(Date.parse(T0) + seconds * 1000).toISOString();
}

let count = 0;

export function message(given: Partial<Message> = {}): Message {
  const id = `m${String(++count).padStart(6, "0")}`;
  return {
    kind: "message", id, at: T0, source: "broker:plant", topic: "a/b", device: "", text: "hello", is_binary: false,
    size: 5, readings: [], duplicate_of: null, fault: "", message_kind: "message", ...given,
  };
}

export function link(given: Partial<Link> = {}): Link {
  return {
    kind: "link", key: "broker:plant", label: "Plant", state: "connected", detail: "", warning: "", since: T0,
    last_message_at: null, waiting: 0, ...given,
  };
}

export function linkEvent(given: Partial<LinkEvent> = {}): LinkEvent {
  const base = { key: "broker:plant", state: "connected", detail: "", warning: "", since: T0, last_message_at: null } as const;
  return { kind: "link", ...base, ...given };
}

export function delivery(given: Partial<Delivery> = {}): Delivery {
  const id = `d${String(++count).padStart(6, "0")}`;
  return {
    kind: "delivery", id, at: T0, message: null, rule: "", target: "device:printer", address: "", state: "delivered",
    reason: "", text: "Hello\n", is_binary: false, ...given,
  };
}

export function alert(given: Partial<Alert> = {}): Alert {
  return {
    kind: "alert", id: ++count, rule: "links", subject: "broker:plant", severity: "warning", state: "open",
    detail: "The broker is away.", opened_at: T0, acknowledged_by: "", ...given,
  };
}

export function device(given: Partial<DeviceState> = {}): DeviceState {
  return {
    name: "scale", label: "Lab scale", driver: "", link: "", is_known: true, last_at: null, readings: [], commands: [], ...given,
  };
}

export function interval(given: Partial<MeterInterval> = {}): MeterInterval {
  return { reported: null, is_read: false, wanted: null, own: null, choices: [30, 60, 300], ...given };
}

export function meterCommand(given: Partial<MeterCommand> = {}): MeterCommand {
  return {
    command: "set_clock", words: "set the clock", value: "", state: "waiting", reason: "", sent_at: T0, tries: 1, ...given,
  };
}

export function meter(given: Partial<Meter> = {}): Meter {
  return {
    kind: "meter", name: "33B1225950028", label: "33B1225950028", link: "broker:meters", is_enabled: true, context: "",
    seconds: interval(), minutes: interval({ choices: [1, 5, 15] }),
    clock: { drift_s: null, is_wrong: false, is_kept: false, set_at: null },
    relay: "", commands: [], asked: [], unheard: "", ...given,
  };
}

export function snapshot(given: Partial<Snapshot> = {}): Snapshot {
  return {
    type: "snapshot", seq: 1, at: T0, config: 1, demo: false, links: [], devices: [], alerts: [], messages: [], writes: [], meters: [], ...given,
  };
}

export function events(...list: LiveEvent[]) {
  return { type: "events", seq: 2, events: list } as const;
}
