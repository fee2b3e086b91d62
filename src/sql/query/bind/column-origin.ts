/** Which column of a table a value is. */
import { ROWID_INDEX } from "../../catalog/schema.ts";
import type { Bound } from "./bound.ts";
import { firstCore } from "./traits.ts";

export interface ColumnOrigin {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** As declared. */
  readonly type: string | undefined;
}

/** Through subqueries, to the column of a table. */
export function originOf(value: Bound): ColumnOrigin | undefined {
  if (value.kind !== "column") {
    return undefined;
  }
  const { source, column } = value;
  const { origin } = source;
  if (origin.kind === "query") {
    return originOf(firstCore(origin.query.body).columns[column.index]!.value);
  }
  if (origin.kind !== "table" && origin.kind !== "record") {
    return undefined;
  }
  const { schema, name, columns } = origin.table;
  const isRowid = column.index === ROWID_INDEX;
  return {
    schema,
    table: name,
    column: isRowid ? "rowid" : column.name,
    type: isRowid ? "INTEGER" : columns[column.index]!.type,
  };
}
