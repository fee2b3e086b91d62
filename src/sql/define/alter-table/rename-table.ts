/**
 * RENAME TO: in every text that means the table. The indexes of its constraints have names made of the table's, and AUTOINCREMENT
 * remembers it by name; its keyspace keeps the name that it was made with.
 */
import type { NumberedEntry } from "../../catalog/entry.ts";
import { foldName } from "../../catalog/name.ts";
import type { Table } from "../../catalog/schema.ts";
import type { AlterTableChange } from "../../parse/ast/definition.ts";
import { Sequence } from "../../write/run/sequence.ts";
import { failAt, isTaken } from "../name.ts";
import type { SchemaChange } from "../schema-change.ts";
import type { Alteration } from "./alteration.ts";
import { bindDefinitions, replaceEntries } from "./definitions.ts";
import { renamedTable } from "./mentions.ts";

export function renameTable(
  alteration: Alteration,
  { to }: Extract<AlterTableChange, { kind: "rename-table" }>,
): SchemaChange {
  const { parsed, catalog, functions, table } = alteration;
  const { name, at } = to;
  if (isTaken(catalog, { schema: undefined, ...to }) || catalog.index(undefined, name) !== undefined) {
    throw failAt(parsed, `there is already another table or index with this name: ${name}`, at);
  }
  if (foldName(name).startsWith("sqlite_")) {
    throw failAt(parsed, `object name reserved for internal use: ${name}`, at);
  }
  return (transaction) => {
    const edited = new Map(renamedTable(alteration, name).map((entry) => [entry.number, entry]));
    const entries = catalog.entries
      .map((entry) => movedTo(table, name, edited.get(entry.number) ?? entry))
      .filter((entry, position) => entry !== catalog.entries[position]);
    const made = replaceEntries(transaction, entries, "after rename");
    const sequences = made.table(undefined, "sqlite_sequence");
    if (sequences !== undefined) {
      new Sequence(sequences, table.name).rename(transaction, name);
    }
    bindDefinitions(made, functions, "after rename");
  };
}

/** An entry that is the table's own, or of something that belongs to it, under the new name. */
function movedTo(table: Table, name: string, entry: NumberedEntry): NumberedEntry {
  if (foldName(entry.table) !== foldName(table.name)) {
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
