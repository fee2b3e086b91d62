/**
 * Writes rows of one table, as all its constraints have it: each call is one row, with whatever else that changes.
 *
 * Order (SQLite's): affinities and generated columns, NOT NULL, CHECK, then what is unique: what ON CONFLICT clauses are about, the
 * table's own key, the indexes. A row that gives way to another (REPLACE) goes when nothing else can fail any more.
 */
import { compareBytes } from "../../../bytes.ts";
import type { DbError } from "../../../errors.ts";
import { type Index, isKeyed, keyColumnsOf, type Table } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Builder } from "../../query/interpret/builder.ts";
import { columnNames, uniqueError } from "../../run/constraint.ts";
import type { Writing } from "../../run/write-support.ts";
import type { SqlTransaction } from "../../storage.ts";
import { answer, answered, NULL, tagOf } from "../../value/value.ts";
import type { Target } from "../bind/bound.ts";
import type { IndexEntry } from "./index-entry.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import { RowRules } from "./row-rules.ts";
import { lostRow, RowStore } from "./row-store.ts";
import { rowidAfter, Sequence } from "./sequence.ts";

/** What ON CONFLICT clauses say of a row that meets another one. */
export interface ConflictClauses {
  /** Their indexes, in their order; null is the table's own key. */
  readonly first: readonly (IndexEntry | null)[];
  /** Undefined: no clause is about that index. */
  decide(index: IndexEntry | null): ((existing: RowRecord) => void) | undefined;
}

export class TableWriter {
  readonly rules: RowRules;
  readonly store: RowStore;
  readonly #target: Target;
  readonly #cursor: RecordCursor;
  readonly #writing: Writing;
  readonly #sequence: Sequence | undefined;

