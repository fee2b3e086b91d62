/** The columns that a statement names to write them. */
import { named } from "../../catalog/name.ts";
import { type Column, isKeyed, type Table } from "../../catalog/schema.ts";
import type { Name } from "../../parse/ast/query.ts";
import { ROWID_NAMES, type StatementScope } from "../../query/bind/scope.ts";

/** Undefined: the rowid, by a name that no column has. */
export function writtenColumn(
  statement: StatementScope,
  table: Table,
  { name, at }: Name,
  verb: "INSERT into" | "UPDATE",
): Column | undefined {
  const column = named(table.columns, name);
  if (column?.generated !== undefined) {
    throw statement.fail(`cannot ${verb} generated column "${column.name}"`, at);
  }
  if (column !== undefined) {
    return column;
  }
  if ((!isKeyed(table) || table.view !== undefined) && ROWID_NAMES.has(name.toLowerCase())) {
    return undefined;
  }
  const what = verb === "UPDATE" ? `no such column: ${name}` : `table ${table.name} has no column named ${name}`;
  throw statement.fail(what, at);
}
