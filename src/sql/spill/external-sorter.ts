/**
 * Sorts any number of rows in bounded memory; rows that are alike keep the order in which they came.
 *
 *   add, add, … ─▶ buffer ──full──▶ sorted, a run in the file ─┐
 *                     └───────────finish()───────────────────┬─┴▶ merged, MOST_MERGED runs at a time ─▶ SortedRows
 *
 * What fits in the buffer is never written. Of more than MOST_MERGED runs those beside one another are merged into longer ones first,
 * so that the file has the rows twice then: 64 MiB in the buffer sort 4 GiB in one pass.
 */
import { copyBytes } from "../../bytes.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { readColumn } from "../row.ts";
import type { SortTerm } from "../run/sorter.ts";
import { countWork } from "../run/work.ts";
import { appendEntry, decodeRow, type Entries, type EntryShape, keyValues, RunReader } from "./entries.ts";
import { compareKeys, KeyEncoder } from "./key-encoder.ts";
import { Merge } from "./merge.ts";
import { SortedBuffer } from "./sorted-buffer.ts";
import type { Spill, SpillFile } from "./spill.ts";

const MOST_MERGED = 64;

interface Run {
  readonly start: number;
  readonly end: number;
}

export class ExternalSorter {
  readonly #spill: Spill;
  readonly #encoder: KeyEncoder;
  readonly #mostMerged: number;
  #buffer: SortedBuffer;
  #columns: number;
  #file: SpillFile | undefined;
  #runs: Run[];

  constructor(spill: Spill, terms: readonly SortTerm[], mostMerged: number = MOST_MERGED) {
    this.#spill = spill;
    this.#encoder = new KeyEncoder(terms);
    this.#mostMerged = mostMerged;
    this.#buffer = new SortedBuffer(this.#encoder, 0);
    this.#columns = 0;
    this.#file = undefined;
    this.#runs = [];
  }

  /** The keys by term, and what comes with them: of every row as many columns. Blobs are copied. */
  add(keys: HeldRow, row: HeldRow): void {
    this.#columns = row.tags.length;
    this.#buffer.add(keys, row);
    if (this.#buffer.count >= this.#spill.rows || this.#buffer.usedBytes >= this.#spill.bytes) {
      this.#writeRun();
    }
  }

  /** The rows in order. The sorter is closed with them. */
  finish(): SortedRows {
    return new SortedRows(this.shape, this.entries(), () => this.close());
  }

  get shape(): EntryShape {
    return { terms: this.#encoder.terms, columns: this.#columns };
  }

  /** The same as entries, after the last row. */
  entries(): Entries {
    if (this.#runs.length === 0) {
      this.#buffer.sort(this.#columns);
      return this.#buffer;
    }
    if (this.#buffer.count > 0) {
      this.#writeRun();
    }
    while (this.#runs.length > this.#mostMerged) {
      this.#mergeSome();
    }
    return this.#merged(this.#runs);
  }

  /** Lets go of what it has on disk. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#runs = [];
  }

  #writeRun(): void {
    const buffer = this.#buffer;
    buffer.sort(this.#columns);
    this.#append(buffer);
    this.#buffer = new SortedBuffer(this.#encoder, buffer.count);
  }

  /** Neighbours stay neighbours, so that rows that are alike keep their order. */
  #mergeSome(): void {
    const runs = this.#runs;
    this.#runs = [];
    for (let from = 0; from < runs.length; from += this.#mostMerged) {
      this.#append(this.#merged(runs.slice(from, from + this.#mostMerged)));
    }
  }

  #append(entries: Entries): void {
    this.#file ??= this.#spill.newFile();
    const file = this.#file;
    const start = file.sizeBytes;
    while (entries.next()) {
      countWork(1);
      appendEntry(file, entries);
    }
    this.#runs.push({ start, end: file.sizeBytes });
  }

  #merged(runs: readonly Run[]): Entries {
    const { blockBytes } = this.#spill;
    return new Merge(
      this.shape,
      runs.map(({ start, end }) => new RunReader(this.#file!, start, end, blockBytes)),
    );
  }
}

/** Goes from row to row in order. */
export class SortedRows {
  /** The row has the keys of the one before. */
  isAlike: boolean;
  readonly #shape: EntryShape;
  readonly #entries: Entries;
  readonly #close: () => void;
  /** The key of the row before, and its values if it is partial; −1: there is none. */
  #key: Uint8Array;
  #keyLength: number;
  #values: HeldRow | undefined;

  constructor(shape: EntryShape, entries: Entries, close: () => void) {
    this.isAlike = false;
    this.#shape = shape;
    this.#entries = entries;
    this.#close = close;
    this.#key = new Uint8Array(64);
    this.#keyLength = -1;
    this.#values = undefined;
  }

  next(): boolean {
    const entries = this.#entries;
    countWork(1);
    if (!entries.next()) {
      return false;
    }
    const { key, keyOffset, keyLength, isPartial } = entries;
    const values = isPartial ? keyValues(this.#shape, entries) : undefined;
    this.isAlike = this.#hasKey(key, keyOffset, keyLength, values);
    if (!this.isAlike) {
      if (keyLength > this.#key.length) {
        this.#key = new Uint8Array(keyLength * 2);
      }
      copyBytes(key, keyOffset, this.#key, 0, keyLength);
      this.#keyLength = keyLength;
      this.#values = values;
    }
    return true;
  }

  answer(column: number): void {
    const { row, rowData, rowOffset } = this.#entries;
    readColumn(row, rowData, rowOffset, column);
  }

  /** The row's columns. */
  row(): HeldRow {
    return decodeRow(this.#entries, 0, this.#shape.columns);
  }

  close(): void {
    this.#close();
  }

  #hasKey(key: Uint8Array, offset: number, length: number, values: HeldRow | undefined): boolean {
    if (length !== this.#keyLength) {
      return false;
    }
    for (let i = 0; i < length; i++) {
      if (key[offset + i] !== this.#key[i]) {
        return false;
      }
    }
    return (
      values === undefined || this.#values === undefined || compareKeys(this.#shape.terms, values, this.#values) === 0
    );
  }
}
