/**
 * Which range delete was the newest over a key at an earlier time, for readers that do not see the last ones.
 *
 * The range deletes of a keyspace, in the order in which they were written, are taken in blocks of 64, of 8 × 64, and so on;
 * of each block it is known what its range deletes cover together, as ranges that do not touch. A search goes backwards from
 * the reader's time, by the largest blocks that end where it is, over those that do not cover the key and into the first
 * one that does. The one for a reader that sees 651:
 *
 *     blocks of 512   ├────────────── 0 ──────────────┤              3. covers the key: into it
 *     blocks of 64    ├ 0 ┼ 1 ┼ 2 ┼ 3 ┼ 4 ┼ 5 ┼ 6 ┼ 7 ┼ 8 ┼ 9 ┤      2. do not;  4. the last of the 8 that does: into it
 *     single ones                                             ┤···   1. 651 to 641 do not;  5. the last of the 64 that does
 *
 * So it takes a binary search in each of a few blocks of every size, and some comparisons. A block is made when it is first
 * asked for. With range deletes that are taken back go the blocks that they are in.
 */
import { compareEnds, compareWithEnd, hasUpper, isBelowUpper, upperEnd } from "./range-ends.ts";
import type { WordList } from "./word-list.ts";

const SMALLEST_BLOCK = 64;
const BLOCKS_IN_NEXT = 8;
/** Of the larger kinds none is needed: the offsets of an arena end before. */
const LEVELS = 8;
/** What is told of each range is two operations: that whose lower end it begins with, that whose upper end it ends with. */
const WORDS_PER_RANGE = 2;

export class RangeHistory {
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #ops: WordList;
  /** By level, and by number. */
  readonly #blocks: (Uint32Array | undefined)[][];
  memoryBytes: number;

  constructor(u8: Uint8Array, u32: Uint32Array, ops: WordList) {
    this.#u8 = u8;
    this.#u32 = u32;
    this.#ops = ops;
    this.#blocks = Array.from({ length: LEVELS }, () => []);
    this.memoryBytes = 0;
  }

  /** The number (from 1 on) of the newest among the first `count` range deletes that covers the key; 0 for none. */
  newestOf(count: number, key: Uint8Array, offset: number, length: number): number {
    let end = count;
    /** The smallest block known to hold the answer. */
    let within = LEVELS;
    while (end > 0) {
      const level = Math.min(within - 1, levelEndingAt(end));
      const isCovered =
        level < 0
          ? this.#covers(this.#ops.words[end - 1]!, key, offset, length)
          : this.#isIn(this.#block(level, end / sizeOf(level) - 1), key, offset, length);
      if (!isCovered) {
        end -= sizeOf(level);
      } else if (level < 0) {
        return end;
      } else {
        within = level;
      }
    }
    return 0;
  }

  /** There are only the first `count` range deletes any more. */
  cutTo(count: number): void {
    for (const [level, blocks] of this.#blocks.entries()) {
      const whole = Math.floor(count / sizeOf(level));
      for (let i = whole; i < blocks.length; i++) {
        this.memoryBytes -= blocks[i]?.byteLength ?? 0;
      }
      blocks.length = Math.min(blocks.length, whole);
    }
  }

  #block(level: number, index: number): Uint32Array {
    const blocks = this.#blocks[level]!;
    let block = blocks[index];
    if (block === undefined) {
      block = this.#unite(level === 0 ? this.#single(index) : this.#parts(level, index));
      while (blocks.length < index) {
        blocks.push(undefined);
      }
      blocks[index] = block;
      this.memoryBytes += block.byteLength;
    }
    return block;
  }

  /** The ranges of the operations of a smallest block. */
  #single(index: number): Range[] {
    const ranges: Range[] = [];
    for (let i = index * SMALLEST_BLOCK; i < (index + 1) * SMALLEST_BLOCK; i++) {
      const op = this.#ops.words[i]!;
      ranges.push({ first: op, last: op });
    }
    return ranges;
  }

  /** The ranges of the blocks that a larger one consists of. */
  #parts(level: number, index: number): Range[] {
    const ranges: Range[] = [];
    for (let part = 0; part < BLOCKS_IN_NEXT; part++) {
      const block = this.#block(level - 1, index * BLOCKS_IN_NEXT + part);
      for (let i = 0; i < block.length; i += WORDS_PER_RANGE) {
        ranges.push({ first: block[i]!, last: block[i + 1]! });
      }
    }
    return ranges;
  }

  #unite(ranges: Range[]): Uint32Array {
    const u8 = this.#u8;
    const u32 = this.#u32;
    ranges.sort((a, b) => compareEnds(u8, u32, a.first, b.first));
    const united = new Uint32Array(ranges.length * WORDS_PER_RANGE);
    let length = 0;
    for (const { first, last } of ranges) {
      const before = length === 0 ? 0 : united[length - 1]!;
      if (before !== 0 && (!hasUpper(u32, before) || compareEnds(u8, u32, upperEnd(before), first) >= 0)) {
        united[length - 1] = this.#laterOf(before, last);
      } else {
        united[length++] = first;
        united[length++] = last;
      }
    }
    return united.slice(0, length);
  }

  /** Of two operations the one that reaches farther. */
  #laterOf(a: number, b: number): number {
    const u32 = this.#u32;
    if (!hasUpper(u32, a) || !hasUpper(u32, b)) {
      return hasUpper(u32, a) ? b : a;
    }
    return compareEnds(this.#u8, u32, upperEnd(a), upperEnd(b)) >= 0 ? a : b;
  }

  #isIn(block: Uint32Array, key: Uint8Array, offset: number, length: number): boolean {
    let low = 0;
    let high = block.length / WORDS_PER_RANGE;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWithEnd(this.#u8, this.#u32, block[middle * WORDS_PER_RANGE]!, key, offset, length) >= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const last = block[low * WORDS_PER_RANGE - 1];
    return last !== undefined && isBelowUpper(this.#u8, this.#u32, last, key, offset, length);
  }

  #covers(op: number, key: Uint8Array, offset: number, length: number): boolean {
    return (
      compareWithEnd(this.#u8, this.#u32, op, key, offset, length) >= 0 &&
      isBelowUpper(this.#u8, this.#u32, op, key, offset, length)
    );
  }
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** The level of the largest blocks of which one ends at a number of range deletes; -1: none does. */
function levelEndingAt(count: number): number {
  let level = -1;
  while (level + 1 < LEVELS && count % sizeOf(level + 1) === 0) {
    level++;
  }
  return level;
}

/** How many range deletes are in a block; one by itself is of level -1. */
function sizeOf(level: number): number {
  return level < 0 ? 1 : SMALLEST_BLOCK * BLOCKS_IN_NEXT ** level;
}
