/** The rows of a table with the entries of its indexes: put, moved and deleted together. */
import { compareBytes } from "../../../bytes.ts";
import { DbError } from "../../../errors.ts";
import { isKeyed, type Table } from "../../catalog/schema.ts";
import { KeyWriter } from "../../key.ts";
import type { Site } from "../../query/interpret/site.ts";
import { RowWriter } from "../../row.ts";
import type { SqlTransaction } from "../../storage.ts";
import type { Target } from "../bind/bound.ts";
import { IndexEntry } from "./index-entry.ts";
import type { RecordCursor, RowRecord } from "./record.ts";

export class RowStore {
  readonly table: Table;
  readonly entries: readonly IndexEntry[];
  /** The key that was written last. */
  readonly key: KeyWriter;
  readonly #cursor: RecordCursor;
  readonly #row: RowWriter;
  /** The column of each slot; undefined: none has it any more. */
  readonly #slots: readonly (number | undefined)[];

  /** `cursor` is where the expressions of the site see the row. */
  constructor(site: Site, { table, indexes }: Target, cursor: RecordCursor) {
    this.table = table;
    this.entries = indexes.map((index) => new IndexEntry(site, index));
    this.key = new KeyWriter();
    this.#cursor = cursor;
    this.#row = new RowWriter();
    this.#slots = Array.from(
      { length: table.slots },
      (_, slot) => table.columns.find((column) => column.slot === slot)?.index,
    );
  }

  /** Writes the key of a row. */
  writeKey(record: RowRecord): void {
    const { key, table } = this;
    key.begin();
    if (!isKeyed(table)) {
      key.add(record.rowidTag, record.rowid);
      return;
    }
    for (const order of table.primaryKey) {
      key.addOrdered(record.tags[order.column]!, record.values[order.column]!, order);
    }
  }

  /** Reads the row under a key; false: there is none. */
  read(transaction: SqlTransaction, key: Uint8Array, keyLength: number, record: RowRecord): boolean {
    if (!transaction.get(this.table.keyspace, key, 0, keyLength)) {
      return false;
    }
    record.read(key, keyLength, transaction.found);
    return true;
  }

  /** Writes a row whose key nobody has, and its entries, which nobody has either. */
  insert(transaction: SqlTransaction, record: RowRecord): void {
    this.#putRow(transaction, record);
    this.enter(record);
    for (const entry of this.entries) {
      this.#putEntry(transaction, entry);
    }
  }

  delete(transaction: SqlTransaction, record: RowRecord): void {
    const { key, table } = this;
    this.enter(record);
    this.writeKey(record);
    for (const entry of this.entries) {
      entry.finish(key.bytes, key.length);
      this.#deleteEntry(transaction, entry);
    }
    transaction.delete(table.keyspace, key.bytes, 0, key.length);
  }

  /** Puts a row in place of another one, which it may have the key of. */
  replace(transaction: SqlTransaction, before: RowRecord, after: RowRecord): void {
    const { key, table } = this;
    this.enter(before);
    this.writeKey(before);
    const oldKey = key.bytes.slice(0, key.length);
    const oldEntries = this.entries.map((entry) => {
      entry.finish(oldKey, oldKey.length);
      return entry.copy();
    });
    this.writeKey(after);
    if (compareBytes(oldKey, 0, oldKey.length, key.bytes, 0, key.length) !== 0) {
      transaction.delete(table.keyspace, oldKey, 0, oldKey.length);
    }
    this.#putRow(transaction, after);
    this.enter(after);
    const isMoved = compareBytes(oldKey, 0, oldKey.length, key.bytes, 0, key.length) !== 0;
    for (const [position, entry] of this.entries.entries()) {
      const old = oldEntries[position];
      entry.finish(key.bytes, key.length);
      const { bytes, length } = entry.key;
      const isSame = old !== undefined && entry.isThere && compareBytes(old, 0, old.length, bytes, 0, length) === 0;
      if (old !== undefined && !isSame) {
        transaction.delete(entry.index.keyspace, old, 0, old.length);
      }
      if (entry.isThere && (!isSame || isMoved)) {
        transaction.put(entry.index.keyspace, bytes, 0, length, key.bytes, 0, key.length);
      }
    }
  }

  /** Writes the columns of every entry of a row. */
  enter(record: RowRecord): void {
    this.#cursor.record = record;
    for (const entry of this.entries) {
      entry.enter();
    }
  }

  #putRow(transaction: SqlTransaction, record: RowRecord): void {
    const { key } = this;
    const row = this.#row;
    this.writeKey(record);
    row.begin(this.#slots.length);
    for (const column of this.#slots) {
      if (column === undefined) {
        row.addNull();
      } else {
        row.add(record.tags[column]!, record.values[column]!);
      }
    }
    const length = row.finish();
    transaction.put(this.table.keyspace, key.bytes, 0, key.length, row.bytes, 0, length);
  }

  #putEntry(transaction: SqlTransaction, entry: IndexEntry): void {
    if (entry.isThere) {
      const { key } = this;
      entry.finish(key.bytes, key.length);
      transaction.put(entry.index.keyspace, entry.key.bytes, 0, entry.key.length, key.bytes, 0, key.length);
    }
  }

  #deleteEntry(transaction: SqlTransaction, entry: IndexEntry): void {
    if (entry.isThere) {
      transaction.delete(entry.index.keyspace, entry.key.bytes, 0, entry.key.length);
    }
  }
}

export function lostRow(table: Table, index: string): DbError {
  return new DbError("CORRUPT", `index ${index} leads to a row that is not there. Run nacre check`, {
    table: table.name,
  });
}
