/**
 * The numbers of a column, leaf by leaf, in memory: what a scan compares before it looks at rows.
 *
 *     place of a leaf ─▶ starts[place] ─▶ chunks │ … │ n n n ∅ n n … one for each cell, NaN for NULL │ … │
 *
 * All columns of a store share its `NumberMemory`. Where that is spent, memory goes over from the column that nobody has asked for
 * longest to one that is asked for; if all are in use, leaves have no numbers, and rows are read as ever.
 */
import { grown } from "./group-table.ts";

/** More cells than a leaf has. */
export const MOST_CELLS = 2048;
/** Numbers of a chunk: those of a leaf lie in one. */
const CHUNK_NUMBERS = 65_536;
const CHUNK_BYTES = CHUNK_NUMBERS * Float64Array.BYTES_PER_ELEMENT;
/** A column that was asked for so many scans ago gives its memory to others. */
const UNUSED_FOR = 64;
/** The start of a leaf that has something else than numbers and NULLs. */
const NO_NUMBERS = 0xffff_ffff;

/** What the columns of a store may take together. */
export class NumberMemory {
  #limitBytes: number;
  #usedBytes: number;
  readonly #columns: Set<ColumnNumbers>;
  /** Scans that columns were asked for. */
  #scans: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#usedBytes = 0;
    this.#columns = new Set();
    this.#scans = 0;
  }

  /** From now on; columns that have more already keep it. */
  set limitBytes(bytes: number) {
    this.#limitBytes = bytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  add(column: ColumnNumbers): void {
    this.#columns.add(column);
  }

  remove(column: ColumnNumbers): void {
    column.close();
    this.#columns.delete(column);
  }

  /** The number of a scan that begins. */
  nextScan(): number {
    return ++this.#scans;
  }

  /** Undefined: none is to be had. */
  takeChunk(): Float64Array | undefined {
    if (this.#usedBytes + CHUNK_BYTES > this.#limitBytes) {
      this.#clearUnused();
    }
    if (this.#usedBytes + CHUNK_BYTES > this.#limitBytes) {
      return undefined;
    }
    this.#usedBytes += CHUNK_BYTES;
    return new Float64Array(CHUNK_NUMBERS);
  }

  giveChunks(count: number): void {
    this.#usedBytes -= count * CHUNK_BYTES;
  }

  #clearUnused(): void {
    for (const column of this.#columns) {
      if (this.#scans - column.lastScan > UNUSED_FOR) {
        column.clear();
      }
    }
  }
}

export class ColumnNumbers {
  /** The last one that it was asked for. */
  lastScan: number;
  readonly #memory: NumberMemory;
  #chunks: Float64Array[];
  /** Numbers taken of the last chunk. */
  #used: number;
  /** By the place of a leaf: where its numbers begin, counted through all chunks, plus one; 0: they are not there; or NO_NUMBERS. */
  #starts: Uint32Array;
  /** And how many there is room for. */
  #rooms: Uint16Array;
  /** It takes no memory any more. */
  #isClosed: boolean;

  constructor(memory: NumberMemory) {
    this.lastScan = 0;
    this.#memory = memory;
    this.#chunks = [];
    this.#used = CHUNK_NUMBERS;
    this.#starts = new Uint32Array(64);
    this.#rooms = new Uint16Array(64);
    this.#isClosed = false;
    memory.add(this);
  }

  clear(): void {
    this.#memory.giveChunks(this.#chunks.length);
    this.#chunks = [];
    this.#used = CHUNK_NUMBERS;
    this.#starts.fill(0);
    this.#rooms.fill(0);
  }

  /** A scan that still asks it has no numbers. */
  close(): void {
    this.clear();
    this.#isClosed = true;
  }

  /** Whether the numbers of a leaf are not there, and there is room for them. */
  isWanting(place: number): boolean {
    return (place >= this.#starts.length || this.#starts[place] === 0) && this.hasRoom();
  }

  /** Whether there is room for the numbers of a leaf. */
  hasRoom(): boolean {
    if (this.#used + MOST_CELLS > CHUNK_NUMBERS) {
      const chunk = this.#isClosed ? undefined : this.#memory.takeChunk();
      if (chunk === undefined) {
        return false;
      }
      this.#chunks.push(chunk);
      this.#used = 0;
    }
    return true;
  }

  /** Keeps the numbers of a leaf's cells; `hasRoom` has said that there is room. */
  put(place: number, numbers: Float64Array, count: number): void {
    this.#reserve(place);
    const kept = this.#starts[place]!;
    if (kept === 0 || kept === NO_NUMBERS || count > this.#rooms[place]!) {
      this.#starts[place] = (this.#chunks.length - 1) * CHUNK_NUMBERS + this.#used + 1;
      this.#rooms[place] = count;
      this.#used += count;
    }
    const start = this.#starts[place]! - 1;
    const chunk = this.#chunks[Math.floor(start / CHUNK_NUMBERS)]!;
    const first = start % CHUNK_NUMBERS;
    chunk.set(numbers.subarray(0, count), first);
    chunk.fill(Number.NaN, first + count, first + this.#rooms[place]!);
  }

  /** A leaf has something else. */
  putNone(place: number): void {
    this.#reserve(place);
    this.#starts[place] = NO_NUMBERS;
  }

  /** What is known of a leaf is of another one. */
  forget(place: number): void {
    if (place < this.#starts.length) {
      this.#starts[place] = 0;
    }
  }

  /**
   * Writes which cells from `from` below `to` have a number from `low` to `high`, both included; how many there are. Of `selected`
   * cells that are written there already, those that do not are taken away; −1: there are none yet. −1: no numbers are known.
   */
  select(
    place: number,
    low: number,
    high: number,
    from: number,
    to: number,
    slots: Uint16Array,
    selected: number,
  ): number {
    const kept = place < this.#starts.length ? this.#starts[place]! : 0;
    if (kept === 0 || kept === NO_NUMBERS) {
      return selected;
    }
    const start = kept - 1;
    const numbers = this.#chunks[Math.floor(start / CHUNK_NUMBERS)]!;
    const first = start % CHUNK_NUMBERS;
    return selected < 0
      ? selectCells(numbers, first, low, high, from, to, slots)
      : narrow(numbers, first, low, high, slots, selected);
  }

  /** For how many cells of a leaf there are numbers; what it has no cells for is NaN. */
  roomAt(place: number): number {
    return place < this.#rooms.length ? this.#rooms[place]! : 0;
  }

  #reserve(place: number): void {
    const { length } = this.#starts;
    if (place >= length) {
      const larger = Math.max(place + 1, 2 * length);
      this.#starts = grown(this.#starts, new Uint32Array(larger));
      const rooms = new Uint16Array(larger);
      rooms.set(this.#rooms);
      this.#rooms = rooms;
    }
  }
}

function selectCells(
  numbers: Float64Array,
  first: number,
  low: number,
  high: number,
  from: number,
  to: number,
  slots: Uint16Array,
): number {
  let count = 0;
  for (let slot = from; slot < to; slot++) {
    const number = numbers[first + slot]!;
    if (number >= low && number <= high) {
      slots[count++] = slot;
    }
  }
  return count;
}

function narrow(
  numbers: Float64Array,
  first: number,
  low: number,
  high: number,
  slots: Uint16Array,
  selected: number,
): number {
  let count = 0;
  for (let i = 0; i < selected; i++) {
    const slot = slots[i]!;
    const number = numbers[first + slot]!;
    if (number >= low && number <= high) {
      slots[count++] = slot;
    }
  }
  return count;
}
