/**
 * Rows under keys, one after the other, as they are sorted, written and read:
 *
 *    0               4           8
 *   ┌───────────────┬───────────┬─────┬─────┐      key length  u32, little endian; its highest bit: the key is partial
 *   │ key length    │ row length│ key │ row │      row         row.ts; behind its own columns those of a partial key
 *   └───────────────┴───────────┴─────┴─────┘
 *
 * `Entries` go from one to the next, wherever they come from: a buffer, a run in a file, a merge of several.
 */
import { compareBytes } from "../../bytes.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { RowWriter, readColumn } from "../row.ts";
import type { SortTerm } from "../run/sorter.ts";
import { answer, answered, type SqlValue, type Tag } from "../value/value.ts";
import { compareKeys } from "./key-encoder.ts";
import type { SpillFile } from "./spill.ts";

const HEAD_BYTES = 8;
const PARTIAL = 0x8000_0000;

/** Where key and row lie; until the next one. */
export interface Entry {
  readonly key: Uint8Array;
  readonly keyOffset: number;
  readonly keyLength: number;
  readonly isPartial: boolean;
  readonly row: Uint8Array;
  /** The same bytes as `row`. */
  readonly rowData: DataView;
  readonly rowOffset: number;
  readonly rowLength: number;
}

export interface Entries extends Entry {
  next(): boolean;
}

/** What all entries of one sort have in common. */
export interface EntryShape {
  readonly terms: readonly SortTerm[];
  /** Of a row, those of a partial key not counted. */
  readonly columns: number;
}

const writer = new RowWriter();

/** The bytes of a row, of a partial key its values too, until the next one. */
export function encodeRow(row: HeldRow, keys: HeldRow | undefined): RowWriter {
  const { tags, values } = row;
  writer.begin(tags.length + (keys?.tags.length ?? 0));
  for (let column = 0; column < tags.length; column++) {
    writer.add(tags[column]!, values[column]!);
  }
  if (keys !== undefined) {
    for (let term = 0; term < keys.tags.length; term++) {
      writer.add(keys.tags[term]!, keys.values[term]!);
    }
  }
  writer.finish();
  return writer;
}

/** Columns of an entry's row. */
export function decodeRow({ row, rowData, rowOffset }: Entry, from: number, columns: number): HeldRow {
  const tags: Tag[] = [];
  const values: SqlValue[] = [];
  for (let column = from; column < from + columns; column++) {
    readColumn(row, rowData, rowOffset, column);
    tags.push(answer.tag);
    values.push(answered());
  }
  return { tags, values };
}

/** The values of a partial key. */
export function keyValues({ terms, columns }: EntryShape, entry: Entry): HeldRow {
  return decodeRow(entry, columns, terms.length);
}

export function compareEntries(shape: EntryShape, a: Entry, b: Entry): number {
  const order = compareBytes(a.key, a.keyOffset, a.keyLength, b.key, b.keyOffset, b.keyLength);
  return order !== 0 || !(a.isPartial && b.isPartial)
    ? order
    : compareKeys(shape.terms, keyValues(shape, a), keyValues(shape, b));
}

const head = new Uint8Array(HEAD_BYTES);
const headData = new DataView(head.buffer);

export function appendEntry(file: SpillFile, entry: Entry): void {
  headData.setUint32(0, entry.keyLength + (entry.isPartial ? PARTIAL : 0), true);
  headData.setUint32(4, entry.rowLength, true);
  file.append(head, 0, HEAD_BYTES);
  file.append(entry.key, entry.keyOffset, entry.keyLength);
  file.append(entry.row, entry.rowOffset, entry.rowLength);
}

/** The entries of a stretch of a file. */
export class RunReader implements Entries {
  key: Uint8Array;
  keyOffset: number;
  keyLength: number;
  isPartial: boolean;
  row: Uint8Array;
  rowData: DataView;
  rowOffset: number;
  rowLength: number;
  readonly #file: SpillFile;
  #end: number;
  /** Of the file, what is in the array. */
  #start: number;
  #filled: number;
  /** Where the next entry begins, in the file. */
  #next: number;

  constructor(file: SpillFile, start: number, end: number, bufferBytes: number) {
    this.key = new Uint8Array(Math.max(HEAD_BYTES, Math.min(bufferBytes, end - start)));
    this.keyOffset = 0;
    this.keyLength = 0;
    this.isPartial = false;
    this.row = this.key;
    this.rowData = new DataView(this.key.buffer);
    this.rowOffset = 0;
    this.rowLength = 0;
    this.#file = file;
    this.#end = end;
    this.#start = start;
    this.#filled = 0;
    this.#next = start;
  }

  /** Where the next entry begins. */
  get position(): number {
    return this.#next;
  }

  /** Goes before the entry that begins there. */
  seek(position: number): void {
    this.#next = position;
  }

  next(): boolean {
    if (this.#next >= this.#end) {
      return false;
    }
    const headAt = this.#load(HEAD_BYTES);
    const key = this.rowData.getUint32(headAt, true);
    this.isPartial = key >= PARTIAL;
    this.keyLength = this.isPartial ? key - PARTIAL : key;
    this.rowLength = this.rowData.getUint32(headAt + 4, true);
    const lengthBytes = HEAD_BYTES + this.keyLength + this.rowLength;
    this.keyOffset = this.#load(lengthBytes) + HEAD_BYTES;
    this.rowOffset = this.keyOffset + this.keyLength;
    this.#next += lengthBytes;
    return true;
  }

  /** Sees to it that so many bytes from the next entry on are in the array; where they begin. */
  #load(lengthBytes: number): number {
    const from = this.#next;
    if (from >= this.#start && from + lengthBytes <= this.#start + this.#filled) {
      return from - this.#start;
    }
    if (lengthBytes > this.key.length) {
      this.key = new Uint8Array(lengthBytes);
      this.row = this.key;
      this.rowData = new DataView(this.key.buffer);
    }
    this.#start = from;
    this.#filled = Math.min(this.key.length, this.#end - from);
    this.#file.read(from, this.#filled, this.key, 0);
    return 0;
  }
}
