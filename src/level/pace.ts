/**
 * When to let the event loop turn: promises that resolve at once follow one another without it, so that a loop of
 * `await level.get(…)`, or over an iterator, would keep timers and sockets waiting for as long as it runs.
 *
 * Operations count what they do. When it has come to WORK, about half a millisecond, the one that is under way resolves
 * in the next turn (1–2 µs where nothing else waits).
 */
import { nextTurn } from "../clock.ts";

/** In bytes copied (of text, characters); a single operation counts as a few hundred besides. */
const WORK = 256 * 1024;

export class Pace {
  #work: number;

  constructor() {
    this.#work = 0;
  }

  add(work: number): void {
    this.#work += work;
  }

  /** Whether a turn is due; who is told so gives the loop one. */
  isDue(): boolean {
    if (this.#work < WORK) {
      return false;
    }
    this.#work = 0;
    return true;
  }

  /** `value` at once, or in the next turn where that is due. */
  pass<T>(value: T, work: number): T | Promise<T> {
    this.#work += work;
    return this.isDue() ? nextTurn().then(() => value) : value;
  }
}
