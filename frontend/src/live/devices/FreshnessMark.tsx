// How old the shown values are, and whether that is unusual, in words.

import { IconMoonStars, IconUnlink } from "@tabler/icons-react";

import { ago, duration, fullTime } from "../../format/age";
import type { Device, Freshness } from "../device-state";
import { useHubNow, useLive } from "../hooks";

import classes from "./DeviceCard.module.css";

export function FreshnessMark({ device, freshness }: { device: Device; freshness: Freshness }) {
  const now = useHubNow();
  const link = useLive((state) => state.links[device.link]);
  const title = device.last_at ? `last heard ${fullTime(device.last_at)}` : "nothing heard yet";
  return (
    <span className={classes.mark} data-freshness={freshness} title={title}>
      {freshness === "cut-off" && <IconUnlink size={14} aria-hidden />}
      {freshness === "quiet" && <IconMoonStars size={14} aria-hidden />}
      {words(device, freshness, link?.state ?? "", now)}
    </span>
  );
}

function words(device: Device, freshness: Freshness, link: string, now: number): string {
  if (freshness === "cut-off") return device.last_at ? `link ${link}, ${ago(device.last_at, now)}` : `link ${link}`;
  if (!device.last_at) return "nothing yet";
  return freshness === "quiet" ? `quiet for ${duration(now - Date.parse(device.last_at))}` : ago(device.last_at, now);
}
