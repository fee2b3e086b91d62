/** What goes out of the catalogs with a table or view. */
import { deleteEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import type { Owner } from "../catalog/schema.ts";
import type { Schemas } from "../catalog/schemas.ts";
import type { SqlTransaction } from "../storage.ts";

/** Its own entry, those of its indexes and triggers, and those of the temporary triggers that it has in another schema. */
export function deleteEntries(
  transaction: SqlTransaction,
  temp: SqlTransaction | undefined,
  schemas: Schemas,
  { schema, name }: Owner,
): void {
  const folded = foldName(name);
  const { entries, name: home } = schemas.part(schema)!;
  for (const entry of entries) {
    if (foldName(entry.table) === folded && (entry.tableSchema ?? home) === schema) {
      deleteEntry(transaction, entry.number);
    }
  }
  if (schema === "temp" || temp === undefined) {
    return;
  }
  for (const entry of schemas.temp.entries) {
    if (foldName(entry.table) === folded && entry.tableSchema === schema) {
      deleteEntry(temp, entry.number);
    }
  }
}
