/** sqlite_schema, also called sqlite_master: an entry for each table, index, view and trigger. */
import type { Schema } from "../catalog/schema.ts";
import type { TableFunction } from "../run/table-function.ts";
import type { Affinity } from "../value/affinity.ts";
import { ANY_TYPE, type SqlValue } from "../value/value.ts";
import { knownRows } from "./known-rows.ts";

const COLUMNS: readonly (readonly [string, Affinity])[] = [
  ["type", "TEXT"],
  ["name", "TEXT"],
  ["tbl_name", "TEXT"],
  ["rootpage", "INTEGER"],
  ["sql", "TEXT"],
];

/** Those of temporary tables are empty: there are none. */
const NAMES: ReadonlyMap<string, "main" | "temp"> = new Map([
  ["sqlite_schema", "main"],
  ["sqlite_master", "main"],
  ["sqlite_temp_schema", "temp"],
  ["sqlite_temp_master", "temp"],
]);

/** The table of this name, in lower case, over a catalog; undefined: it is none of these. */
export function schemaTable(catalog: Schema, name: string): TableFunction | undefined {
  const schema = NAMES.get(name);
  if (schema === undefined) {
    return undefined;
  }
  return {
    name,
    columns: COLUMNS.map(([column, affinity]) => ({ name: column, affinity, types: ANY_TYPE, isHidden: false })),
    hasRowid: true,
    takesEqualsOnly: false,
    open: () => {
      const entries = schema === "main" ? catalog.entries : [];
      const rows = knownRows(
        entries.map(({ type, name: own, table, keyspace, sql, number }): SqlValue[] => [
          type === "virtual" ? "table" : type,
          own,
          table,
          keyspace ?? 0,
          sql,
          number,
        ]),
      );
      return { next: rows.next, answer: (column) => rows.answer(column < 0 ? COLUMNS.length : column) };
    },
  };
}
