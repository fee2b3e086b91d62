/** RETURNING: result columns over the row that was written. */

import type { Table } from "../../catalog/schema.ts";
import type { Returning } from "../../parse/ast/write.ts";
import { bindColumns } from "../../query/bind/query.ts";
import type { Scope } from "../../query/bind/scope.ts";
import { lone } from "../../query/bind/visible-source.ts";
import type { BoundReturning } from "./bound.ts";
import { newRecord } from "./target.ts";

/** As in SQLite, it knows the table by its own name, not by the one that the statement gives it. */
export function bindReturning(
  around: Scope,
  table: Table,
  returning: Returning | undefined,
): BoundReturning | undefined {
  if (returning === undefined) {
    return undefined;
  }
  const scope = around.inner();
  const row = newRecord(scope.statement, table.name, table);
  scope.sources.push(lone(table.name, undefined, row));
  scope.aggregatesRefused = "row";
  scope.windowsRefused = true;
  for (const column of returning.columns) {
    if (column.kind === "star" && column.table !== undefined) {
      throw scope.statement.fail('RETURNING may not use "TABLE.*" wildcards', column.at);
    }
  }
  return { row, columns: bindColumns(scope, returning.columns) };
}
