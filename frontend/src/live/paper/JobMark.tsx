// The state of a print job as word, icon and colour.

import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconQuestionMark, type TablerIcon } from "@tabler/icons-react";

import type { Delivery, Link } from "../protocol";

import classes from "./Paper.module.css";
import { jobState, type JobMark as Mark } from "./job-state";

const ICONS: Record<Mark, TablerIcon> = {
  open: IconClock,
  done: IconCheck,
  held: IconAlertTriangle,
  bad: IconBan,
  doubt: IconQuestionMark,
};

export function JobMark({ job, link }: { job: Delivery; link: Link | undefined }) {
  const { word, mark } = jobState(job, link);
  const Icon = ICONS[mark];
  return (
    <span className={classes.mark} data-mark={mark}>
      <Icon size={13} aria-hidden /> {word}
    </span>
  );
}
