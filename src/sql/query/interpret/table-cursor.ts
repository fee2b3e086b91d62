/** The row that a table is at, kept as a copy: other reads may go on while it is looked at. */
import { copyBytes } from "../../../bytes.ts";
import type { Table } from "../../catalog/schema.ts";
import { answerRowid } from "../../key.ts";
import { locateColumn, readColumn } from "../../row.ts";
import type { BatchScan, FoundValue } from "../../storage.ts";
import { answerNull, answerValue } from "../../value/value.ts";
import type { RowCursor } from "./site.ts";

const INITIAL_BYTES = 256;

export class TableCursor implements RowCursor {
  key: Uint8Array;
  keyLength: number;
  row: Uint8Array;
  rowLength: number;
  /** An outer join found no row: all columns are NULL. */
  isMissing: boolean;
  readonly #table: Table;
  #data: DataView;

  constructor(table: Table) {
    this.key = new Uint8Array(INITIAL_BYTES);
    this.keyLength = 0;
    this.row = new Uint8Array(INITIAL_BYTES);
    this.rowLength = 0;
    this.isMissing = false;
    this.#table = table;
    this.#data = new DataView(this.row.buffer);
  }

  /** Takes row `i` of a batch. */
  takeFromBatch(scan: BatchScan, i: number): void {
    const { prefix, prefixOffset, prefixLength, u8 } = scan;
    const restLength = scan.keyLengths[i]!;
    this.#reserveKey(prefixLength + restLength);
    copyBytes(prefix, prefixOffset, this.key, 0, prefixLength);
    copyBytes(u8, scan.keyOffsets[i]!, this.key, prefixLength, restLength);
    this.#takeRow(u8, scan.valueOffsets[i]!, scan.valueLengths[i]!);
  }

  takeKey(u8: Uint8Array, offset: number, length: number): void {
    this.#reserveKey(length);
    copyBytes(u8, offset, this.key, 0, length);
  }

  /** Takes what a key has led to. */
  takeFound(key: Uint8Array, keyOffset: number, keyLength: number, found: FoundValue): void {
    if (key !== this.key) {
      this.takeKey(key, keyOffset, keyLength);
    }
    this.#takeRow(found.u8, found.valueOffset, found.valueLength);
  }

  answer(column: number): void {
    if (this.isMissing) {
      answerNull();
      return;
    }
    const slot = column < 0 ? -1 : this.#table.columns[column]!.slot;
    if (slot < 0) {
      answerRowid(this.key, 0, 0, this.key, 0, this.keyLength);
    } else if (locateColumn(this.#data, 0, slot)) {
      readColumn(this.row, this.#data, 0, slot);
    } else {
      const { tag, value } = this.#table.columns[column]!.missing;
      answerValue(tag, value);
    }
  }

  #reserveKey(length: number): void {
    if (length > this.key.length) {
      this.key = new Uint8Array(Math.max(length, this.key.length * 2));
    }
    this.keyLength = length;
  }

  #takeRow(u8: Uint8Array, offset: number, length: number): void {
    this.isMissing = false;
    this.rowLength = length;
    if (length > this.row.length) {
      this.row = new Uint8Array(Math.max(length, this.row.length * 2));
      this.#data = new DataView(this.row.buffer);
    }
    copyBytes(u8, offset, this.row, 0, length);
  }
}
