/**
 * Rows that are looked for by their keys: a run in a file, and in memory the first key of each stretch of it.
 *
 *   run       [ a a b c │ c d e e │ e f f g │ … ]      rows under one key in the order in which they came
 *   marks       a         c         e                  the first bytes of keys, and where their stretches begin
 *
 * A key is looked for from the last stretch on whose mark comes before it. Where there are too many marks, every other goes, and
 * stretches are twice as long from then on.
 */
import { compareBytes } from "../../bytes.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { readColumn } from "../row.ts";
import type { SortTerm } from "../run/sorter.ts";
import { countWork } from "../run/work.ts";
import { NULL, type SqlValue, type Tag } from "../value/value.ts";
import {
  appendEntry,
  compareEntries,
  decodeRow,
  type Entry,
  type EntryShape,
  encodeRow,
  RunReader,
} from "./entries.ts";
import { ExternalSorter } from "./external-sorter.ts";
import { KeyEncoder } from "./key-encoder.ts";
import type { Spill, SpillFile } from "./spill.ts";

/** Of the rows that are looked through for one. */
const STRETCH_BYTES = 4096;
const READ_BYTES = 8192;
const MARK_BYTES = 64;
const MOST_MARKS = 2 ** 17;

export class KeyedRows {
  /** How many rows there are. */
  count: number;
  readonly #spill: Spill;
  readonly #encoder: KeyEncoder;
  #sorter: ExternalSorter | undefined;
  #file: SpillFile | undefined;
  #shape: EntryShape;
  #marks: Uint8Array[];
  #positions: number[];
  #stretchBytes: number;
  #reader: RunReader | undefined;
  #wanted: Entry | undefined;
  /** The reader is on the row that `next` is to give. */
  #isFound: boolean;

  constructor(spill: Spill, terms: readonly SortTerm[]) {
    this.count = 0;
    this.#spill = spill;
    this.#encoder = new KeyEncoder(terms);
    this.#sorter = new ExternalSorter(spill, terms);
    this.#file = undefined;
    this.#shape = { terms, columns: 0 };
    this.#marks = [];
    this.#positions = [];
    this.#stretchBytes = STRETCH_BYTES;
    this.#reader = undefined;
    this.#wanted = undefined;
    this.#isFound = false;
  }

  add(keys: HeldRow, row: HeldRow): void {
    this.#sorter!.add(keys, row);
    this.count++;
  }

  /** After the last row, before the first `find`. */
  finish(): void {
    const sorter = this.#sorter!;
    const entries = sorter.entries();
    const file = this.#spill.newFile();
    let behind = 0;
    while (entries.next()) {
      countWork(1);
      if (file.sizeBytes >= behind) {
        this.#mark(entries, file.sizeBytes);
        behind = file.sizeBytes + this.#stretchBytes;
      }
      appendEntry(file, entries);
    }
    this.#shape = sorter.shape;
    this.#file = file;
    sorter.close();
    this.#sorter = undefined;
    this.#reader = new RunReader(file, 0, file.sizeBytes, Math.min(READ_BYTES, this.#spill.blockBytes));
  }

  /** Goes before the rows with such keys; false: there are none. */
  find(keys: HeldRow): boolean {
    const reader = this.#reader!;
    const wanted = this.#encode(keys);
    this.#wanted = wanted;
    this.#isFound = false;
    reader.seek(this.#positions[this.#markBefore(wanted)] ?? 0);
    while (reader.next()) {
      const order = compareEntries(this.#shape, reader, wanted);
      if (order >= 0) {
        this.#isFound = order === 0;
        break;
      }
    }
    return this.#isFound;
  }

  /** The next row with the keys that were found. */
  next(): boolean {
    const reader = this.#reader!;
    if (this.#isFound) {
      this.#isFound = false;
      return true;
    }
    return reader.next() && compareEntries(this.#shape, reader, this.#wanted!) === 0;
  }

  /** A column of the row. */
  answer(column: number): void {
    const { row, rowData, rowOffset } = this.#reader!;
    readColumn(row, rowData, rowOffset, column);
  }

  /** The row's columns. */
  row(): HeldRow {
    return decodeRow(this.#reader!, 0, this.#shape.columns);
  }

  /** Goes through all rows, in the order of their keys. */
  forEach(visit: (row: HeldRow) => void): void {
    const reader = new RunReader(this.#file!, 0, this.#file!.sizeBytes, this.#spill.blockBytes);
    while (reader.next()) {
      visit(decodeRow(reader, 0, this.#shape.columns));
    }
  }

  close(): void {
    this.#sorter?.close();
    this.#file?.close();
  }

  #encode(keys: HeldRow): Entry {
    const encoder = this.#encoder;
    encoder.write(keys);
    const { isPartial, length } = encoder;
    const { columns } = this.#shape;
    // Its values lie where those of a stored row do.
    const empty = isPartial ? nulls(columns) : nulls(0);
    const row = encodeRow(empty, isPartial ? keys : undefined);
    const bytes = row.bytes.slice(0, row.length);
    return {
      key: encoder.bytes.slice(0, length),
      keyOffset: 0,
      keyLength: length,
      isPartial,
      row: bytes,
      rowData: new DataView(bytes.buffer),
      rowOffset: 0,
      rowLength: bytes.length,
    };
  }

  #mark({ key, keyOffset, keyLength }: Entry, position: number): void {
    this.#marks.push(key.slice(keyOffset, keyOffset + Math.min(keyLength, MARK_BYTES)));
    this.#positions.push(position);
    if (this.#marks.length === MOST_MARKS) {
      this.#marks = this.#marks.filter((_, number) => number % 2 === 0);
      this.#positions = this.#positions.filter((_, number) => number % 2 === 0);
      this.#stretchBytes *= 2;
    }
  }

  /** The last mark that comes before the first bytes of the key: those with the key itself are behind it. */
  #markBefore({ key, keyLength }: Entry): number {
    const length = Math.min(keyLength, MARK_BYTES);
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const mark = this.#marks[middle]!;
      if (compareBytes(mark, 0, mark.length, key, 0, length) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}

function nulls(columns: number): HeldRow {
  return { tags: Array<Tag>(columns).fill(NULL), values: Array<SqlValue>(columns).fill(null) };
}
