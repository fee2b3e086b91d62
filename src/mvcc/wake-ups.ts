/** Promises of the next time that something happens, whatever it is: those who wait look again whether it was for them. */
import { type Clock, keepingAlive } from "../clock.ts";

export class WakeUps {
  readonly #clock: Clock;
  #waiting: (() => void)[];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#waiting = [];
  }

  /** Resolves at the next `wakeAll`, or when the signal fires. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    let onAbort: (() => void) | undefined;
    const woken = new Promise<void>((resolve) => {
      onAbort = resolve;
      this.#waiting.push(resolve);
    });
    signal?.addEventListener("abort", onAbort!, { once: true });
    await keepingAlive(this.#clock, woken);
    signal?.removeEventListener("abort", onAbort!);
  }

  wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }
}
