// The word, icon and colour of each link state.

import {
  IconBan,
  IconCircleCheck,
  IconHourglass,
  IconPlayerPause,
  IconPlugConnectedX,
  IconRefresh,
  type TablerIcon,
} from "@tabler/icons-react";

import type { LinkState } from "../protocol";

export const LINK_STATES: Record<LinkState, { word: string; icon: TablerIcon; explained: string }> = {
  waiting: { word: "waiting", icon: IconHourglass, explained: "No worker holds it yet" },
  connecting: { word: "connecting", icon: IconRefresh, explained: "Being connected" },
  connected: { word: "connected", icon: IconCircleCheck, explained: "Connected" },
  lost: { word: "lost", icon: IconPlugConnectedX, explained: "Away; it is tried again by itself" },
  refused: { word: "refused", icon: IconBan, explained: "Not tried again before its configuration changes" },
  disabled: { word: "disabled", icon: IconPlayerPause, explained: "Switched off in the configuration" },
};
