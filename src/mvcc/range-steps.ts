/**
 * Which range delete is the newest over each key: a function of the key that changes in steps.
 *
 *     1 deletes [b, h)       ├───────────┤
 *     2 deletes [e, m)             ├───────────────┤
 *     steps                  b:1   e:2             m:0       0: none
 *
 * The range deletes of a keyspace are numbered from 1 on, and each is laid over those before it: the steps within it go, and
 * the caller keeps them (`replaced`), so that it can be taken away again, the last one first. Every range delete adds two steps
 * at the most, and a step goes once; so all of them together take little work and little memory, however they lie.
 *
 * Steps lie in chunks, in key order; none is empty unless it is the only one. One place in them is named in one way: slot 0
 * only in the first chunk, elsewhere behind the last step of the chunk before.
 */
import type { RangeDelete } from "../lsm/index.ts";
import { compareEnds, compareWithEnd, copyOfEnd, endLength, endOffset, hasUpper, upperEnd } from "./range-ends.ts";
import type { WordList } from "./word-list.ts";

/** Steps of a chunk: a search among 256 and a move of them take well under a microsecond. */
const MAX_CHUNK_STEPS = 256;
const MIN_CHUNK_STEPS = 8;
/** Chunks that are made many at once are filled so far, with room for what comes between. */
const FILLED_CHUNK_STEPS = 192;
const BYTES_PER_STEP = 8;
/** A function takes only so many arguments. */
const MAX_SPLICED = 1000;
/** Which steps `#seek` passes: those that compare with the key so, before it or at it too. */
const BEFORE = 1;
const UP_TO = 0;

interface Chunk {
  /** Where each step is, ascending: ends as in range-ends.ts. */
  readonly ends: Uint32Array;
  /** The range delete that is the newest from there on; 0 for none. */
  readonly numbers: Uint32Array;
  count: number;
  /** The greatest of the numbers. */
  newest: number;
}

export class RangeSteps {
  /** What the chunks take. */
  memoryBytes: number;
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  #chunks: Chunk[];
  /** Where the last `#seek` ended. */
  #chunk: number;
  #slot: number;
  readonly #added: Uint32Array;

  constructor(u8: Uint8Array, u32: Uint32Array) {
    this.#u8 = u8;
    this.#u32 = u32;
    const first = makeChunk(MIN_CHUNK_STEPS);
    this.#chunks = [first];
    this.memoryBytes = bytesOf(first);
    this.#chunk = 0;
    this.#slot = 0;
    this.#added = new Uint32Array(4);
  }

  /** The number of the newest range delete over the key; 0 for none. */
  at(key: Uint8Array, offset: number, length: number): number {
    this.#seek(key, offset, length, UP_TO);
    return this.#numberBefore(this.#chunk, this.#slot);
  }

  /** Whether a range delete with a number above `number` covers anything between two keys. */
  hasNewer(lower: Uint8Array | undefined, upper: Uint8Array | undefined, number: number): boolean {
    this.#seekLower(lower);
    const firstChunk = this.#chunk;
    const firstSlot = this.#slot;
    if (this.#numberBefore(firstChunk, firstSlot) > number) {
      return true;
    }
    this.#seekUpper(upper);
    const lastChunk = this.#chunk;
    for (let c = firstChunk; c <= lastChunk; c++) {
      const { numbers, count, newest } = this.#chunks[c]!;
      const from = c === firstChunk ? firstSlot : 0;
      const to = c === lastChunk ? this.#slot : count;
      if (newest <= number) {
        continue;
      }
      for (let i = from; i < to; i++) {
        if (numbers[i]! > number) {
          return true;
        }
      }
    }
    return false;
  }

