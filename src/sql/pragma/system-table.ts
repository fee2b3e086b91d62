/** Tables that are there without having been made: sqlite_schema, and functions and pragmas in FROM. They can only be read. */
import { foldName } from "../catalog/name.ts";
import type { Schema } from "../catalog/schema.ts";
import { tableFunction } from "../run/table-functions.ts";
import { pragmaTable } from "./registry.ts";
import { schemaTable } from "./schema-table.ts";

/** What it is called where it is refused; undefined: there is no such table of this name. */
export function systemTable(catalog: Schema, schema: string | undefined, name: string): string | undefined {
  const folded = foldName(name);
  const given = schema === undefined ? undefined : foldName(schema);
  if (schemaTable(catalog, given, folded) !== undefined) {
    return given === "temp" || folded.startsWith("sqlite_temp_") ? "sqlite_temp_master" : "sqlite_master";
  }
  return tableFunction(folded)?.name ?? pragmaTable(catalog, folded, () => [])?.name;
}
