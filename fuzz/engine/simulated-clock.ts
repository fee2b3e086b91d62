/**
 * Time as a fuzzer wants it: it stands still until told to go on, and timers run when the fuzzer says.
 *
 * What a timer's callback throws comes out of `run`: on a real clock it would be an uncaught exception, which ends the
 * process, so it is a finding.
 */
import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

export class SimulatedClock implements Clock {
  readonly #timers: Set<Timer>;
  #now: number;
  #order: number;

  constructor(now: number) {
    this.#timers = new Set();
    this.#now = now;
    this.#order = 0;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { due: this.#now + delayMs, order: this.#order++, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Another clock that shows the same time, without timers. */
  fork(): SimulatedClock {
    return new SimulatedClock(this.#now);
  }

  /** Lets time pass; timers that come due wait for `run`. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Calls back the timer that is due the longest; false if none is due. */
  run(): boolean {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= this.#now && (first === undefined || isBefore(timer, first))) {
        first = timer;
      }
    }
    if (first === undefined) {
      return false;
    }
    this.#timers.delete(first);
    first.callback();
    return true;
  }

  /** What waits belongs to a database that is gone. */
  forgetTimers(): void {
    this.#timers.clear();
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
