// Which of a device's readings a person looks at first. Nothing here hides one: it only decides on the order.

import type { DeviceReading } from "../protocol";

const WANTED = [/^weight$/, /^active_power$/, /power/, /temperature/, /energy/, /humidity/];
const SIDE_MATTER = /battery|rssi|snr|lqi|uptime|stable|linkquality|signal/;

/** The readings with the most telling one first, the others in their order, and battery and signal last. */
export function mostTellingFirst(readings: readonly DeviceReading[]): DeviceReading[] {
  return [...readings].sort((a, b) => rank(a.metric) - rank(b.metric));
}

function rank(metric: string): number {
  if (SIDE_MATTER.test(metric)) return WANTED.length + 1;
  const place = WANTED.findIndex((wanted) => wanted.test(metric));
  return place < 0 ? WANTED.length : place;
}