  /** What is covered by any range delete: in key order, ranges that do not touch. */
  covered(): RangeDelete[] {
    const covered: RangeDelete[] = [];
    let lower: Uint8Array | undefined;
    for (const { ends, numbers, count } of this.#chunks) {
      for (let i = 0; i < count; i++) {
        if (numbers[i] !== 0) {
          lower ??= copyOfEnd(this.#u8, this.#u32, ends[i]!);
        } else if (lower !== undefined) {
          covered.push({ lower, upper: copyOfEnd(this.#u8, this.#u32, ends[i]!) });
          lower = undefined;
        }
      }
    }
    if (lower !== undefined) {
      covered.push({ lower, upper: undefined });
    }
    return covered;
  }

  /**
   * Lays a range delete with the greatest number so far over the steps. Those that it replaces are added to `replaced`, end and
   * number; the first of them begins where the range delete does (named by its own lower end where no step was there).
   */
  lay(op: number, number: number, replaced: WordList): void {
    const upper = upperEnd(op);
    this.#seekEnd(op);
    const firstChunk = this.#chunk;
    const firstSlot = this.#slot;
    const hasEnd = this.#seekUpperOf(op);
    const lastChunk = this.#chunk;
    const lastSlot = this.#slot;
    if (!this.#isStepAt(firstChunk, firstSlot, op)) {
      replaced.push(op);
      replaced.push(this.#numberBefore(firstChunk, firstSlot));
    }
    for (let c = firstChunk; c <= lastChunk; c++) {
      const { ends, numbers, count } = this.#chunks[c]!;
      const to = c === lastChunk ? lastSlot : count;
      for (let i = c === firstChunk ? firstSlot : 0; i < to; i++) {
        replaced.push(ends[i]!);
        replaced.push(numbers[i]!);
      }
    }
    const added = this.#added;
    added[0] = op;
    added[1] = number;
    added[2] = upper;
    added[3] = this.#numberBefore(lastChunk, lastSlot);
    const isEndThere = !hasEnd || this.#isStepAt(lastChunk, lastSlot, upper);
    this.#replace(firstChunk, firstSlot, lastChunk, lastSlot, added, 0, isEndThere ? 2 : 4);
  }

  /** Takes the range delete away that was laid last, and puts back what it had replaced: `words` from `from` to `to`. */
  takeAway(op: number, words: Uint32Array, from: number, to: number): void {
    this.#seekEnd(op);
    const firstChunk = this.#chunk;
    const firstSlot = this.#slot;
    const hasEnd = this.#seekUpperOf(op);
    if (hasEnd && this.#stepAt(this.#chunk, this.#slot) === upperEnd(op)) {
      this.#moveOn();
    }
    const first = words[from] === op ? from + 2 : from;
    this.#replace(firstChunk, firstSlot, this.#chunk, this.#slot, words, first, to);
  }

  /** To the place behind all steps before the key, or up to it. */
  #seek(key: Uint8Array, offset: number, length: number, counted: typeof BEFORE | typeof UP_TO): void {
    const u8 = this.#u8;
    const u32 = this.#u32;
    let low = 1;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWithEnd(u8, u32, this.#chunks[middle]!.ends[0]!, key, offset, length) >= counted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#chunk = low - 1;
    const { ends, count } = this.#chunks[low - 1]!;
    low = 0;
    high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWithEnd(u8, u32, ends[middle]!, key, offset, length) >= counted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#slot = low;
  }

  #seekEnd(end: number): void {
    this.#seek(this.#u8, endOffset(this.#u32, end), endLength(this.#u32, end), BEFORE);
  }

  /** False: it has none, and the place is behind all steps. */
  #seekUpperOf(op: number): boolean {
    if (hasUpper(this.#u32, op)) {
      this.#seekEnd(upperEnd(op));
      return true;
    }
    this.#seekUpper(undefined);
    return false;
  }

  #seekLower(key: Uint8Array | undefined): void {
    if (key === undefined) {
      this.#chunk = 0;
      this.#slot = 0;
    } else {
      this.#seek(key, 0, key.length, UP_TO);
    }
  }

  #seekUpper(key: Uint8Array | undefined): void {
    if (key === undefined) {
      this.#chunk = this.#chunks.length - 1;
      this.#slot = this.#chunks[this.#chunk]!.count;
    } else {
      this.#seek(key, 0, key.length, BEFORE);
    }
  }

  /** Behind one more step. */
  #moveOn(): void {
    if (this.#slot === this.#chunks[this.#chunk]!.count) {
      this.#chunk++;
      this.#slot = 0;
    }
    this.#slot++;
  }

  /** What is the newest right before a place. */
  #numberBefore(chunk: number, slot: number): number {
    return slot === 0 ? 0 : this.#chunks[chunk]!.numbers[slot - 1]!;
  }

