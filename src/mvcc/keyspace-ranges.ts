/**
 * The range deletes of one keyspace in one arena, numbered from 1 on as they were written.
 *
 *     steps      which of them is the newest over each key             range-steps.ts
 *     replaced   what each was laid over: the steps within it, as they were before
 *     history    the same for all of them, by time; made for readers that need it        range-history.ts
 *
 * Who sees everything finds the newest one over a key with one search. Who does not goes down from it, through what it and
 * those below it were laid over, and after a few of them asks the history. Taking back puts back what was replaced.
 */
import type { RangeDelete } from "../lsm/index.ts";
import { OP_COMMIT_DELTA } from "../wal/index.ts";
import { compareEnds, compareWithEnd, hasUpper, upperEnd } from "./range-ends.ts";
import { RangeHistory } from "./range-history.ts";
import { RangeSteps } from "./range-steps.ts";
import { WordList } from "./word-list.ts";

/** The history takes memory and time to make; it is not worth it for less. */
const MOST_STEPS_DOWN = 16;
/** The objects themselves, about. */
const FIXED_BYTES = 1024;

export class KeyspaceRanges {
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  /** Their operations, by number less one. */
  readonly #ops: WordList;
  readonly #steps: RangeSteps;
  /** End and number of the steps that each replaced, as `RangeSteps.lay` adds them. */
  readonly #replaced: WordList;
  /** Where in `replaced` those of each begin. */
  readonly #begins: WordList;
  #history: RangeHistory | undefined;

  constructor(u8: Uint8Array, u32: Uint32Array) {
    this.#u8 = u8;
    this.#u32 = u32;
    this.#ops = new WordList();
    this.#steps = new RangeSteps(u8, u32);
    this.#replaced = new WordList();
    this.#begins = new WordList();
    this.#history = undefined;
  }

  get ops(): Uint32Array {
    return this.#ops.words.subarray(0, this.#ops.length);
  }

  get isEmpty(): boolean {
    return this.#ops.length === 0;
  }

  /** The history, which readers make, apart. */
  get memoryBytes(): number {
    const lists = this.#ops.memoryBytes + this.#begins.memoryBytes + this.#replaced.memoryBytes;
    return FIXED_BYTES + lists + this.#steps.memoryBytes;
  }

  get historyBytes(): number {
    return this.#history === undefined ? 0 : this.#history.memoryBytes;
  }

  /** One that lies behind all others in the arena. */
  add(op: number): void {
    if (hasUpper(this.#u32, op) && compareEnds(this.#u8, this.#u32, op, upperEnd(op)) >= 0) {
      return;
    }
    this.#ops.push(op);
    this.#begins.push(this.#replaced.length);
    this.#steps.lay(op, this.#ops.length, this.#replaced);
  }

  /** Takes back those that lie at `mark` or behind. */
  rewindTo(mark: number): void {
    while (this.#ops.length > 0 && this.#ops.words[this.#ops.length - 1]! >= mark) {
      const last = this.#ops.length - 1;
      const begin = this.#begins.words[last]!;
      this.#steps.takeAway(this.#ops.words[last]!, this.#replaced.words, begin, this.#replaced.length);
      this.#replaced.cutTo(begin);
      this.#begins.cutTo(last);
      this.#ops.cutTo(last);
    }
    this.#history?.cutTo(this.#ops.length);
  }

  /** The operation of the newest over the key, of those with a commit delta up to `limit` that lie before `end`; 0 for none. */
  newestOver(key: Uint8Array, offset: number, length: number, limit: number, end: number): number {
    let number = this.#steps.at(key, offset, length);
    for (let left = MOST_STEPS_DOWN; number !== 0 && !this.#isSeen(number, limit, end); left--) {
      if (left === 0) {
        this.#history ??= new RangeHistory(this.#u8, this.#u32, this.#ops);
        number = this.#history.newestOf(this.#countSeen(number, limit, end), key, offset, length);
        break;
      }
      number = this.#below(number, key, offset, length);
    }
    return number === 0 ? 0 : this.#ops.words[number - 1]!;
  }

  /** Whether one with a greater commit delta covers anything between the keys. */
  covers(lower: Uint8Array | undefined, upper: Uint8Array | undefined, delta: number): boolean {
    const count = this.#countSeen(this.#ops.length + 1, delta, Number.POSITIVE_INFINITY);
    return count < this.#ops.length && this.#steps.hasNewer(lower, upper, count);
  }

  /** In key order, ranges that do not touch. */
  covered(): RangeDelete[] {
    return this.#steps.covered();
  }

  /** The newest over the key before a certain one that covers it. */
  #below(number: number, key: Uint8Array, offset: number, length: number): number {
    const { words } = this.#replaced;
    // In pairs; the first one begins where the range delete does, at or before the key.
    let low = this.#begins.words[number - 1]! >>> 1;
    let high = (number === this.#begins.length ? this.#replaced.length : this.#begins.words[number]!) >>> 1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (compareWithEnd(this.#u8, this.#u32, words[2 * middle]!, key, offset, length) >= 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return words[2 * low + 1]!;
  }

  #isSeen(number: number, limit: number, end: number): boolean {
    const op = this.#ops.words[number - 1]!;
    return op < end && this.#u32[(op + OP_COMMIT_DELTA) >>> 2]! <= limit;
  }

  /** How many are seen, of those before a certain one: the first ones, since offsets and commits ascend. */
  #countSeen(number: number, limit: number, end: number): number {
    let low = 0;
    let high = number - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isSeen(middle + 1, limit, end)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
