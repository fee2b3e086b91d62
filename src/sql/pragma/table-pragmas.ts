/** table_info, table_xinfo, table_list, foreign_key_list: what tables are. */

import { DbError } from "../../errors.ts";
import { foldName } from "../catalog/name.ts";
import { type Column, isKeyed, type Schema, type Table } from "../catalog/schema.ts";
import type { ColumnsOfView, Pragma, PragmaRows } from "./pragma.ts";

const INFO = ["cid", "name", "type", "notnull", "dflt_value", "pk"];

/** As `hidden` has them. */
const VIRTUAL = 2;
const STORED = 3;

/** What table_info or table_xinfo says of a table or view. */
function infoOf(
  catalog: Schema,
  schema: string | undefined,
  name: string | undefined,
  columnsOf: ColumnsOfView,
  withGenerated: boolean,
): PragmaRows {
  if (name === undefined) {
    return [];
  }
  const table = catalog.table(schema, name);
  if (table !== undefined) {
    return infoOfTable(table, withGenerated);
  }
  const view = catalog.view(schema, name);
  const columns = view === undefined ? [] : columnsOf(view);
  return columns.map(({ name: column, type }, index) => {
    const row = [index, column, type ?? "", 0, null, 0];
    return withGenerated ? [...row, 0] : row;
  });
}

/** Of a column of a table; without generated ones, for table_info. */
function infoOfTable(table: Table, withGenerated: boolean): PragmaRows {
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

/** 0 where the view's query is wrong, as SQLite has it. */
function countOf(columns: () => readonly unknown[]): number {
  try {
    return columns().length;
  } catch (error) {
    if (error instanceof DbError) {
      return 0;
    }
    throw error;
  }
}

/** The tables and views of one schema, for table_list. */
function listOf(catalog: Schema, schema: string, columnsOf: ColumnsOfView): PragmaRows {
  const tables = catalog
    .tables()
    .filter((table) => table.schema === schema)
    .map((table) => [
      schema,
      table.name,
      "table",
      table.columns.length,
      Number(isKeyed(table)),
      Number(table.isStrict),
    ]);
  const views = catalog
    .views()
    .filter((view) => view.schema === schema)
    .map((view) => [schema, view.name, "view", countOf(() => columnsOf(view)), 0, 0]);
  const own = schema === "temp" ? "sqlite_temp_schema" : "sqlite_schema";
  return [...tables, ...views, [schema, own, "table", 5, 0, 0]];
}

export const TABLE_PRAGMAS: readonly Pragma[] = [
  {
    kind: "schema",
    name: "table_info",
    columns: INFO,
    rows: (catalog, value, columnsOf, schema) => infoOf(catalog, schema, value, columnsOf, false),
  },
  {
    kind: "schema",
    name: "table_xinfo",
    columns: [...INFO, "hidden"],
    rows: (catalog, value, columnsOf, schema) => infoOf(catalog, schema, value, columnsOf, true),
  },
  {
    kind: "schema",
    name: "table_list",
    columns: ["schema", "name", "type", "ncol", "wr", "strict"],
    rows: (catalog, value, columnsOf, schema) =>
      [...new Set([...catalog.names, "temp"])]
        .flatMap((name) => listOf(catalog, name, columnsOf))
        .filter(
          ([home, name]) =>
            (value === undefined || foldName(String(name)) === foldName(value)) &&
            (schema === undefined || home === schema),
        ),
  },
  {
    kind: "schema",
    name: "foreign_key_list",
    columns: ["id", "seq", "table", "from", "to", "on_update", "on_delete", "match"],
    rows: (catalog, value, _columnsOf, schema) => {
      const table = value === undefined ? undefined : catalog.table(schema, value);
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
