/** The row that a table is at, kept as a copy: other reads may go on while it is looked at. */
import { copyBytes } from "../../../bytes.ts";
import type { Table } from "../../catalog/schema.ts";
import { answerRowid } from "../../key.ts";
import { locateColumn, readColumn } from "../../row.ts";
import type { BatchScan, FoundValue } from "../../storage.ts";
import { answerNull, answerValue } from "../../value/value.ts";
import type { Execution } from "./execution.ts";
import type { RowCursor } from "./site.ts";
import type { RowRoom } from "./spare-room.ts";

export class TableCursor implements RowCursor {
  keyLength: number;
  rowLength: number;
  /** An outer join found no row: all columns are NULL. */
  isMissing: boolean;
  readonly #execution: Execution;
  readonly #table: Table;
  /** Of the execution that it was taken in. */
  #room: RowRoom | undefined;
  #roomOf: number;

  constructor(execution: Execution, table: Table) {
    this.keyLength = 0;
    this.rowLength = 0;
    this.isMissing = false;
    this.#execution = execution;
    this.#table = table;
    this.#room = undefined;
    this.#roomOf = -1;
  }

  get key(): Uint8Array {
    return this.#ownRoom().key;
  }

  get row(): Uint8Array {
    return this.#ownRoom().row;
  }

  /** Takes row `i` of a batch. */
  takeFromBatch(scan: BatchScan, i: number): void {
    const { prefix, prefixOffset, prefixLength, u8 } = scan;
    const restLength = scan.keyLengths[i]!;
    const key = this.#reserveKey(prefixLength + restLength);
    copyBytes(prefix, prefixOffset, key, 0, prefixLength);
    copyBytes(u8, scan.keyOffsets[i]!, key, prefixLength, restLength);
    this.#takeRow(u8, scan.valueOffsets[i]!, scan.valueLengths[i]!);
  }

  takeKey(u8: Uint8Array, offset: number, length: number): void {
    copyBytes(u8, offset, this.#reserveKey(length), 0, length);
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
    const { key, row, data } = this.#ownRoom();
    if (slot < 0) {
      answerRowid(key, 0, 0, key, 0, this.keyLength);
    } else if (locateColumn(data, 0, slot)) {
      readColumn(row, data, 0, slot);
    } else {
      const { tag, value } = this.#table.columns[column]!.missing;
      answerValue(tag, value);
    }
  }

  #ownRoom(): RowRoom {
    const execution = this.#execution;
    if (this.#room === undefined || this.#roomOf !== execution.number) {
      this.#room = execution.room();
      this.#roomOf = execution.number;
    }
    return this.#room;
  }

  #reserveKey(length: number): Uint8Array {
    const room = this.#ownRoom();
    room.reserveKey(length);
    this.keyLength = length;
    return room.key;
  }

  #takeRow(u8: Uint8Array, offset: number, length: number): void {
    this.isMissing = false;
    this.rowLength = length;
    const room = this.#ownRoom();
    room.reserveRow(length);
    copyBytes(u8, offset, room.row, 0, length);
  }
}
