// What the page puts into the outbox: commands to serial devices, and deliveries sent again.

import { postJson } from "./client";

/** Text goes out as UTF-8; `hex` gives the bytes themselves; `command` is a name that the device's driver knows. */
export type Command = { payload: string } | { hex: string } | { command: string };

export function sendCommand(device: string, command: Command): Promise<unknown> {
  return postJson(`/api/v1/devices/${encodeURIComponent(device)}/commands`, command);
}

/** Puts a dead, expired or doubtful delivery back into the outbox. */
export function sendAgain(delivery: string): Promise<unknown> {
  return postJson(`/api/v1/deliveries/${encodeURIComponent(delivery)}/redrive`, {});
}
