/**
 * RENAME TO: in every text that means the table. The indexes of its constraints have names made of the table's, and AUTOINCREMENT
 * remembers it by name; its keyspace keeps the name that it was made with.
 */
import type { Catalog } from "../../catalog/catalog.ts";
import type { NumberedEntry } from "../../catalog/entry.ts";
import { foldName } from "../../catalog/name.ts";
import type { Table } from "../../catalog/schema.ts";
import type { AlterTableChange } from "../../parse/ast/definition.ts";
import { Sequence } from "../../write/run/sequence.ts";
import { failAt } from "../name.ts";
import type { SchemaChange } from "../schema-change.ts";
import type { Alteration } from "./alteration.ts";
import { bindDefinitions, replaceAll } from "./definitions.ts";
import { renamedTable } from "./mentions.ts";

export function renameTable(
  alteration: Alteration,
  { to }: Extract<AlterTableChange, { kind: "rename-table" }>,
): SchemaChange {
  const { parsed, catalog, schemas, functions, table } = alteration;
  const { name, at } = to;
  if (catalog.has(name) || catalog.index(undefined, name) !== undefined) {
    throw failAt(parsed, `there is already another table or index with this name: ${name}`, at);
  }
  if (foldName(name).startsWith("sqlite_")) {
    throw failAt(parsed, `object name reserved for internal use: ${name}`, at);
  }
  return (transaction, { temp, writing }) => {
    const entries = renamedTable(alteration, name, writing.settings.foreignKeys).map(({ part, entries: edited }) => ({
      part,
      entries: movedEntries(part, table, name, edited),
    }));
    const made = replaceAll(transaction, temp, schemas, entries, "after rename");
    const sequences = made.table(catalog.name, "sqlite_sequence");
    if (sequences !== undefined) {
      new Sequence(sequences, table.name).rename(transaction, name);
    }
    bindDefinitions(made, catalog.name, functions, "after rename");
  };
}

/** Those that are not as they were. */
function movedEntries(
  part: Catalog,
  table: Table,
  name: string,
  edited: readonly NumberedEntry[],
): readonly NumberedEntry[] {
  const byNumber = new Map(edited.map((entry) => [entry.number, entry]));
  return part.entries
    .map((entry) => movedTo(part, table, name, byNumber.get(entry.number) ?? entry))
    .filter((entry, position) => entry !== part.entries[position]);
}

/** An entry that is the table's own, or of something that belongs to it, under the new name. */
function movedTo(part: Catalog, table: Table, name: string, entry: NumberedEntry): NumberedEntry {
  if (foldName(entry.table) !== foldName(table.name) || (entry.tableSchema ?? part.name) !== table.schema) {
    return entry;
  }
  switch (entry.type) {
    case "table":
      return { ...entry, name, table: name };
    case "index":
      return { ...entry, name: entry.sql === null ? indexName(table, name, entry.name) : entry.name, table: name };
    default:
      return { ...entry, table: name };
  }
}

function indexName(table: Table, name: string, index: string): string {
  return `sqlite_autoindex_${name}${index.slice(`sqlite_autoindex_${table.name}`.length)}`;
}
