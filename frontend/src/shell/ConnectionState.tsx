// Whether this page is live, in words. The countdown is for the eye only: a screen reader hears each change once.

import { VisuallyHidden } from "@mantine/core";
import { IconCircleFilled, IconLoader2, IconLock, IconLogin2, IconPlugConnectedX } from "@tabler/icons-react";

import { useNow } from "../live/clock";
import { useLiveStore, useSocketState } from "../live/hooks";
import type { SocketState } from "../live/socket";
import { page } from "../page";

import classes from "./ConnectionState.module.css";

export function ConnectionState() {
  const state = useSocketState();
  return (
    <div className={classes.state} data-phase={state.phase}>
      <VisuallyHidden role="status">{SPOKEN[state.phase]}</VisuallyHidden>
      <Words state={state} />
    </div>
  );
}

const SPOKEN: Record<SocketState["phase"], string> = {
  connecting: "Connecting to the hub",
  live: "Live",
  reconnecting: "The connection to the hub is lost, trying again",
  "signed-out": "Your session has ended",
  "not-allowed": "Your account may not see live data",
};

function Words({ state }: { state: SocketState }) {
  if (state.phase === "reconnecting") return <Reconnecting retryAt={state.retryAt} />;
  if (state.phase === "signed-out") return <SignedOut />;
  if (state.phase === "not-allowed") return <NotAllowed />;
  const isLive = state.phase === "live";
  const Icon = isLive ? IconCircleFilled : IconLoader2;
  return (
    <span className={classes.words} aria-hidden>
      <Icon size={isLive ? 9 : 15} className={isLive ? undefined : classes.spin} /> {isLive ? "live" : "connecting"}
    </span>
  );
}

function Reconnecting({ retryAt }: { retryAt: number }) {
  const store = useLiveStore();
  const seconds = Math.max(0, Math.ceil((retryAt - useNow()) / 1000));
  return (
    <>
      <span className={classes.words} aria-hidden>
        <IconPlugConnectedX size={15} /> reconnecting {seconds > 0 ? `in ${seconds} s` : "now"}
      </span>
      <button type="button" className={classes.retry} onClick={store.retryNow}>
        Try now
      </button>
    </>
  );
}

function NotAllowed() {
  return (
    <span className={classes.words} aria-hidden>
      <IconLock size={15} /> {SPOKEN["not-allowed"]}
    </span>
  );
}

function SignedOut() {
  const next = encodeURIComponent(location.pathname);
  return (
    <a className={classes.words} href={`${page.loginUrl}?next=${next}`}>
      <IconLogin2 size={15} aria-hidden /> session ended: sign in again
    </a>
  );
}
