/**
 * How fast something went, by windows of 100 ms of its clock.
 *
 * What is reported as done counts evenly for the time since the last report: a commit of 1000 entries that stood still for
 * a second gives ten windows of 100 entries, not nine of none and one of 1000. A clock that is stopped adds to no window.
 */
export const WINDOW_MS = 100;

export class RateWindows {
  readonly #counts: number[];
  #reportedMs: number;

  constructor() {
    this.#counts = [];
    this.#reportedMs = 0;
  }

  /** `count` things were done between the last report and `elapsedMs`, which is no earlier. */
  add(elapsedMs: number, count: number): void {
    const from = this.#reportedMs;
    const last = Math.floor(elapsedMs / WINDOW_MS);
    while (this.#counts.length <= last) {
      this.#counts.push(0);
    }
    for (let window = Math.floor(from / WINDOW_MS); window < last; window++) {
      const until = (window + 1) * WINDOW_MS;
      this.#counts[window]! += share(until - Math.max(from, window * WINDOW_MS), elapsedMs - from) * count;
    }
    this.#counts[last]! += share(elapsedMs - Math.max(from, last * WINDOW_MS), elapsedMs - from) * count;
    this.#reportedMs = elapsedMs;
  }

  /** Per second, of every window that is over. */
  rates(): number[] {
    const whole = Math.floor(this.#reportedMs / WINDOW_MS);
    return this.#counts.slice(0, whole).map((count) => count * (1000 / WINDOW_MS));
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
