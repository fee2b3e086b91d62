/**
 * Whether a sync is so fast that waiting for it here costs less than handing it to the thread pool.
 *
 * A sync of a few kilobytes takes 0.1 ms on a disk with a protected cache, the way through the pool and back as long
 * again; 64 commits in flight get 30 % more done where it is waited for. On a slow disk it would hold the event loop, so
 * what the last one took decides, and a slow disk is tried again only after many syncs through the pool.
 */
const FAST_MS = 0.5;
const RETRY_AFTER = 200;

export class SyncSpeed {
  readonly #stopwatch: (() => number) | undefined;
  #untilRetry: number;

  /** `stopwatch` gives milliseconds from any fixed point on, in fractions; without one nothing is ever fast. */
  constructor(stopwatch: (() => number) | undefined) {
    this.#stopwatch = stopwatch;
    this.#untilRetry = 0;
  }

  /** Asked once for each sync that could be made either way. */
  get isFast(): boolean {
    if (this.#stopwatch === undefined) {
      return false;
    }
    if (this.#untilRetry > 0) {
      this.#untilRetry--;
      return false;
    }
    return true;
  }

  /** Runs a sync in the foreground and remembers what it took. */
  measure(sync: () => void): void {
    const startMs = this.#stopwatch?.() ?? 0;
    sync();
    const tookMs = (this.#stopwatch?.() ?? 0) - startMs;
    this.#untilRetry = tookMs > FAST_MS ? RETRY_AFTER : 0;
  }
}
