/** The pragmas by name, and those of them that are tables in FROM. */
import type { Schema } from "../catalog/schema.ts";
import type { TableFunction } from "../run/table-function.ts";
import { textOf } from "../value/affinity.ts";
import { ANY_TYPE, NULL } from "../value/value.ts";
import { DATABASE_PRAGMAS } from "./database-pragmas.ts";
import { INDEX_PRAGMAS } from "./index-pragmas.ts";
import { knownRows } from "./known-rows.ts";
import type { ColumnsOfView, Pragma } from "./pragma.ts";
import { SETTING_PRAGMAS } from "./setting-pragmas.ts";
import { STORED_PRAGMAS } from "./stored-pragmas.ts";
import { TABLE_PRAGMAS } from "./table-pragmas.ts";

const PRAGMAS = [...DATABASE_PRAGMAS, ...INDEX_PRAGMAS, ...SETTING_PRAGMAS, ...STORED_PRAGMAS, ...TABLE_PRAGMAS];

const byName = new Map(PRAGMAS.map((pragma) => [pragma.name, pragma]));

byName.set("pragma_list", {
  kind: "schema",
  name: "pragma_list",
  columns: ["name"],
  rows: () => [...byName.keys()].sort().map((name) => [name]),
});

/** Undefined: there is none, which SQL takes for one that does nothing. */
export function pragmaNamed(name: string): Pragma | undefined {
  return byName.get(name.toLowerCase());
}

const PREFIX = "pragma_";
const HIDDEN = ["arg", "schema"];

/** `pragma_table_info` and its kin as a table function over a catalog; `name` is in lower case. */
export function pragmaTable(catalog: Schema, name: string, columnsOf: ColumnsOfView): TableFunction | undefined {
  const pragma = name.startsWith(PREFIX) ? byName.get(name.slice(PREFIX.length)) : undefined;
  if (pragma?.kind !== "schema") {
    return undefined;
  }
  const column = (columnName: string, isHidden: boolean) => ({
    name: columnName,
    affinity: "BLOB" as const,
    types: ANY_TYPE,
    isHidden,
  });
  return {
    name,
    columns: [
      ...pragma.columns.map((columnName) => column(columnName, false)),
      ...HIDDEN.map((columnName) => column(columnName, true)),
    ],
    hasRowid: false,
    takesEqualsOnly: false,
    open: (tags, values) => {
      const textAt = (place: number): string | undefined =>
        tags[place] === undefined || tags[place] === NULL ? undefined : textOf(tags[place], values[place]!);
      const [value, schema] = [textAt(0), textAt(1)];
      const hidden = HIDDEN.map((_, index) => values[index] ?? null);
      return knownRows(pragma.rows(catalog, value, columnsOf, schema?.toLowerCase()).map((row) => [...row, ...hidden]));
    },
  };
}
