/** CREATE VIEW and DROP VIEW. What a view's query says is looked at where the view is used, as SQLite does. */
import type { Catalog } from "../catalog/catalog.ts";
import { deleteEntry, writeEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import type { CreateView, Drop } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { failAt, isTaken, requireFreeName } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function createView(parsed: ParsedStatement, statement: CreateView, catalog: Catalog): SchemaChange | undefined {
  const { name, text: sql, at } = statement;
  if (parsed.parameters.length > 0) {
    throw failAt(parsed, "parameters are not allowed in views", at);
  }
  if (statement.ifNotExists && isTaken(catalog, statement)) {
    return undefined;
  }
  requireFreeName(parsed, statement, catalog, "view");
  return (transaction) => writeEntry(transaction, catalog.nextNumber, { type: "view", name, table: name, sql });
}

/** With its triggers. */
export function dropView(parsed: ParsedStatement, statement: Drop, catalog: Catalog): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const view = catalog.view(schema, name);
  if (view === undefined) {
    if (catalog.table(schema, name) !== undefined) {
      throw failAt(parsed, `use DROP TABLE to delete table ${name}`, at);
    }
    if (ifExists) {
      return undefined;
    }
    throw failAt(parsed, `no such view: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
  const folded = foldName(view.name);
  return (transaction) => {
    for (const entry of catalog.entries) {
      if (foldName(entry.table) === folded) {
        deleteEntry(transaction, entry.number);
      }
    }
  };
}
