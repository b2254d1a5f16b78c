// How far a device's values can be trusted right now, renewed with the clock.

import { freshness, type Device, type Freshness } from "../device-state";
import { useHubNow, useLive } from "../hooks";

export function useFreshness(device: Device): Freshness {
  const link = useLive((state) => state.links[device.link]);
  return freshness(device, link, useHubNow());
}
