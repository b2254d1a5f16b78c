// What the page asks the hub to do: commands to serial devices, deliveries sent again, alerts and devices taken care of.

import { postJson } from "./client";

/** Text goes out as UTF-8; `hex` gives the bytes themselves; `command` is a name that the device's driver knows. */
export type Command = { payload: string } | { hex: string } | { command: string };

export function sendCommand(device: string, command: Command): Promise<Accepted> {
  return postJson(`/api/v1/devices/${encodeURIComponent(device)}/commands`, command);
}

/** The delivery that carries it out. */
export interface Accepted {
  delivery: string;
}

/** Writes once more what was written to a device: a delivery of its own. */
export function repeat(delivery: string): Promise<Accepted> {
  return postJson(`/api/v1/deliveries/${encodeURIComponent(delivery)}/repeat`, {});
}

/** Puts a dead, expired or doubtful delivery back into the outbox. */
export function sendAgain(delivery: string): Promise<Accepted> {
  return postJson(`/api/v1/deliveries/${encodeURIComponent(delivery)}/redrive`, {});
}

/** Says that somebody looks after an open alert. */
export function acknowledge(alert: number): Promise<unknown> {
  return postJson(`/api/v1/alerts/${alert}/acknowledge`, {});
}

/** Makes a device that announced itself a configured one. */
export function adopt(device: string): Promise<unknown> {
  return postJson(`/api/v1/seen-devices/${encodeURIComponent(device)}/adopt`, {});
}
