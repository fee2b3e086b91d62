/** Rows that are sorted in memory, as many as a run has. */
import { assert } from "../../assert.ts";
import { copyBytes } from "../../bytes.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { grown } from "../run/group-table.ts";
import { KeySorter } from "../run/key-sorter.ts";
import { compareEntries, type Entries, type Entry, encodeRow } from "./entries.ts";
import type { KeyEncoder } from "./key-encoder.ts";

const FIRST_ROWS = 64;
/** Bytes that the sort needs of each row, beside its own. */
const BYTES_EACH = 32;
const NUMBER_BYTES = 4;

export class SortedBuffer implements Entries {
  key: Uint8Array;
  keyOffset: number;
  keyLength: number;
  isPartial: boolean;
  row: Uint8Array;
  rowData: DataView;
  rowOffset: number;
  rowLength: number;
  /** Memory that its rows take, about. */
  usedBytes: number;
  count: number;
  readonly #encoder: KeyEncoder;
  /** Has under each key the number of the row. */
  readonly #keys: KeySorter;
  readonly #number: Uint8Array;
  readonly #numberData: DataView;
  /** Where each row begins; one more than there are. */
  #starts: Uint32Array;
  #partial: Uint8Array;
  #hasPartial: boolean;
  /** Keys and rows in order, where values had a say. */
  #order: readonly Entry[] | undefined;
  #next: number;

  constructor(encoder: KeyEncoder, rows: number) {
    this.key = NO_BYTES;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.isPartial = false;
    this.row = new Uint8Array(FIRST_ROWS * BYTES_EACH);
    this.rowData = new DataView(this.row.buffer);
    this.rowOffset = 0;
    this.rowLength = 0;
    this.usedBytes = 0;
    this.count = 0;
    this.#encoder = encoder;
    this.#keys = new KeySorter(rows);
    this.#number = new Uint8Array(NUMBER_BYTES);
    this.#numberData = new DataView(this.#number.buffer);
    this.#starts = new Uint32Array(FIRST_ROWS + 1);
    this.#partial = new Uint8Array(FIRST_ROWS);
    this.#hasPartial = false;
    this.#order = undefined;
    this.#next = 0;
  }

  add(keys: HeldRow, row: HeldRow): void {
    const encoder = this.#encoder;
    const number = this.count++;
    encoder.write(keys);
    const { bytes, length } = encodeRow(row, encoder.isPartial ? keys : undefined);
    const start = this.#reserve(number, length);
    copyBytes(bytes, 0, this.row, start, length);
    this.#starts[number + 1] = start + length;
    this.#partial[number] = encoder.isPartial ? 1 : 0;
    this.#hasPartial ||= encoder.isPartial;
    this.#numberData.setUint32(0, number, true);
    this.#keys.add(encoder.bytes, encoder.length, true, this.#number, 0, NUMBER_BYTES, NO_BYTES, 0, 0);
    this.usedBytes += encoder.length + length + BYTES_EACH;
  }

  /** After the last row, before the first `next`. `columns` a row has, its partial key left out. */
  sort(columns: number): void {
    this.#keys.sort();
    this.key = this.#keys.bytes;
    if (this.#hasPartial) {
      const shape = { terms: this.#encoder.terms, columns };
      const order: Entry[] = [];
      while (this.next()) {
        const { key, keyOffset, keyLength, isPartial, row, rowData, rowOffset, rowLength } = this;
        order.push({ key, keyOffset, keyLength, isPartial, row, rowData, rowOffset, rowLength });
      }
      // Stable, and in order by their bytes already.
      this.#order = order.sort((a, b) => compareEntries(shape, a, b));
    }
  }

  next(): boolean {
    if (this.#order !== undefined) {
      return this.#nextInOrder(this.#order);
    }
    const keys = this.#keys;
    if (!keys.next()) {
      return false;
    }
    this.keyOffset = keys.keyOffset;
    this.keyLength = keys.keyLength;
    const { key, valueOffset } = { key: keys.bytes, valueOffset: keys.valueOffset };
    const number =
      (key[valueOffset]! |
        (key[valueOffset + 1]! << 8) |
        (key[valueOffset + 2]! << 16) |
        (key[valueOffset + 3]! << 24)) >>>
      0;
    this.isPartial = this.#partial[number] === 1;
    this.rowOffset = this.#starts[number]!;
    this.rowLength = this.#starts[number + 1]! - this.rowOffset;
    return true;
  }

  #nextInOrder(order: readonly Entry[]): boolean {
    const entry = order[this.#next];
    if (entry === undefined) {
      return false;
    }
    this.#next++;
    this.keyOffset = entry.keyOffset;
    this.keyLength = entry.keyLength;
    this.isPartial = entry.isPartial;
    this.rowOffset = entry.rowOffset;
    this.rowLength = entry.rowLength;
    return true;
  }

  /** Room for a row; where it begins. */
  #reserve(number: number, length: number): number {
    if (number === this.#partial.length) {
      this.#partial = grown(this.#partial, new Uint8Array(number * 2));
      this.#starts = grown(this.#starts, new Uint32Array(number * 2 + 1));
    }
    const start = this.#starts[number]!;
    const end = start + length;
    assert(end < 2 ** 32, "a buffer is written out long before that");
    if (end > this.row.length) {
      this.row = grown(this.row, new Uint8Array(Math.max(end, this.row.length * 2)));
      this.rowData = new DataView(this.row.buffer);
    }
    return start;
  }
}

const NO_BYTES = new Uint8Array(0);
