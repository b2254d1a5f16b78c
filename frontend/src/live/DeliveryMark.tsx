// The state of a delivery as word, icon and colour.

import { IconBan, IconCheck, IconClock, IconHourglassEmpty, IconQuestionMark, IconSend, type TablerIcon } from "@tabler/icons-react";

import classes from "./DeliveryMark.module.css";
import type { DeliveryState } from "./protocol";

const STATES: Record<DeliveryState, { word: string; icon: TablerIcon }> = {
  waiting: { word: "waiting", icon: IconClock },
  sending: { word: "sending", icon: IconSend },
  delivered: { word: "delivered", icon: IconCheck },
  dead: { word: "dead letter", icon: IconBan },
  expired: { word: "expired", icon: IconHourglassEmpty },
  unknown: { word: "unknown", icon: IconQuestionMark },
};

export function DeliveryMark({ state, reason }: { state: DeliveryState; reason?: string }) {
  const { word, icon: Icon } = STATES[state];
  return (
    <span className={classes.mark} data-state={state} title={reason}>
      <Icon size={13} aria-hidden /> {word}
    </span>
  );
}
