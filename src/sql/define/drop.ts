/** DROP TABLE and DROP INDEX. */

import type { Catalog } from "../catalog/catalog.ts";
import { deleteEntry } from "../catalog/entry.ts";
import { isMatched } from "../catalog/link.ts";
import type { Schema, Table } from "../catalog/schema.ts";
import type { Schemas } from "../catalog/schemas.ts";
import type { Drop } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { systemTable } from "../pragma/system-table.ts";
import type { QueryOptions } from "../query/interpreted-query.ts";
import type { Writing } from "../run/write-support.ts";
import type { SqlTransaction } from "../storage.ts";
import { InterpretedWrite } from "../write/interpreted-write.ts";
import { Sequence } from "../write/run/sequence.ts";
import { deleteEntries } from "./delete-entries.ts";
import { failAt } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** `catalog` is that of the schema which the table is in; undefined: in none. Undefined is the answer where there is nothing to do. */
export function dropTable(
  parsed: ParsedStatement,
  statement: Drop,
  catalog: Catalog | undefined,
  schemas: Schemas,
  options: QueryOptions,
): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const table = catalog?.table(undefined, name);
  if (catalog === undefined || table === undefined) {
    if (catalog?.view(undefined, name) !== undefined) {
      throw failAt(parsed, `use DROP VIEW to delete view ${name}`, at);
    }
    const system = systemTable(schemas, schema, name);
    if (system !== undefined) {
      throw failAt(parsed, `table ${system} may not be dropped`, at);
    }
    if (ifExists) {
      return undefined;
    }
    throw failAt(parsed, `no such table: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
  if (table.name.toLowerCase().startsWith("sqlite_")) {
    throw failAt(parsed, `table ${table.name} may not be dropped`, at);
  }
  return (transaction, author) => {
    if (author.writing.settings.foreignKeys && concernsOthers(catalog, table, author.writing)) {
      deleteRows(parsed, table, catalog, options)(transaction, author);
    }
    deleteEntries(transaction, author.temp, schemas, table);
    for (const { keyspace } of [table, ...table.indexes]) {
      transaction.dropKeyspace(keyspace);
    }
    forgetSequence(transaction, catalog, table);
  };
}

/** Whether rows refer to its rows, or some of its own may be what a COMMIT would fail for. */
function concernsOthers(catalog: Catalog, table: Table, { settings, deferred }: Writing): boolean {
  const isDeferred = table.foreignKeys.some((key) => key.initiallyDeferred || settings.deferForeignKeys);
  return catalog.references(table).length > 0 || (isDeferred && deferred.count > 0);
}

/**
 * What refers to the table's rows is treated as if they were deleted, without triggers. Keys that refer to what nothing makes
 * unique do not keep a table from being dropped.
 */
function deleteRows(parsed: ParsedStatement, dropped: Table, catalog: Catalog, options: QueryOptions): SchemaChange {
  const withMatched = (owner: Table): Table => ({
    ...owner,
    foreignKeys: owner.foreignKeys.filter((key) => isMatched(catalog, owner, key)),
  });
  const table = withMatched(dropped);
  const deletion = {
    kind: "delete",
    at: 0,
    with: undefined,
    table: { schema: table.schema, name: table.name, at: 0, alias: undefined, index: undefined },
    where: undefined,
    returning: undefined,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  } as const;
  const quiet: Schema = {
    names: catalog.names,
    databases: catalog.databases,
    entriesOf: (schema) => catalog.entriesOf(schema),
    tables: () => catalog.tables(),
    views: () => catalog.views(),
    virtualTable: (schema, name) => catalog.virtualTable(schema, name),
    table: (schema, name) => catalog.table(schema, name),
    view: (schema, name) => catalog.view(schema, name),
    references: (owner) =>
      catalog
        .references(owner)
        .filter((each) => isMatched(catalog, each.table, each.key))
        .map(({ table: child, key }) => ({ table: withMatched(child), key })),
    triggersOf: () => [],
  };
  return (transaction, { values, writing, isExternal }) => {
    new InterpretedWrite(parsed, deletion, table, quiet, options).prepare(values, writing, isExternal).run(transaction);
  };
}

/** `catalog` is that of the schema which the index is in; undefined: in none. */
export function dropIndex(
  parsed: ParsedStatement,
  statement: Drop,
  catalog: Catalog | undefined,
): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const found = catalog?.index(undefined, name);
  if (catalog === undefined || found === undefined) {
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
