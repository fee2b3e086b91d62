/** What must be unique of a row: the rows that have it already, and what becomes of them or of this one. */
import { compareBytes } from "../../../bytes.ts";
import { isKeyed } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import { keyFailure, uniqueFailure } from "../../run/constraint.ts";
import type { SqlTransaction } from "../../storage.ts";
import type { IndexEntry } from "./index-entry.ts";
import { RowRecord } from "./record.ts";
import { lostRow, type RowStore } from "./row-store.ts";

/** What ON CONFLICT clauses say of a row that meets another one. */
export interface ConflictClauses {
  /** Their indexes, in their order; null is the table's own key. */
  readonly first: readonly (IndexEntry | null)[];
  /** Undefined: no clause is about that index. */
  decide(index: IndexEntry | null): ((existing: RowRecord) => void) | undefined;
}

export interface Meeting {
  /** The key of the row that this one takes the place of. */
  readonly own: Uint8Array | undefined;
  /** Nobody has its key. */
  readonly isNew: boolean;
  /** What the statement says of conflicts; undefined: what each constraint says. */
  readonly override: ConflictAction | undefined;
  readonly clauses: ConflictClauses | undefined;
}

/**
 * Gives the keys of rows that are to give way to this one; undefined: it is not to be written. What clauses are about is looked at
 * first, then a rowid, the other indexes, and the key of a table WITHOUT ROWID, which is an index made before all others.
 */
export function meetRows(
  transaction: SqlTransaction,
  store: RowStore,
  record: RowRecord,
  { own, isNew, override, clauses }: Meeting,
): readonly Uint8Array[] | undefined {
  const { table, entries } = store;
  const replaced: Uint8Array[] = [];
  const first = clauses?.first ?? [];
  store.enter(record);
  /** True: this row is not to be written. */
  const isDone = (index: IndexEntry | null): boolean => {
    const met = index === null ? (isNew ? undefined : rowOf(transaction, store, record)) : entryOf(transaction, index);
    if (met === undefined || (own !== undefined && compareBytes(met, 0, met.length, own, 0, own.length) === 0)) {
      return false;
    }
    const decide = clauses?.decide(index);
    if (decide !== undefined) {
      decide(read(transaction, store, met, index));
      return true;
    }
    const action = override ?? (index === null ? table.keyConflict : index.index.conflict) ?? "abort";
    if (action === "ignore") {
      return true;
    }
    if (action !== "replace") {
      throw index === null ? keyFailure(table, action) : uniqueFailure(table, index.index, action);
    }
    replaced.push(met);
    return false;
  };
  const all = isKeyed(table) ? [...entries, null] : [null, ...entries];
  const others = all.filter((index) => !first.includes(index));
  return [...first, ...others].some(isDone) ? undefined : replaced;
}

/** A copy of the key of the row that has the record's own key. */
function rowOf(transaction: SqlTransaction, store: RowStore, record: RowRecord): Uint8Array | undefined {
  const { key, table } = store;
  store.writeKey(record);
  return transaction.get(table.keyspace, key.bytes, 0, key.length) ? key.bytes.slice(0, key.length) : undefined;
}

/** A copy of the key of the row that has the entry's columns. */
function entryOf(
  transaction: SqlTransaction,
  { index, key, isThere, isExclusive }: IndexEntry,
): Uint8Array | undefined {
  if (!isThere || !isExclusive || !transaction.get(index.keyspace, key.bytes, 0, key.length)) {
    return undefined;
  }
  const { u8, valueOffset, valueLength } = transaction.found;
  return u8.slice(valueOffset, valueOffset + valueLength);
}

function read(transaction: SqlTransaction, store: RowStore, key: Uint8Array, index: IndexEntry | null): RowRecord {
  const record = new RowRecord(store.table);
  if (!store.read(transaction, key, key.length, record)) {
    throw lostRow(store.table, index?.index.name ?? "");
  }
  return record;
}
