// What meters are told over REST, and where the energy of a month is.

import { patchJson, postJson } from "./client";

export interface WantedOfMeter {
  desired_seconds_interval?: number | null;
  desired_minutes_interval?: number | null;
}

/** Changes what is wanted of a meter; the hub tells it until it has acknowledged. */
export function wantOfMeter(meter: string, wanted: WantedOfMeter): Promise<unknown> {
  return patchJson(`/api/v1/meters/${encodeURIComponent(meter)}`, wanted);
}

/** Asks for something once: to begin anew with what failed, or to set the clock now. */
export function askMeter(meter: string, command: "retry" | "set_clock"): Promise<unknown> {
  return postJson(`/api/v1/meters/${encodeURIComponent(meter)}/commands`, { command });
}

/** The address of a month's energy as CSV: of one meter, or of all. */
export function reportUrl(month: string, meter?: string): string {
  return `/api/v1/meters/report?${new URLSearchParams(meter ? { month, meter } : { month })}`;
}
