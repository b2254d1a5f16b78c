// Keeps one WebSocket to /ws/live/ open: reconnects for ever, finds gaps in the sequence and asks for a resync.
// It knows nothing of React or of what the frames mean; clocks, sockets and timers are handed in for the tests.

import { backoffDelayMs } from "./backoff";
import { parseFrame, type Frame } from "./protocol";

export type SocketState =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "reconnecting"; retryAt: number }
  | { phase: "signed-out" }
  | { phase: "not-allowed" };

export interface LiveSocketOptions {
  url: string;
  onFrame: (frame: Frame) => void;
  onState: (state: SocketState) => void;
  /** Called when events may have been missed: with the first snapshot of a connection, and at a gap. */
  onHole?: () => void;
  /** Asked after a connection that never opened: an ended session is refused like a server that is away. */
  isSignedOut?: () => Promise<boolean>;
  open?: (url: string) => WebSocket;
  draw?: () => number;
}

/** Silence after which the connection is tested with a resync, and the time given for the answer. */
const SILENCE_MS = 45_000;
const ANSWER_MS = 10_000;

/** A connection that lived this long was a success: the next failure starts from the shortest wait. */
const STABLE_MS = 5_000;

/** Close codes of the live protocol. */
const NOT_LOGGED_IN = 4401;
const NOT_ALLOWED = 4403;

export class LiveSocket {
  private socket: WebSocket | null = null;
  private failures = 0;
  private lastSeq: number | null = null;
  private liveSince: number | null = null;
  private isResyncing = false;
  private isStopped = true;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LiveSocketOptions) {}

  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.retryTimer);
    this.drop();
  }

  /** Tries at once instead of waiting for the next turn: for a person, or a network that came back. */
  retryNow(): void {
    if (this.isStopped || this.socket) return;
    clearTimeout(this.retryTimer);
    this.connect();
  }

  /** Asks for a new snapshot; further calls do nothing until it has come. */
  resync(): void {
    if (this.isResyncing || this.socket?.readyState !== WebSocket.OPEN) return;
    this.isResyncing = true;
    this.socket.send(JSON.stringify({ type: "resync" }));
    this.watchSilence(ANSWER_MS);
  }

  private connect(): void {
    this.lastSeq = null;
    this.isResyncing = false;
    this.options.onState({ phase: "connecting" });
    const socket = (this.options.open ?? ((url) => new WebSocket(url)))(this.options.url);
    let hasOpened = false;
    this.socket = socket;
    socket.onopen = () => {
      hasOpened = true;
      this.watchSilence(SILENCE_MS);
    };
    socket.onmessage = (event: MessageEvent<unknown>) => this.receive(String(event.data));
    socket.onclose = (event: CloseEvent) => void this.lose(hasOpened, event.code);
  }

  private receive(text: string): void {
    const frame = parseFrame(text);
    if (!frame) return;
    if (frame.type === "snapshot") this.takeSnapshot();
    else if (this.lastSeq !== null && frame.seq !== this.lastSeq + 1) this.findGap();
    this.lastSeq = frame.seq;
    if (!this.isResyncing) this.watchSilence(SILENCE_MS);
    this.options.onFrame(frame);
  }

  private findGap(): void {
    this.options.onHole?.();
    this.resync();
  }

  /** One that nobody asked for begins a connection, or says that the hub had to leave something out. */
  private takeSnapshot(): void {
    if (!this.isResyncing) this.options.onHole?.();
    this.liveSince ??= Date.now();
    this.isResyncing = false;
    this.options.onState({ phase: "live" });
  }

  /** A connection that only looks alive brings nothing: test it, then give it up. */
  private watchSilence(afterMs: number): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => {
      if (this.isResyncing) {
        this.drop();
        void this.lose(true, 1006);
      } else this.resync();
    }, afterMs);
  }

  private async lose(hasOpened: boolean, code: number): Promise<void> {
    this.drop();
    if (this.isStopped) return;
    if (this.liveSince !== null && Date.now() - this.liveSince > STABLE_MS) this.failures = 0;
    this.liveSince = null;
    const isSignedOut = code === NOT_LOGGED_IN || (!hasOpened && (await this.askSignedOut()));
    if (this.isWaitingOrStopped()) return;
    if (code === NOT_ALLOWED) this.options.onState({ phase: "not-allowed" });
    else if (isSignedOut) this.options.onState({ phase: "signed-out" });
    else this.retryLater();
  }

  private retryLater(): void {
    const delay = backoffDelayMs(this.failures++, this.options.draw);
    this.options.onState({ phase: "reconnecting", retryAt: Date.now() + delay });
    this.retryTimer = setTimeout(() => this.connect(), delay);
  }

  /** While the question was out, somebody may have stopped us or tried again. */
  private isWaitingOrStopped(): boolean {
    return this.isStopped || this.socket !== null;
  }

  private async askSignedOut(): Promise<boolean> {
    try {
      return (await this.options.isSignedOut?.()) ?? false;
    } catch {
      return false;
    }
  }

  private drop(): void {
    clearTimeout(this.silenceTimer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
