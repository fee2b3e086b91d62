/** The row that a table is at, kept as a copy: other reads may go on while it is looked at. */
import { copyBytes } from "../../../bytes.ts";
import type { Table } from "../../catalog/schema.ts";
import { answerRowid } from "../../key.ts";
import { locateColumn, readColumn } from "../../row.ts";
import { RowCopy } from "../../run/row-copy.ts";
import type { BatchScan, FoundValue } from "../../storage.ts";
import { answerNull, answerValue } from "../../value/value.ts";
import type { RowCursor } from "./site.ts";

/** Copies that no cursor uses: a statement that is interpreted once would make its own for one row. */
const free: RowCopy[] = [];

/** Larger ones are left to the garbage collector. */
const MOST_FREE_BYTES = 65_536;

/** As many bytes as V8 keeps in the object itself. Nearly all keys are rowids. */
const KEY_BYTES = 64;

export class TableCursor implements RowCursor {
  key: Uint8Array;
  keyLength: number;
  /** An outer join found no row: all columns are NULL. */
  isMissing: boolean;
  readonly #table: Table;
  /** Undefined until there is a row. */
  #row: RowCopy | undefined;

  constructor(table: Table) {
    this.key = new Uint8Array(KEY_BYTES);
    this.keyLength = 0;
    this.isMissing = false;
    this.#table = table;
    this.#row = undefined;
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
    const row = this.#row!;
    if (slot < 0) {
      answerRowid(this.key, 0, 0, this.key, 0, this.keyLength);
    } else if (locateColumn(row.data, 0, slot)) {
      readColumn(row.u8, row.data, 0, slot);
    } else {
      const { tag, value } = this.#table.columns[column]!.missing;
      answerValue(tag, value);
    }
  }

  /** Lets go of the row: nobody asks for it until another is taken. */
  release(): void {
    if (this.#row !== undefined && this.#row.u8.length <= MOST_FREE_BYTES) {
      free.push(this.#row);
    }
    this.#row = undefined;
  }

  #reserveKey(length: number): void {
    if (length > this.key.length) {
      this.key = new Uint8Array(Math.max(length, this.key.length * 2));
    }
    this.keyLength = length;
  }

  #takeRow(u8: Uint8Array, offset: number, length: number): void {
    this.isMissing = false;
    this.#row ??= free.pop() ?? new RowCopy();
    this.#row.take(u8, offset, length);
  }
}
