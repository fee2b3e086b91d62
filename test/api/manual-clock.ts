/**
 * Time that a test moves by hand: `advance` runs what comes due on the way, in order, and nothing else ever does.
 */
import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  readonly #timers: Set<Timer>;
  #now: number;

  constructor(now = 1_000_000) {
    this.#timers = new Set();
    this.#now = now;
  }

  /** How many callbacks wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { due: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves the hour without running anything: what is due is late. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Moves the hour and runs what is due by then, each callback at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }

  /** Lets everything that is due run, turn by turn, until the promise has settled: for work that goes on in steps. */
  async advanceUntil<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    promise.then(end, end);
    while (!isOver) {
      this.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return await promise;
  }

  #nextUntil(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (first === undefined || timer.due < first.due)) {
        first = timer;
      }
    }
    return first;
  }
}
