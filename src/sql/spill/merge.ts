/** Several runs as one: a heap of their next entries. Of entries that are alike those of the earlier run come first. */
import { compareEntries, type Entries, type EntryShape } from "./entries.ts";

export class Merge implements Entries {
  key: Uint8Array;
  keyOffset: number;
  keyLength: number;
  isPartial: boolean;
  row: Uint8Array;
  rowData: DataView;
  rowOffset: number;
  rowLength: number;
  readonly #shape: EntryShape;
  readonly #runs: readonly Entries[];
  /** Numbers of runs; the first one's entry is the least. */
  readonly #heap: number[];
  #isBegun: boolean;

  /** The runs are before their first entries. */
  constructor(shape: EntryShape, runs: readonly Entries[]) {
    this.key = NO_BYTES;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.isPartial = false;
    this.row = NO_BYTES;
    this.rowData = NO_DATA;
    this.rowOffset = 0;
    this.rowLength = 0;
    this.#shape = shape;
    this.#runs = runs;
    this.#heap = [];
    this.#isBegun = false;
  }

  next(): boolean {
    const heap = this.#heap;
    if (!this.#isBegun) {
      this.#begin();
    } else if (heap.length > 0) {
      if (!this.#runs[heap[0]!]!.next()) {
        const last = heap.pop()!;
        if (heap.length > 0) {
          heap[0] = last;
        }
      }
      this.#sink(0);
    }
    const first = heap[0];
    if (first === undefined) {
      return false;
    }
    const run = this.#runs[first]!;
    this.key = run.key;
    this.keyOffset = run.keyOffset;
    this.keyLength = run.keyLength;
    this.isPartial = run.isPartial;
    this.row = run.row;
    this.rowData = run.rowData;
    this.rowOffset = run.rowOffset;
    this.rowLength = run.rowLength;
    return true;
  }

  #begin(): void {
    this.#isBegun = true;
    for (const [number, run] of this.#runs.entries()) {
      if (run.next()) {
        this.#heap.push(number);
      }
    }
    for (let at = this.#heap.length >>> 1; at >= 0; at--) {
      this.#sink(at);
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const sunk = heap[from];
    if (sunk === undefined) {
      return;
    }
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) {
        child++;
      }
      if (this.#isBefore(sunk, heap[child]!)) {
        break;
      }
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = sunk;
  }

  #isBefore(a: number, b: number): boolean {
    return (compareEntries(this.#shape, this.#runs[a]!, this.#runs[b]!) || a - b) < 0;
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_DATA = new DataView(NO_BYTES.buffer);
