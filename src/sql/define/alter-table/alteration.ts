/** What every kind of ALTER TABLE starts from: the table, found and such that it may be altered. */
import type { Catalog } from "../../catalog/catalog.ts";
import type { NumberedEntry } from "../../catalog/entry.ts";
import { foldName, named } from "../../catalog/name.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import type { Schemas } from "../../catalog/schemas.ts";
import type { AlterTable, AlterTableChange, CreateTable } from "../../parse/ast/definition.ts";
import type { Name } from "../../parse/ast/query.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import { systemTable } from "../../pragma/system-table.ts";
import type { QueryOptions } from "../../query/interpreted-query.ts";
import type { SessionFunctions } from "../../run/session-functions.ts";
import { failAt, writtenName } from "../name.ts";

export interface Alteration {
  /** The ALTER TABLE itself. */
  readonly parsed: ParsedStatement;
  /** Of the schema that the table is in. */
  readonly catalog: Catalog;
  readonly schemas: Schemas;
  readonly functions: SessionFunctions;
  readonly table: Table;
  /** The statement that makes the table, out of the text that the entry has. */
  readonly created: CreateTable;
  readonly entry: NumberedEntry & { readonly sql: string };
}

/** What SQLite says of a view or a virtual table, for which there is none of this. */
function refusalOf(change: AlterTableChange["kind"], kind: "view" | "virtual table", name: string): string {
  switch (change) {
    case "rename-table":
      return `${kind} ${name} may not be altered`;
    case "add-column":
      return kind === "view" ? "Cannot add a column to a view" : "virtual tables may not be altered";
    case "rename-column":
      return `cannot rename columns of ${kind} "${name}"`;
    case "drop-column":
      return `cannot drop column from ${kind} "${name}"`;
    default:
      return `cannot edit constraints of ${kind} "${name}"`;
  }
}

export function alterationOf(
  parsed: ParsedStatement,
  { table: name, change }: AlterTable,
  catalog: Catalog,
  schemas: Schemas,
  { functions }: QueryOptions,
): Alteration {
  const table = catalog.table(undefined, name.name);
  const view = catalog.view(undefined, name.name);
  if (view !== undefined) {
    throw failAt(parsed, refusalOf(change.kind, "view", view.name), name.at);
  }
  const virtual = catalog.virtualTable(undefined, name.name);
  if (virtual !== undefined) {
    throw failAt(parsed, refusalOf(change.kind, "virtual table", virtual.name), name.at);
  }
  const system = table === undefined ? systemTable(schemas, name.schema, name.name) : undefined;
  if (system !== undefined) {
    throw failAt(parsed, `table ${system} may not be altered`, name.at);
  }
  if (table === undefined || schemas.partWith(name.schema, name.name) === undefined) {
    throw failAt(parsed, `no such table: ${name.schema === undefined ? "" : `${name.schema}.`}${name.name}`, name.at);
  }
  if (foldName(table.name).startsWith("sqlite_")) {
    throw failAt(parsed, `table ${table.name} may not be altered`, name.at);
  }
  const entry = catalog.entry("table", table.name)!;
  return {
    parsed,
    catalog,
    schemas,
    functions,
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
  return named(table.columns, name) ?? refuse(parsed, `"${writtenName(parsed, at)}"`, at);
}

function refuse(parsed: ParsedStatement, shown: string, at: number): never {
  throw failAt(parsed, `no such column: ${shown}`, at);
}
