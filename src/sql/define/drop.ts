/** DROP TABLE and DROP INDEX. */
import type { Catalog } from "../catalog/catalog.ts";
import { deleteEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import type { Table } from "../catalog/schema.ts";
import type { Drop } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { SqlTransaction } from "../storage.ts";
import { Sequence } from "../write/run/sequence.ts";
import { failAt } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function dropTable(parsed: ParsedStatement, statement: Drop, catalog: Catalog): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const table = catalog.table(schema, name);
  if (table === undefined) {
    if (catalog.view(schema, name) !== undefined) {
      throw failAt(parsed, `use DROP VIEW to delete view ${name}`, at);
    }
    if (ifExists) {
      return undefined;
    }
    throw failAt(parsed, `no such table: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
  if (table.name.toLowerCase().startsWith("sqlite_")) {
    throw failAt(parsed, `table ${table.name} may not be dropped`, at);
  }
  return (transaction) => {
    const folded = foldName(table.name);
    for (const entry of catalog.entries) {
      if (foldName(entry.table) === folded) {
        deleteEntry(transaction, entry.number);
      }
    }
    for (const { keyspace } of [table, ...table.indexes]) {
      transaction.dropKeyspace(keyspace);
    }
    forgetSequence(transaction, catalog, table);
  };
}

export function dropIndex(parsed: ParsedStatement, statement: Drop, catalog: Catalog): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const found = catalog.index(schema, name);
  if (found === undefined) {
    if (ifExists) {
      return undefined;
    }
    throw failAt(parsed, `no such index: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
  const { index } = found;
  if (index.origin !== "c") {
    throw failAt(parsed, "index associated with UNIQUE or PRIMARY KEY constraint cannot be dropped", at);
  }
  return (transaction) => {
    deleteEntry(transaction, catalog.entry("index", index.name)!.number);
    transaction.dropKeyspace(index.keyspace);
  };
}

/** Its greatest rowid is remembered no longer. */
function forgetSequence(transaction: SqlTransaction, catalog: Catalog, table: Table): void {
  const sequences = catalog.table(undefined, "sqlite_sequence");
  if (table.isAutoincrement && sequences !== undefined) {
    new Sequence(sequences, table.name).forget(transaction);
  }
}
