// How long to wait before trying the socket again: exponential with full jitter. It never gives up.
// The twin of telemetry/backoff.py. Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

const BASE_MS = 250;
const CAP_MS = 30_000;

/** Milliseconds to wait after this many earlier failures: between 0 and min(cap, base * 2^failures). */
export function backoffDelayMs(failures: number, draw: () => number = Math.random): number {
  return draw() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures, 32));
}
