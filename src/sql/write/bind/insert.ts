/** Binds INSERT. */
import { type Column, isKeyed, type Table } from "../../catalog/schema.ts";
import type { Insert } from "../../parse/ast/write.ts";
import type { BoundQuery } from "../../query/bind/bound.ts";
import { bindCommon, bindQuery } from "../../query/bind/query.ts";
import type { Scope } from "../../query/bind/scope.ts";
import type { BoundInsert } from "./bound.ts";
import { writtenColumn } from "./columns.ts";
import { bindReturning } from "./returning.ts";
import { bindTarget } from "./target.ts";
import { bindUpsert } from "./upsert.ts";

export function bindInsert(around: Scope, insert: Insert, table: Table): BoundInsert {
  const scope = around.inner();
  const { statement } = scope;
  bindCommon(scope, insert.with);
  const targets: readonly (Column | undefined)[] =
    insert.columns?.map((name) => writtenColumn(statement, table, name, "INSERT into")) ??
    table.columns.filter(({ generated }) => generated === undefined);
  const query = insert.source === undefined ? undefined : bindQuery(scope, insert.source);
  if (query !== undefined) {
    requireCount(scope, insert, table, targets.length, query);
  }
  // Of a column that is named twice the first counts.
  const placeOf = (column: Column | undefined): number | undefined => {
    const place = query === undefined ? -1 : targets.indexOf(column);
    return place < 0 ? undefined : place;
  };
  const name = insert.table.alias ?? table.name;
  const target = bindTarget(statement, table);
  return {
    kind: "insert",
    target,
    query,
    columns: table.columns.map(placeOf),
    rowid: isKeyed(table) ? undefined : placeOf(undefined),
    conflict: insert.conflict,
    upserts: insert.upserts.map((upsert, index) =>
      bindUpsert(scope, target, name, upsert, index === insert.upserts.length - 1),
    ),
    returning: bindReturning(scope, table, insert.returning),
  };
}

function requireCount(scope: Scope, insert: Insert, table: Table, expected: number, query: BoundQuery): void {
  const rows = query.body.kind === "values" ? query.body.rows.map((row) => row.length) : [query.body.columns.length];
  const wrong = rows.find((count) => count !== expected);
  if (wrong !== undefined) {
    const what =
      insert.columns === undefined
        ? `table ${table.name} has ${expected} columns but ${wrong} values were supplied`
        : `${wrong} values for ${expected} columns`;
    throw scope.statement.fail(what, insert.table.at);
  }
}
