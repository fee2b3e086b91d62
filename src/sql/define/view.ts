/** CREATE VIEW and DROP VIEW. What a view's query says is looked at where the view is used, as SQLite does. */
import type { Catalog } from "../catalog/catalog.ts";
import { writeEntry } from "../catalog/entry.ts";
import type { Schemas } from "../catalog/schemas.ts";
import type { CreateView, Drop } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { deleteEntries } from "./delete-entries.ts";
import { failAt, requireFreeName, requireOwnNames } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function createView(parsed: ParsedStatement, statement: CreateView, catalog: Catalog): SchemaChange | undefined {
  const { name, text: sql, at } = statement;
  if (parsed.parameters.length > 0) {
    throw failAt(parsed, "parameters are not allowed in views", at);
  }
  if (statement.ifNotExists && catalog.has(name)) {
    return undefined;
  }
  requireOwnNames(parsed, "view", statement, catalog.name);
  requireFreeName(parsed, statement, catalog, "view");
  return (transaction) => writeEntry(transaction, catalog.nextNumber, { type: "view", name, table: name, sql });
}

/** With its triggers. `catalog` is that of the schema which the view is in; undefined: in none. */
export function dropView(
  parsed: ParsedStatement,
  statement: Drop,
  catalog: Catalog | undefined,
  schemas: Schemas,
): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const view = catalog?.view(undefined, name);
  if (catalog === undefined || view === undefined) {
    if (catalog?.table(undefined, name) !== undefined) {
      throw failAt(parsed, `use DROP TABLE to delete table ${name}`, at);
    }
    if (ifExists) {
      return undefined;
    }
    throw failAt(parsed, `no such view: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
  return (transaction, { temp }) => deleteEntries(transaction, temp, schemas, view);
}
