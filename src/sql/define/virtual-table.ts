/** CREATE VIRTUAL TABLE and its DROP: a name for a table that a module of the session's makes. Its rows are nowhere. */
import type { Catalog } from "../catalog/catalog.ts";
import { deleteEntry, writeEntry } from "../catalog/entry.ts";
import type { CreateVirtualTable, Drop } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { QueryOptions } from "../query/interpreted-query.ts";
import { failAt, requireFreeName } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function createVirtualTable(
  parsed: ParsedStatement,
  statement: CreateVirtualTable,
  catalog: Catalog,
  { functions }: QueryOptions,
): SchemaChange | undefined {
  const { name, module, ifNotExists, text: sql } = statement;
  if (ifNotExists && catalog.has(name)) {
    return undefined;
  }
  requireFreeName(parsed, statement, catalog, "table");
  if (functions.module(module.name) === undefined) {
    throw failAt(parsed, `no such module: ${module.name}`, module.at);
  }
  return (transaction) => {
    // The module says now whether it takes the arguments.
    functions.virtualTable({ schema: catalog.name, name, module: module.name, parameters: statement.arguments, sql });
    writeEntry(transaction, catalog.nextNumber, { type: "virtual", name, table: name, sql });
  };
}

/** Undefined: it is no virtual table. */
export function dropVirtualTable({ name }: Drop, catalog: Catalog | undefined): SchemaChange | undefined {
  const found = catalog?.virtualTable(undefined, name);
  return catalog === undefined || found === undefined
    ? undefined
    : (transaction) => deleteEntry(transaction, catalog.entry("virtual", name)!.number);
}
