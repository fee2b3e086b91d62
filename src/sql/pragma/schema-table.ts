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

const NAMES: ReadonlySet<string> = new Set(["sqlite_schema", "sqlite_master"]);
const TEMP_NAMES: ReadonlySet<string> = new Set(["sqlite_temp_schema", "sqlite_temp_master"]);

/** The table of this name over a catalog, of that schema; names are in lower case. Undefined: it is none of these. */
export function schemaTable(catalog: Schema, given: string | undefined, name: string): TableFunction | undefined {
  const isTemp = TEMP_NAMES.has(name) && (given === undefined || given === "temp");
  const schema = isTemp ? "temp" : (given ?? "main");
  if ((!isTemp && !NAMES.has(name)) || (schema !== "temp" && !catalog.names.includes(schema))) {
    return undefined;
  }
  return {
    name,
    columns: COLUMNS.map(([column, affinity]) => ({ name: column, affinity, types: ANY_TYPE, isHidden: false })),
    hasRowid: true,
    takesEqualsOnly: false,
    open: () => {
      const rows = knownRows(
        catalog
          .entriesOf(schema)
          .map(({ type, name: own, table, keyspace, sql, number }): SqlValue[] => [
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
