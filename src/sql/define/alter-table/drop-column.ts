/** DROP COLUMN: the text without the column. Its slot stays in the rows, and nobody reads it. */
import type { AlterTableChange, CreateTable } from "../../parse/ast/definition.ts";
import { failAt } from "../name.ts";
import type { SchemaChange } from "../schema-change.ts";
import { type Alteration, quotedColumnOf } from "./alteration.ts";
import { bindDefinitions, replaceEntries } from "./definitions.ts";
import { columnEnds } from "./table-words.ts";

export function dropColumn(
  alteration: Alteration,
  { column: name }: Extract<AlterTableChange, { kind: "drop-column" }>,
): SchemaChange {
  const { parsed, catalog, schemas, functions, table, created, entry } = alteration;
  const { index } = quotedColumnOf(alteration, name);
  const kind = keyOf(created, index);
  if (kind !== undefined) {
    throw failAt(parsed, `cannot drop ${kind} column: "${name.name}"`, name.at);
  }
  if (table.columns.length === 1) {
    throw failAt(parsed, `cannot drop column "${name.name}": no other columns exist`, name.at);
  }
  return (transaction) => {
    bindDefinitions(schemas, catalog.name, functions, "");
    const sql = withoutColumn(entry.sql, created, index);
    const columnSlots = entry.columnSlots!.filter((_, position) => position !== index);
    const made = replaceEntries(transaction, catalog, [{ ...entry, sql, columnSlots }], "after drop column");
    bindDefinitions(schemas.with(made), catalog.name, functions, "after drop column");
  };
}

/** Undefined: the column is no key by itself. A UNIQUE of the table may name it, which is found when that is bound. */
function keyOf({ columns, constraints, primaryKey }: CreateTable, index: number): "PRIMARY KEY" | "UNIQUE" | undefined {
  const { name, at } = columns[index]!;
  if (primaryKey?.columns.some((column) => column.name.toLowerCase() === name.toLowerCase()) === true) {
    return "PRIMARY KEY";
  }
  // What a column's own constraint lists stands where the column is defined.
  return constraints.some(
    ({ kind, ...constraint }) => kind === "unique" && "columns" in constraint && constraint.columns[0]?.at === at,
  )
    ? "UNIQUE"
    : undefined;
}

function withoutColumn(sql: string, { columns, columnsEnd }: CreateTable, index: number): string {
  const next = columns[index + 1];
  return next === undefined
    ? sql.slice(0, columnEnds(sql)[index - 1]) + sql.slice(columnsEnd)
    : sql.slice(0, columns[index]!.at) + sql.slice(next.at);
}
