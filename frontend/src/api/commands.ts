// Sends one command to a serial device.

import { postJson } from "./client";

export function sendCommand(device: string, payload: string): Promise<unknown> {
  return postJson(`/api/v1/devices/${encodeURIComponent(device)}/commands`, { payload });
}
