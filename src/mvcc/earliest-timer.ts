/** One timer for whoever wants to look again: the earliest of the times that were asked for. */
import type { Clock } from "../clock.ts";

export class EarliestTimer {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #dueMs: number;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
    this.#dueMs = 0;
    this.#cancel = undefined;
  }

  /** Calls back in `delayMs`, unless it will before. */
  startIn(delayMs: number): void {
    const dueMs = this.#clock.now() + delayMs;
    if (this.#cancel !== undefined && this.#dueMs <= dueMs) {
      return;
    }
    this.cancel();
    this.#dueMs = dueMs;
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#callback();
    });
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
