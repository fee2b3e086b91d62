/**
 * The entries of an index for the rows that its table has, in the order of their keys: found by a function that is compiled for it,
 * or, where the rows are few or it calls what the session has defined, interpreted.
 */
import type { Index, Table } from "./catalog/schema.ts";
import { COLLECT_PARAMETERS, type CollectFunction, compileFunction } from "./compile/function.ts";
import { emitCollect } from "./compile/write/collect-entries.ts";
import { columnsOfTable } from "./query/bind/from.ts";
import { bindIndex } from "./query/bind/index-expression.ts";
import type { StatementScope } from "./query/bind/scope.ts";
import type { Tier } from "./query-program.ts";
import { Arguments } from "./run/arguments.ts";
import { uniqueFailure } from "./run/constraint.ts";
import { Cursor } from "./run/cursor.ts";
import { KeySorter } from "./run/key-sorter.ts";
import type { SortedEntries, SqlTransaction } from "./storage.ts";
import { bindTarget } from "./write/bind/target.ts";
import { collectEntries } from "./write/run/collect-entries.ts";

/** Fewer rows are interpreted in the time that compiling takes. */
const WORTH_COMPILING = 1000;

/** Throws what a row says that cannot be in the index. */
export function indexEntries(
  transaction: SqlTransaction,
  scope: StatementScope,
  table: Table,
  index: Index,
  tier: Tier,
): SortedEntries {
  const rows = transaction.estimate(table.keyspace);
  const sorter = new KeySorter(rows);
  const target = bindTarget(scope, { ...table, indexes: [index] });
  const isWorthIt = tier === "compiled" || (tier === "auto" && rows >= WORTH_COMPILING);
  if (isWorthIt && !scope.usesSession) {
    collectCompiled(transaction, scope, table, index, sorter);
  } else {
    collectEntries(transaction, target, sorter);
  }
  sorter.sort();
  if (index.isUnique && sorter.hasTwice) {
    throw uniqueFailure(table, index, "abort");
  }
  return sorter;
}

function collectCompiled(
  transaction: SqlTransaction,
  scope: StatementScope,
  table: Table,
  index: Index,
  sorter: KeySorter,
): void {
  const { columns, rowid } = columnsOfTable(table, false);
  const source = scope.newSource(table.name, columns, rowid, { kind: "table", table, hint: undefined, indexes: [] });
  const emitter = emitCollect(source, bindIndex(scope, source, index, true));
  const { call } = compileFunction<CollectFunction>(emitter, "collect", COLLECT_PARAMETERS);
  const cursor = new Cursor();
  cursor.begin(Number.POSITIVE_INFINITY);
  try {
    call(transaction, new Arguments([]), cursor, sorter);
  } finally {
    cursor.close();
  }
}
