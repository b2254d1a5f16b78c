// Whether a meter is there, as word, icon and colour.

import { IconCircleCheck, IconMoonStars, IconPointerQuestion, IconUnlink, type TablerIcon } from "@tabler/icons-react";

import { ago, duration, fullTime } from "../../format/age";
import { useHubNow } from "../hooks";
import type { Presence } from "../meter-state";
import type { Link } from "../protocol";

import classes from "./Meters.module.css";

const ICONS: Record<Presence, TablerIcon> = {
  online: IconCircleCheck,
  silent: IconMoonStars,
  "cut-off": IconUnlink,
  unheard: IconPointerQuestion,
};

interface PresenceMarkProps {
  presence: Presence;
  lastAt: string | null;
  link: Link | undefined;
}

export function PresenceMark({ presence, lastAt, link }: PresenceMarkProps) {
  const now = useHubNow();
  const Icon = ICONS[presence];
  return (
    <span className={classes.presence} data-presence={presence} title={lastAt ? `last heard ${fullTime(lastAt)}` : "nothing heard yet"}>
      <Icon size={15} aria-hidden />
      {words(presence, lastAt, link, now)}
    </span>
  );
}

function words(presence: Presence, lastAt: string | null, link: Link | undefined, now: number): string {
  if (presence === "unheard" || !lastAt) return "nothing heard yet";
  if (presence === "silent") return `silent for ${duration(now - Date.parse(lastAt))}`;
  if (presence === "cut-off") return `broker ${link?.state ?? "away"}, heard ${ago(lastAt, now)}`;
  return `online, ${ago(lastAt, now)}`;
}