  /** The end of the step behind a place; undefined: there is none. */
  #stepAt(chunk: number, slot: number): number | undefined {
    const { ends, count } = this.#chunks[chunk]!;
    return slot < count ? ends[slot] : this.#chunks[chunk + 1]?.ends[0];
  }

  #isStepAt(chunk: number, slot: number, end: number): boolean {
    const step = this.#stepAt(chunk, slot);
    return step !== undefined && compareEnds(this.#u8, this.#u32, step, end) === 0;
  }

  /** Puts the steps in `words`, end and number, in the place of those between two places. */
  #replace(
    firstChunk: number,
    firstSlot: number,
    lastChunk: number,
    lastSlot: number,
    words: Uint32Array,
    from: number,
    to: number,
  ): void {
    const head = this.#chunks[firstChunk]!;
    const tail = this.#chunks[lastChunk]!;
    const added = (to - from) >>> 1;
    const count = firstSlot + added + tail.count - lastSlot;
    const isOnly = lastChunk - firstChunk + 1 === this.#chunks.length;
    if (head === tail && count <= head.ends.length && (count > 0 || isOnly)) {
      head.ends.copyWithin(firstSlot + added, lastSlot, head.count);
      head.numbers.copyWithin(firstSlot + added, lastSlot, head.count);
      fill(head.ends, head.numbers, firstSlot, words, from, to);
      head.count = count;
      head.newest = greatest(head.numbers, count);
      return;
    }
    const ends = new Uint32Array(count);
    const numbers = new Uint32Array(count);
    ends.set(head.ends.subarray(0, firstSlot));
    numbers.set(head.numbers.subarray(0, firstSlot));
    fill(ends, numbers, firstSlot, words, from, to);
    ends.set(tail.ends.subarray(lastSlot, tail.count), firstSlot + added);
    numbers.set(tail.numbers.subarray(lastSlot, tail.count), firstSlot + added);
    this.#replaceChunks(firstChunk, lastChunk + 1, count === 0 && !isOnly ? [] : chunksOf(ends, numbers));
  }

  #replaceChunks(from: number, to: number, made: readonly Chunk[]): void {
    for (let i = from; i < to; i++) {
      this.memoryBytes -= bytesOf(this.#chunks[i]!);
    }
    for (const chunk of made) {
      this.memoryBytes += bytesOf(chunk);
    }
    if (made.length <= MAX_SPLICED) {
      this.#chunks.splice(from, to - from, ...made);
    } else {
      this.#chunks = [...this.#chunks.slice(0, from), ...made, ...this.#chunks.slice(to)];
    }
  }
}

function makeChunk(capacity: number): Chunk {
  return { ends: new Uint32Array(capacity), numbers: new Uint32Array(capacity), count: 0, newest: 0 };
}

/** As many chunks as it takes, filled evenly. */
function chunksOf(ends: Uint32Array, numbers: Uint32Array): Chunk[] {
  const steps = ends.length;
  const parts = steps <= MAX_CHUNK_STEPS ? 1 : Math.ceil(steps / FILLED_CHUNK_STEPS);
  const made: Chunk[] = [];
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((steps * part) / parts);
    const to = Math.floor((steps * (part + 1)) / parts);
    const chunk = makeChunk(parts > 1 ? MAX_CHUNK_STEPS : capacityFor(steps));
    chunk.ends.set(ends.subarray(from, to));
    chunk.numbers.set(numbers.subarray(from, to));
    chunk.count = to - from;
    chunk.newest = greatest(chunk.numbers, chunk.count);
    made.push(chunk);
  }
  return made;
}

/** With room for as many again, as far as a chunk goes. */
function capacityFor(steps: number): number {
  return Math.min(MAX_CHUNK_STEPS, Math.max(MIN_CHUNK_STEPS, 2 * steps));
}

function fill(ends: Uint32Array, numbers: Uint32Array, at: number, words: Uint32Array, from: number, to: number): void {
  for (let word = from, slot = at; word < to; word += 2, slot++) {
    ends[slot] = words[word]!;
    numbers[slot] = words[word + 1]!;
  }
}

function greatest(numbers: Uint32Array, count: number): number {
  let most = 0;
  for (let i = 0; i < count; i++) {
    most = Math.max(most, numbers[i]!);
  }
  return most;
}

function bytesOf(chunk: Chunk): number {
  return chunk.ends.length * BYTES_PER_STEP;
}
