/** CREATE INDEX: the entry of the catalog, and an entry of the index for each row that there is. */
import type { Catalog } from "../catalog/catalog.ts";
import { writeEntry } from "../catalog/entry.ts";
import { indexOf } from "../catalog/index-definition.ts";
import { foldName } from "../catalog/name.ts";
import type { Table } from "../catalog/schema.ts";
import type { Schemas } from "../catalog/schemas.ts";
import { indexEntries } from "../index-entries.ts";
import type { CreateIndex } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { systemTable } from "../pragma/system-table.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import type { ProgramOptions } from "../query-program.ts";
import { bindTarget } from "../write/bind/target.ts";
import { failAt, requireFreeName } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function createIndex(
  parsed: ParsedStatement,
  statement: CreateIndex,
  catalog: Catalog,
  schemas: Schemas,
  { functions, tier }: ProgramOptions,
): SchemaChange | undefined {
  const { name, ifNotExists, text: sql } = statement;
  const table = tableOf(parsed, statement, catalog, schemas);
  if (ifNotExists && catalog.index(undefined, name) !== undefined) {
    return undefined;
  }
  requireFreeName(parsed, statement, catalog, "index");
  const scope = new StatementScope(parsed, catalog, functions, { expression: bindExpression, query: bindQuery });
  const index = indexOf(parsed, statement, table, NO_KEYSPACE);
  // What is wrong with it is said now.
  bindTarget(scope, { ...table, indexes: [index] });
  return (transaction) => {
    const entries = indexEntries(transaction, scope, table, index, tier);
    const keyspace = transaction.createKeyspaceWith(`sql/${foldName(name)}`, entries);
    writeEntry(transaction, catalog.nextNumber, { type: "index", name, table: table.name, sql, keyspace });
  };
}

/** It gets one when its entries are known. */
const NO_KEYSPACE = 0;

function tableOf(parsed: ParsedStatement, { table }: CreateIndex, catalog: Catalog, schemas: Schemas): Table {
  const found = catalog.table(undefined, table.name);
  if (found === undefined) {
    if (catalog.name === "temp" && schemas.table(undefined, table.name) !== undefined) {
      throw failAt(parsed, `cannot create a TEMP index on non-TEMP table "${table.name}"`, table.at);
    }
    const isView = catalog.view(undefined, table.name) !== undefined;
    const system = systemTable(catalog, catalog.name, table.name);
    const refused = isView ? "views may not be indexed" : system && `table ${system} may not be indexed`;
    throw failAt(parsed, refused ?? `no such table: ${catalog.name}.${table.name}`, table.at);
  }
  if (found.name.toLowerCase().startsWith("sqlite_")) {
    throw failAt(parsed, `table ${found.name} may not be indexed`, table.at);
  }
  return found;
}
