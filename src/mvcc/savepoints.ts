/**
 * The savepoints of one transaction: numbers that the application holds for places in its writes.
 *
 * A number is never given out twice, so that one of an earlier transaction, or one behind a savepoint that was gone back
 * to, is told from those that hold (INVALID): going "back" to it would put bytes into the log that no operation wrote.
 */
import { DbError } from "../errors.ts";

interface Savepoint {
  readonly number: number;
  /** Where the next write went, in the terms of whoever keeps the writes. */
  readonly mark: number;
}

export class Savepoints {
  /** Oldest first: marks and numbers ascend. */
  #held: Savepoint[];
  #next: number;

  constructor() {
    this.#held = [];
    this.#next = 1;
  }

  add(mark: number): number {
    const number = this.#next++;
    this.#held.push({ number, mark });
    return number;
  }

  /** The mark to go back to; the savepoints after it are gone, it stays. */
  goBackTo(number: number): number {
    const at = this.#held.findIndex((savepoint) => savepoint.number === number);
    if (at < 0) {
      throw new DbError(
        "INVALID",
        `there is no savepoint ${number}: it is of another transaction, or was made after one that was gone back to`,
        { savepoint: number },
      );
    }
    this.#held.length = at + 1;
    return this.#held[at]!.mark;
  }

  /** It and those after it are not gone back to any more. */
  release(number: number): void {
    while (this.#held.length > 0 && this.#held.at(-1)!.number >= number) {
      this.#held.pop();
    }
  }

  clear(): void {
    this.#held = [];
  }
}
