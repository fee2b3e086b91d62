/** SET: one column, or several that get the values of a row or of a subquery's row. */
import type { Table } from "../../catalog/schema.ts";
import type { Assignment } from "../../parse/ast/write.ts";
import type { Bound } from "../../query/bind/bound.ts";
import type { Scope } from "../../query/bind/scope.ts";
import { NULLABLE } from "../../value/value.ts";
import type { BoundAssignment } from "./bound.ts";
import { writtenColumn } from "./columns.ts";

/** Of a column that is set twice the last one counts. */
export function bindAssignments(scope: Scope, table: Table, assignments: readonly Assignment[]): BoundAssignment[] {
  const bound = new Map<BoundAssignment["column"], Bound>();
  for (const assignment of assignments) {
    const values = valuesOf(scope, assignment);
    for (const [index, name] of assignment.columns.entries()) {
      const column = writtenColumn(scope.statement, table, name, "UPDATE");
      bound.set(column === table.rowidColumn ? undefined : column, values[index]!);
    }
  }
  return [...bound].map(([column, value]) => ({ column, value }));
}

function valuesOf(scope: Scope, { columns, value, at }: Assignment): readonly Bound[] {
  const requireCount = (count: number): void => {
    if (count !== columns.length) {
      throw scope.statement.fail(`${columns.length} columns assigned ${count} values`, at);
    }
  };
  if (value.kind === "row") {
    requireCount(value.list.length);
    return value.list.map((part) => scope.expression(part));
  }
  if (value.kind === "subquery" && columns.length > 1) {
    const query = scope.query(value.query);
    requireCount(query.body.columns.length);
    return query.body.columns.map((column, index) => ({
      kind: "scalar-query",
      types: column.value.types | NULLABLE,
      query,
      column: index,
    }));
  }
  requireCount(1);
  return [scope.expression(value)];
}
