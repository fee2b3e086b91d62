/** A clock that can be stopped while the next keys are prepared. */
import { performance } from "node:perf_hooks";

export class Stopwatch {
  #startedAt: number;
  #elapsedMs: number;

  constructor() {
    this.#startedAt = 0;
    this.#elapsedMs = 0;
  }

  start(): void {
    this.#startedAt = performance.now();
  }

  stop(): void {
    this.#elapsedMs += performance.now() - this.#startedAt;
  }

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** What `elapsedMs` would be if the clock, which runs, were stopped now. */
  splitMs(): number {
    return this.#elapsedMs + performance.now() - this.#startedAt;
  }

  /** Of `count` things done, per second. */
  rate(count: number): number {
    return count / (this.#elapsedMs / 1000);
  }
}
