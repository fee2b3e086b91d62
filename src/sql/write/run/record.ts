/** A row in hand: the values of a table's columns, before they are written or after they were read. */
import { type Column, isKeyed, type Table } from "../../catalog/schema.ts";
import { answerRowid } from "../../key.ts";
import type { RowCursor } from "../../query/interpret/site.ts";
import { locateColumn, readColumn } from "../../row.ts";
import type { FoundValue } from "../../storage.ts";
import { compareValues } from "../../value/compare.ts";
import { answer, answered, answerValue, BLOB, INTEGER, NULL, type SqlValue, type Tag } from "../../value/value.ts";

export class RowRecord implements RowCursor {
  readonly table: Table;
  readonly tags: Tag[];
  readonly values: SqlValue[];
  rowidTag: Tag;
  rowid: SqlValue;

  constructor(table: Table) {
    this.table = table;
    this.tags = table.columns.map(() => NULL);
    this.values = table.columns.map(() => null);
    this.rowidTag = NULL;
    this.rowid = null;
  }

  set(column: number, tag: Tag, value: SqlValue): void {
    this.tags[column] = tag;
    this.values[column] = value;
  }

  /** Takes what is in `answer`. */
  take(column: number): void {
    this.set(column, answer.tag, answered());
  }

  /** The rowid, which a column may be another name of. */
  setRowid(tag: Tag, value: SqlValue): void {
    this.rowidTag = tag;
    this.rowid = value;
    const alias = this.table.rowidColumn;
    if (alias !== undefined) {
      this.set(alias.index, tag, value);
    }
  }

  answer(column: number): void {
    if (column < 0) {
      answerValue(this.rowidTag, this.rowid);
    } else {
      answerValue(this.tags[column]!, this.values[column]!);
    }
  }

  copy(other: RowRecord): void {
    for (const column of other.tags.keys()) {
      this.set(column, other.tags[column]!, other.values[column]!);
    }
    this.rowidTag = other.rowidTag;
    this.rowid = other.rowid;
  }

  /**
   * Reads the row that a key has led to, or some of its columns. Blobs are copied: the row may be overwritten while the record is
   * in use.
   */
  read(
    key: Uint8Array,
    keyLength: number,
    { u8, data, valueOffset }: FoundValue,
    columns: readonly Column[] = this.table.columns,
  ): void {
    if (!isKeyed(this.table)) {
      answerRowid(key, 0, 0, key, 0, keyLength);
      this.setRowid(answer.tag, answered());
    }
    for (const { index, slot, missing } of columns) {
      if (slot < 0) {
        continue;
      }
      if (locateColumn(data, valueOffset, slot)) {
        readColumn(u8, data, valueOffset, slot);
        this.set(index, answer.tag, answer.tag === BLOB ? (answered() as Uint8Array).slice() : answered());
      } else {
        this.set(index, missing.tag, missing.value);
      }
    }
  }

  /** The integer that the rowid is. */
  get rowidNumber(): number | bigint {
    return this.rowidTag === INTEGER ? (this.rowid as number) : (this.rowid as bigint);
  }
}

/** Of two records of one table. */
export function isSameRow(a: RowRecord, b: RowRecord): boolean {
  return a.tags.every((tag, index) => compareValues(tag, a.values[index]!, b.tags[index]!, b.values[index]!) === 0);
}

/** The cursor of a source that is one record now, another then. */
export class RecordCursor implements RowCursor {
  record: RowRecord;

  constructor(record: RowRecord) {
    this.record = record;
  }

  answer(column: number): void {
    this.record.answer(column);
  }
}
