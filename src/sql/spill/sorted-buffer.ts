/** Rows that are sorted in memory, as many as a run has. */
import { assert } from "../../assert.ts";
import { copyBytes } from "../../bytes.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { grown } from "../run/group-table.ts";
import { KeySorter } from "../run/key-sorter.ts";
import { compareEntries, type Entries, type Entry, encodeRow } from "./entries.ts";
import type { KeyEncoder } from "./key-encoder.ts";

const FIRST_ROWS = 16;
/** So few are compared: what a KeySorter needs takes 20 µs to make. */
const FEW_ROWS = 32;
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
  /** Has under each key the number of the row; undefined as long as they are few. */
  #keys: KeySorter | undefined;
  readonly #few: Uint8Array[];
  readonly #expected: number;
  /** Where each row begins; one more than there are. */
  #starts: Uint32Array;
  #partial: Uint8Array;
  #hasPartial: boolean;
  /** Keys and rows in order, where values had a say. */
  #order: readonly Entry[] | undefined;
  #next: number;

  /** `expected`: about so many rows will be added. */
  constructor(encoder: KeyEncoder, expected: number) {
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
    this.#keys = undefined;
    this.#few = [];
    this.#expected = expected;
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
    if (number < FEW_ROWS) {
      this.#few.push(encoder.bytes.slice(0, encoder.length));
    } else {
      this.#addKey(encoder.bytes, encoder.length, number);
    }
    this.usedBytes += encoder.length + length + BYTES_EACH;
  }

  #addKey(key: Uint8Array, length: number, number: number): void {
    if (this.#keys === undefined) {
      this.#keys = new KeySorter(this.#expected);
      for (const [few, bytes] of this.#few.entries()) {
        this.#addKey(bytes, bytes.length, few);
      }
    }
    numberData.setUint32(0, number, true);
    this.#keys.add(key, length, true, numberBytes, 0, NUMBER_BYTES, NO_BYTES, 0, 0);
  }

  /** After the last row, before the first `next`. `columns` a row has, its partial key left out. */
  sort(columns: number): void {
    const keys = this.#keys;
    if (keys !== undefined) {
      keys.sort();
      this.key = keys.bytes;
    }
    if (keys === undefined || this.#hasPartial) {
      const shape = { terms: this.#encoder.terms, columns };
      const order: Entry[] = [];
      while (keys === undefined ? this.#nextOfFew(order.length) : this.#nextByKey(keys)) {
        const { key, keyOffset, keyLength, isPartial, row, rowData, rowOffset, rowLength } = this;
        order.push({ key, keyOffset, keyLength, isPartial, row, rowData, rowOffset, rowLength });
      }
      // Stable, and many are in order by their bytes already.
      this.#order = order.sort((a, b) => compareEntries(shape, a, b));
    }
  }

  next(): boolean {
    return this.#order === undefined ? this.#nextByKey(this.#keys!) : this.#nextInOrder(this.#order);
  }

  /** In the order in which they came. */
  #nextOfFew(number: number): boolean {
    const key = this.#few[number];
    if (key === undefined) {
      return false;
    }
    this.key = key;
    this.keyOffset = 0;
    this.keyLength = key.length;
    this.#goTo(number);
    return true;
  }

  #nextByKey(keys: KeySorter): boolean {
    if (!keys.next()) {
      return false;
    }
    this.keyOffset = keys.keyOffset;
    this.keyLength = keys.keyLength;
    const { bytes: key, valueOffset } = keys;
    const number =
      (key[valueOffset]! |
        (key[valueOffset + 1]! << 8) |
        (key[valueOffset + 2]! << 16) |
        (key[valueOffset + 3]! << 24)) >>>
      0;
    this.#goTo(number);
    return true;
  }

  #goTo(number: number): void {
    this.isPartial = this.#partial[number] === 1;
    this.rowOffset = this.#starts[number]!;
    this.rowLength = this.#starts[number + 1]! - this.rowOffset;
  }

  #nextInOrder(order: readonly Entry[]): boolean {
    const entry = order[this.#next];
    if (entry === undefined) {
      return false;
    }
    this.#next++;
    this.key = entry.key;
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
const numberBytes = new Uint8Array(NUMBER_BYTES);
const numberData = new DataView(numberBytes.buffer);
