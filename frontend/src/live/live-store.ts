// Joins socket, frame queue, state and series: the one live object of the page. React reads it through hooks.ts.

import { FrameQueue } from "./frame-queue";
import type { Frame, Message } from "./protocol";
import { SeriesBook } from "./series";
import { LiveSocket, type SocketState } from "./socket";
import { applyFrames, emptyState, type LiveState } from "./store";
import type { Tail } from "./tail-state";

/** The counts of waiting deliveries are kept by adding up events; a snapshot now and then sets them right. */
const RECOUNT_MS = 30_000;

export class LiveStore {
  readonly series = new SeriesBook();
  private state: LiveState = emptyState;
  private holes = 0;
  private socketState: SocketState = { phase: "connecting" };
  private readonly listeners = new Set<() => void>();
  private readonly queue = new FrameQueue<Frame>((frames) => this.take(frames));
  private readonly socket: LiveSocket;
  private recountTimer: ReturnType<typeof setInterval> | undefined;
  /** What to add to this machine's clock to get the hub's, in ms. */
  clockOffsetMs = 0;

  constructor(url: string, isSignedOut: () => Promise<boolean>) {
    this.socket = new LiveSocket({
      url,
      isSignedOut,
      onHole: () => this.holes++,
      onFrame: (frame) => this.queue.push(frame),
      onState: (state) => {
        this.socketState = state;
        this.tell();
      },
    });
  }

  start(): void {
    this.socket.start();
    window.addEventListener("online", this.retryNow);
    document.addEventListener("visibilitychange", this.retryWhenSeen);
    this.recountTimer = setInterval(() => this.recount(), RECOUNT_MS);
  }

  stop(): void {
    window.removeEventListener("online", this.retryNow);
    document.removeEventListener("visibilitychange", this.retryWhenSeen);
    clearInterval(this.recountTimer);
    this.socket.stop();
  }

  readonly retryNow = (): void => this.socket.retryNow();

  /** Coming back to the page, perhaps from signing in elsewhere, is worth an attempt at once. */
  private readonly retryWhenSeen = (): void => {
    if (!document.hidden) this.retryNow();
  };

  readonly getState = (): LiveState => this.state;

  readonly getSocketState = (): SocketState => this.socketState;

  /** How often events may have been missed: who keeps history of its own fetches it again when this rises. */
  readonly getHoles = (): number => this.holes;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly changeTail = (change: (tail: Tail) => Tail): void => {
    this.state = { ...this.state, tail: change(this.state.tail) };
    this.tell();
  };

  private take(frames: readonly Frame[]): void {
    this.series.append(messagesIn(frames));
    this.state = applyFrames(this.state, frames);
    const snapshot = frames.findLast((frame) => frame.type === "snapshot");
    if (snapshot) this.clockOffsetMs = Date.parse(snapshot.at) - Date.now();
    if (this.state.isOutdated) this.socket.resync();
    this.tell();
  }

  private recount(): void {
    const isWaiting = Object.values(this.state.links).some((link) => link.waiting > 0);
    if (isWaiting && !document.hidden) this.socket.resync();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function messagesIn(frames: readonly Frame[]): Message[] {
  return frames.flatMap((frame) =>
    frame.type === "snapshot" ? frame.messages : frame.events.filter((event) => event.kind === "message"),
  );
}
