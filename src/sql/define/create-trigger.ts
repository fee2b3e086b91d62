/** CREATE TRIGGER and DROP TRIGGER. What a trigger's statements are about is looked at when it fires, as SQLite does. */
import type { Catalog } from "../catalog/catalog.ts";
import { deleteEntry, writeEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import type { Schemas } from "../catalog/schemas.ts";
import type { CreateTrigger, Drop } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { failAt, isSchemaTable, requireOwnNames, writtenName } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function createTrigger(
  parsed: ParsedStatement,
  statement: CreateTrigger,
  catalog: Catalog,
  schemas: Schemas,
): SchemaChange | undefined {
  const { name, at, ifNotExists, time, table, text: sql } = statement;
  const isTemp = catalog.name === "temp";
  requireOwnNames(parsed, "trigger", statement, catalog.name);
  const from = isTemp ? schemas : catalog;
  const place = isTemp ? table.schema : undefined;
  const view = from.view(place, table.name);
  const owner = view ?? from.table(place, table.name);
  if (owner === undefined && isSchemaTable(table.name)) {
    throw failAt(parsed, "cannot create trigger on system table", table.at);
  }
  if (owner === undefined) {
    const shown = isTemp ? table.schema : catalog.name;
    throw failAt(parsed, `no such table: ${shown === undefined ? "" : `${shown}.`}${table.name}`, table.at);
  }
  if (foldName(name).startsWith("sqlite_")) {
    throw failAt(parsed, `object name reserved for internal use: ${name}`, at);
  }
  if (catalog.trigger(undefined, name) !== undefined) {
    if (ifNotExists) {
      return undefined;
    }
    throw failAt(parsed, `trigger ${writtenName(parsed, at)} already exists`, at);
  }
  if (foldName(owner.name).startsWith("sqlite_")) {
    throw failAt(parsed, "cannot create trigger on system table", table.at);
  }
  if ((time === "instead of") !== (view !== undefined)) {
    const kind = view === undefined ? "table" : "view";
    throw failAt(parsed, `cannot create ${time.toUpperCase()} trigger on ${kind}: ${owner.name}`, table.at);
  }
  const tableSchema = isTemp ? { tableSchema: owner.schema } : {};
  return (transaction) => {
    writeEntry(transaction, catalog.nextNumber, { type: "trigger", name, table: owner.name, ...tableSchema, sql });
  };
}

/** `catalog` is that of the schema which the trigger is in; undefined: in none. */
export function dropTrigger(
  parsed: ParsedStatement,
  statement: Drop,
  catalog: Catalog | undefined,
): SchemaChange | undefined {
  const { schema, name, at, ifExists } = statement;
  const trigger = catalog?.trigger(undefined, name);
  if (catalog === undefined || trigger === undefined) {
    if (ifExists) {
      return undefined;
    }
    throw failAt(parsed, `no such trigger: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
  return (transaction) => deleteEntry(transaction, catalog.entry("trigger", trigger.name)!.number);
}
