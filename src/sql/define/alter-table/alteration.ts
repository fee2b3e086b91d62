/** What every kind of ALTER TABLE starts from: the table, found and such that it may be altered. */
import type { Catalog } from "../../catalog/catalog.ts";
import type { NumberedEntry } from "../../catalog/entry.ts";
import { foldName, named } from "../../catalog/name.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import type { AlterTable, AlterTableChange, CreateTable } from "../../parse/ast/definition.ts";
import type { Name } from "../../parse/ast/query.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import { Tokenizer } from "../../parse/tokenizer.ts";
import { failAt } from "../name.ts";

export interface Alteration {
  /** The ALTER TABLE itself. */
  readonly parsed: ParsedStatement;
  readonly catalog: Catalog;
  readonly table: Table;
  /** The statement that makes the table, out of the text that the entry has. */
  readonly created: CreateTable;
  readonly entry: NumberedEntry & { readonly sql: string };
}

/** What SQLite says of a view, for which there is none of this. */
const REFUSALS: Readonly<Record<AlterTableChange["kind"], (view: string) => string>> = {
  "rename-table": (view) => `view ${view} may not be altered`,
  "rename-column": (view) => `cannot rename columns of view "${view}"`,
  "add-column": () => "Cannot add a column to a view",
  "drop-column": (view) => `cannot drop column from view "${view}"`,
  "set-not-null": (view) => `cannot edit constraints of view "${view}"`,
  "drop-not-null": (view) => `cannot edit constraints of view "${view}"`,
  "add-check": (view) => `cannot edit constraints of view "${view}"`,
  "drop-constraint": (view) => `cannot edit constraints of view "${view}"`,
};

export function alterationOf(parsed: ParsedStatement, statement: AlterTable, catalog: Catalog): Alteration {
  const { table: name, change } = statement;
  const table = catalog.table(name.schema, name.name);
  const view = catalog.view(name.schema, name.name);
  if (view !== undefined) {
    throw failAt(parsed, REFUSALS[change.kind](view.name), name.at);
  }
  if (table === undefined) {
    throw failAt(parsed, `no such table: ${name.schema === undefined ? "" : `${name.schema}.`}${name.name}`, name.at);
  }
  if (foldName(table.name).startsWith("sqlite_")) {
    throw failAt(parsed, `table ${table.name} may not be altered`, name.at);
  }
  const entry = catalog.entry("table", table.name)!;
  return {
    parsed,
    catalog,
    table,
    created: table.definition.statement as CreateTable,
    entry: { ...entry, sql: entry.sql! },
  };
}

export function columnOf({ parsed, table }: Alteration, { name, at }: Name): Column {
  return named(table.columns, name) ?? refuse(parsed, name, at);
}

/** The same, where SQLite shows a name that it does not know in quotes, with those that it was written with. */
export function quotedColumnOf({ parsed, table }: Alteration, { name, at }: Name): Column {
  const { text, start } = parsed;
  const { end } = new Tokenizer(text, at - start);
  return named(table.columns, name) ?? refuse(parsed, `"${text.slice(at - start, end)}"`, at);
}

function refuse(parsed: ParsedStatement, shown: string, at: number): never {
  throw failAt(parsed, `no such column: ${shown}`, at);
}