  constructor(site: Builder, target: Target, writing: Writing) {
    this.#target = target;
    this.#writing = writing;
    this.#sequence = target.sequence === undefined ? undefined : new Sequence(target.sequence, target.table.name);
    this.#cursor = new RecordCursor(new RowRecord(target.table));
    site.place(target.row, this.#cursor);
    this.rules = new RowRules(site, target, this.#cursor);
    this.store = new RowStore(site, target, this.#cursor);
  }

  /** True: it was inserted. */
  insert(
    transaction: SqlTransaction,
    record: RowRecord,
    override: ConflictAction | undefined,
    clauses: ConflictClauses | undefined,
  ): boolean {
    const { table } = this.#target;
    this.rules.complete(record);
    if (!this.rules.mayBe(record, override)) {
      return false;
    }
    const isNew = !isKeyed(table) && this.#giveRowid(transaction, record);
    const replaced = this.#meet(transaction, record, undefined, isNew, override, clauses);
    if (replaced === undefined) {
      // The next row may have the rowid that this one was not inserted with.
      this.#writing.forgetRowid(table.keyspace);
      return false;
    }
    this.#remove(transaction, replaced);
    this.store.insert(transaction, record);
    if (!isKeyed(table)) {
      this.#writing.lastRowid = record.rowidNumber;
      this.#sequence?.advance(transaction, record.rowidNumber);
    }
    return true;
  }

  /** True: it is one that nobody has. */
  #giveRowid(transaction: SqlTransaction, record: RowRecord): boolean {
    const writing = this.#writing;
    const { lastRowid } = writing;
    const { table } = this.#target;
    const isGiven = record.rowidTag !== NULL;
    const isNew = writing.answerRowid(transaction, table, record.rowidTag, record.rowid);
    record.setRowid(answer.tag, answered());
    writing.lastRowid = lastRowid;
    const greatest = isGiven ? undefined : this.#sequence?.greatest(transaction);
    if (greatest !== undefined && greatest >= record.rowidNumber) {
      const next = rowidAfter(greatest);
      record.setRowid(tagOf(next)!, next);
      writing.forgetRowid(table.keyspace);
    }
    return isNew;
  }

  /** True: it was updated. */
  update(
    transaction: SqlTransaction,
    before: RowRecord,
    after: RowRecord,
    override: ConflictAction | undefined,
  ): boolean {
    this.rules.complete(after);
    if (!this.rules.mayBe(after, override)) {
      return false;
    }
    const { store } = this;
    store.writeKey(before);
    const own = store.key.bytes.slice(0, store.key.length);
    const replaced = this.#meet(transaction, after, own, false, override, undefined);
    if (replaced === undefined) {
      return false;
    }
    this.#remove(transaction, replaced);
    store.replace(transaction, before, after);
    this.#writing.forgetRowid(this.#target.table.keyspace);
    return true;
  }

  delete(transaction: SqlTransaction, record: RowRecord): void {
    this.store.delete(transaction, record);
    this.#writing.forgetRowid(this.#target.table.keyspace);
  }

  /**
   * Looks for rows that have what must be unique of this one. Gives the keys of those that are to give way; undefined: this one
   * is not to be written. `own` is the key of the row that it takes the place of; `isNew`: nobody has its rowid.
   */
  #meet(
    transaction: SqlTransaction,
    record: RowRecord,
    own: Uint8Array | undefined,
    isNew: boolean,
    override: ConflictAction | undefined,
    clauses: ConflictClauses | undefined,
  ): readonly Uint8Array[] | undefined {
    const { entries } = this.store;
    const replaced: Uint8Array[] = [];
    const order = clauses === undefined ? undefined : clauses.first;
    this.#cursor.record = record;
    for (const entry of entries) {
      entry.enter();
    }
    const isDone = (index: IndexEntry | null): boolean => {
      const met =
        index === null ? (isNew ? undefined : this.#rowOf(transaction, record)) : this.#entryOf(transaction, index);
      if (met === undefined || (own !== undefined && compareBytes(met, 0, met.length, own, 0, own.length) === 0)) {
        return false;
      }
      const decide = clauses?.decide(index);
      if (decide !== undefined) {
        decide(this.#read(transaction, met, index));
        return true;
      }
      const action = override ?? (index === null ? this.#target.table.keyConflict : index.index.conflict) ?? "abort";
      if (action === "ignore") {
        return true;
      }
      if (action !== "replace") {
        throw this.#failure(index, action);
      }
      replaced.push(met);
      return false;
    };
    const others = [null, ...entries].filter((index) => order?.includes(index) !== true);
    return [...(order ?? []), ...others].some(isDone) ? undefined : replaced;
  }

  /** A copy of the key of the row that has the record's own key. */
  #rowOf(transaction: SqlTransaction, record: RowRecord): Uint8Array | undefined {
    const { key, table } = this.store;
    this.store.writeKey(record);
    return transaction.get(table.keyspace, key.bytes, 0, key.length) ? key.bytes.slice(0, key.length) : undefined;
  }

  /** A copy of the key of the row that has the entry's columns. */
  #entryOf(transaction: SqlTransaction, { index, key, isThere, isExclusive }: IndexEntry): Uint8Array | undefined {
    if (!isThere || !isExclusive || !transaction.get(index.keyspace, key.bytes, 0, key.length)) {
      return undefined;
    }
    const { u8, valueOffset, valueLength } = transaction.found;
    return u8.slice(valueOffset, valueOffset + valueLength);
  }

  #read(transaction: SqlTransaction, key: Uint8Array, index: IndexEntry | null): RowRecord {
    const record = new RowRecord(this.#target.table);
    if (!this.store.read(transaction, key, key.length, record)) {
      throw lostRow(this.#target.table, index?.index.name ?? "");
    }
    return record;
  }

  #remove(transaction: SqlTransaction, keys: readonly Uint8Array[]): void {
    for (const key of keys) {
      const record = new RowRecord(this.#target.table);
      // One row may be met by several of its columns.
      if (this.store.read(transaction, key, key.length, record)) {
        this.delete(transaction, record);
      }
    }
  }

  #failure(index: IndexEntry | null, action: ConflictAction): DbError {
    const { table } = this.#target;
    return index === null ? keyFailure(table, action) : uniqueFailure(table, index.index, action);
  }
}

/** A row has the table's own key already. */
export function keyFailure(table: Table, action: ConflictAction): DbError {
  const names = isKeyed(table) ? keyColumnsOf(table).map(({ name }) => name) : [table.rowidColumn?.name ?? "rowid"];
  const kind = isKeyed(table) || table.rowidColumn !== undefined ? "PRIMARYKEY" : "ROWID";
  return uniqueError(kind, columnNames(table.name, names), action);
}

/** A row has the columns of a unique index already. */
export function uniqueFailure(table: Table, { name, columns, origin }: Index, action: ConflictAction): DbError {
  const kind = origin === "pk" ? "PRIMARYKEY" : "UNIQUE";
  if (columns.some(({ column }) => column === undefined)) {
    return uniqueError(kind, `index '${name}'`, action);
  }
  const names = columns.map(({ column }) => (column! < 0 ? "rowid" : table.columns[column!]!.name));
  return uniqueError(kind, columnNames(table.name, names), action);
}
