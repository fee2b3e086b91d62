/** table_info, table_xinfo, table_list, foreign_key_list: what tables are. */

import { foldName } from "../catalog/name.ts";
import { type Column, isKeyed, type Table } from "../catalog/schema.ts";
import type { Pragma, PragmaRows } from "./pragma.ts";

const INFO = ["cid", "name", "type", "notnull", "dflt_value", "pk"];

/** As `hidden` has them. */
const VIRTUAL = 2;
const STORED = 3;

/** Of a column of a table; without generated ones, for table_info. */
function infoOf(table: Table, withGenerated: boolean): PragmaRows {
  return table.columns
    .filter(({ generated }) => withGenerated || generated === undefined)
    .map((column) => {
      const { index, name, type, notNull, defaultText } = column;
      const pk = table.declaredKey.indexOf(column) + 1;
      const row = [index, name, type ?? "", Number(notNull), defaultText ?? null, pk];
      return withGenerated ? [...row, hiddenOf(column)] : row;
    });
}

function hiddenOf({ generated }: Column): number {
  return generated === undefined ? 0 : generated.stored ? STORED : VIRTUAL;
}

const SCHEMA_TABLES = [
  ["main", "sqlite_schema", "table", 5, 0, 0],
  ["temp", "sqlite_temp_schema", "table", 5, 0, 0],
] as const;

export const TABLE_PRAGMAS: readonly Pragma[] = [
  {
    kind: "schema",
    name: "table_info",
    columns: INFO,
    rows: (catalog, value) => {
      const table = value === undefined ? undefined : catalog.table(undefined, value);
      return table === undefined ? [] : infoOf(table, false);
    },
  },
  {
    kind: "schema",
    name: "table_xinfo",
    columns: [...INFO, "hidden"],
    rows: (catalog, value) => {
      const table = value === undefined ? undefined : catalog.table(undefined, value);
      return table === undefined ? [] : infoOf(table, true);
    },
  },
  {
    kind: "schema",
    name: "table_list",
    columns: ["schema", "name", "type", "ncol", "wr", "strict"],
    rows: (catalog, value) => {
      const tables = catalog
        .tables()
        .map((table) => [
          "main",
          table.name,
          "table",
          table.columns.length,
          Number(isKeyed(table)),
          Number(table.isStrict),
        ]);
      return [...tables, ...SCHEMA_TABLES].filter(
        ([, name]) => value === undefined || foldName(String(name)) === foldName(value),
      );
    },
  },
  {
    kind: "schema",
    name: "foreign_key_list",
    columns: ["id", "seq", "table", "from", "to", "on_update", "on_delete", "match"],
    rows: (catalog, value) => {
      const table = value === undefined ? undefined : catalog.table(undefined, value);
      // The one declared last is the first.
      return [...(table?.foreignKeys ?? [])]
        .reverse()
        .flatMap((key, id) =>
          key.columns.map((column, seq) => [
            id,
            seq,
            key.table,
            column.name,
            key.referenced?.[seq] ?? null,
            key.onUpdate.toUpperCase(),
            key.onDelete.toUpperCase(),
            "NONE",
          ]),
        );
    },
  },
];
