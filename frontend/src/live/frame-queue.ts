// Collects what the socket brings and hands it over once per animation frame, so that 500 messages a second
// cost the page 60 updates at most. A hidden page has no animation frames: a slow timer stands in.

const FULL = 2_000;
const HIDDEN_MS = 1_000;

export class FrameQueue<T> {
  private waiting: T[] = [];
  private isPlanned = false;

  constructor(
    private readonly flush: (items: T[]) => void,
    private readonly plan: (run: () => void) => void = planNextFrame,
  ) {}

  /** Keeps the item for the next frame; a full queue is handed over at once. */
  push(item: T): void {
    this.waiting.push(item);
    if (this.waiting.length >= FULL) this.drain();
    else if (!this.isPlanned) {
      this.isPlanned = true;
      this.plan(() => {
        this.isPlanned = false;
        this.drain();
      });
    }
  }

  private drain(): void {
    if (this.waiting.length === 0) return;
    const items = this.waiting;
    this.waiting = [];
    this.flush(items);
  }
}

function planNextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, HIDDEN_MS);
  else requestAnimationFrame(run);
}
