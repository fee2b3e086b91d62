/** Rows in the forms that a statement may be asked for, with values as better-sqlite3 has them. */
import type { RowShape } from "../compile/select.ts";
import type { ResultColumn } from "../query/result-columns.ts";
import type { SqlValue } from "../value/value.ts";
import { type SqliteValue, toExactSqlite, toSqlite } from "./values.ts";

/** "flat" are objects, "raw" arrays, "pluck" the first column alone, "expand" an object for each table. */
export type RowMode = "flat" | "raw" | "pluck" | "expand";

export const SHAPES: Readonly<Record<RowMode, RowShape>> = {
  flat: "object",
  raw: "array",
  pluck: "value",
  expand: "array",
};

/** What makes rows of a mode of those that the engine gives; `safeIntegers`: its INTEGERs are bigints already, and stay. */
export function rowMaker(
  mode: RowMode,
  safeIntegers: boolean,
  names: readonly string[],
  describe: () => readonly ResultColumn[],
): (row: unknown) => unknown {
  const convert = safeIntegers ? toExactSqlite : toSqlite;
  switch (mode) {
    case "pluck":
      return (row) => convert(row as SqlValue);
    case "raw":
      return (row) => convertArray(row as SqlValue[], convert);
    case "expand": {
      const columns = describe();
      return (row) => expanded(convertArray(row as SqlValue[], convert), names, columns);
    }
    default:
      return (row) => convertObject(row as Record<string, SqlValue>, names, convert);
  }
}

/** In place: most values stay what they are. */
function convertObject(
  row: Record<string, SqlValue>,
  names: readonly string[],
  convert: (value: SqlValue) => SqliteValue,
): Record<string, SqlValue> {
  for (const name of names) {
    const value = row[name]!;
    if (typeof value === "object" || typeof value === "bigint") {
      row[name] = convert(value);
    }
  }
  return row;
}

function convertArray(row: SqlValue[], convert: (value: SqlValue) => SqliteValue): SqlValue[] {
  for (let index = 0; index < row.length; index++) {
    const value = row[index]!;
    if (typeof value === "object" || typeof value === "bigint") {
      row[index] = convert(value);
    }
  }
  return row;
}

/** What is of no table stands under `$`. */
function expanded(
  row: readonly SqlValue[],
  names: readonly string[],
  columns: readonly ResultColumn[],
): Record<string, Record<string, SqlValue>> {
  const tables: Record<string, Record<string, SqlValue>> = {};
  for (const [index, value] of row.entries()) {
    const table = columns[index]?.origin?.table ?? "$";
    tables[table] ??= {};
    tables[table][names[index]!] = value;
  }
  return tables;
}
