/** Binds UPDATE and DELETE: the query that finds the rows, and what is done with each. */
import { foldName } from "../../catalog/name.ts";
import { isKeyed, type Table } from "../../catalog/schema.ts";
import type { From } from "../../parse/ast/query.ts";
import type { Delete, Update } from "../../parse/ast/write.ts";
import {
  type Bound,
  type BoundColumn,
  type BoundCore,
  type BoundFrom,
  type BoundQuery,
  columnOf,
  type Source,
} from "../../query/bind/bound.ts";
import { allOf } from "../../query/bind/comparison.ts";
import { bindFrom } from "../../query/bind/joins.ts";
import { bindOrdering } from "../../query/bind/ordering.ts";
import { bindCommon } from "../../query/bind/query.ts";
import type { Scope } from "../../query/bind/scope.ts";
import type { VisibleSource } from "../../query/bind/visible-source.ts";
import { bindAssignments } from "./assignment.ts";
import type { BoundDelete, BoundUpdate } from "./bound.ts";
import { bindReturning } from "./returning.ts";
import { bindTarget } from "./target.ts";

export function bindUpdate(around: Scope, update: Update, table: Table): BoundUpdate {
  const { scope, from, source } = rowsOf(around, update, update.from, table);
  // A view has no rowid, but SQLite takes one for it.
  const assignments = bindAssignments(scope, table, update.assignments).filter(
    ({ column }) => column !== undefined || table.view === undefined,
  );
  const where = update.where === undefined ? undefined : scope.expression(update.where);
  const key = keyOf(source);
  return {
    kind: "update",
    target: bindTarget(scope.statement, table),
    query: chosen(scope, update, queryOf(scope, from, where, [...key, ...assignments.map(({ value }) => value)])),
    keyColumns: key.length,
    assigned: assignments.map(({ column }) => column),
    conflict: update.conflict,
    returning: bindReturning(around, table, update.returning),
  };
}

export function bindDelete(around: Scope, statement: Delete, table: Table): BoundDelete {
  const { scope, from, source } = rowsOf(around, statement, undefined, table);
  const where = statement.where === undefined ? undefined : scope.expression(statement.where);
  const key = keyOf(source);
  return {
    kind: "delete",
    target: bindTarget(scope.statement, table),
    query: chosen(scope, statement, queryOf(scope, from, where, key)),
    keyColumns: key.length,
    returning: bindReturning(around, table, statement.returning),
  };
}

/** The table itself stands in FROM under another name alone. */
function refuseTarget(scope: Scope, { name, source }: VisibleSource, { first, joins }: From): void {
  for (const term of [first, ...joins.map((join) => join.term)]) {
    if (term.kind === "table" && foldName(term.alias ?? term.name) === name) {
      throw scope.statement.fail(
        `target object/alias may not appear in FROM clause: ${term.alias ?? source.name}`,
        term.at,
      );
    }
  }
}

/** The scope in which the table and FROM are seen. */
function rowsOf(
  around: Scope,
  statement: Update | Delete,
  others: From | undefined,
  table: Table,
): { readonly scope: Scope; readonly from: BoundFrom; readonly source: Source } {
  const outside = around.inner();
  bindCommon(outside, statement.with);
  const scope = outside.inner();
  const first = bindFrom(scope, { first: tableTerm(statement, table), joins: [] });
  const source = scope.sources[0]!.source;
  let from: BoundFrom = first;
  if (others !== undefined) {
    refuseTarget(scope, scope.sources[0]!, others);
    const right = bindFrom(scope, others);
    from = { kind: "join", join: "inner", left: first, right, on: allOf(scope.lateConditions) };
  }
  scope.aggregatesRefused = "row";
  scope.windowsRefused = true;
  return { scope, from, source };
}

/** Written out with its schema, so that no common query of its name is meant. */
function tableTerm({ table: term }: Update | Delete, table: Table): From["first"] {
  return { ...term, kind: "table", schema: table.schema, name: table.name, alias: term.alias };
}

/** The query with ORDER BY and LIMIT, which choose among the rows. */
function chosen(scope: Scope, { kind, orderBy, limit, offset }: Update | Delete, query: BoundQuery): BoundQuery {
  const [first] = orderBy;
  if (first !== undefined && limit === undefined) {
    throw scope.statement.fail(`ORDER BY without LIMIT on ${kind.toUpperCase()}`, first.expression.at);
  }
  const rowless = scope.rowless();
  return {
    ...query,
    ordering: orderBy.map((term) => bindOrdering(scope, term)),
    limit: limit === undefined ? undefined : rowless.expression(limit),
    offset: offset === undefined ? undefined : rowless.expression(offset),
  };
}

/** The columns by which a row is found: of a view all of them. */
export function keyOf(source: Source): readonly Bound[] {
  const { origin } = source;
  if (origin.kind === "query") {
    return source.columns.map((column) => columnOf(source, column));
  }
  if (origin.kind !== "table" || !isKeyed(origin.table)) {
    return [columnOf(source, source.rowid!)];
  }
  return origin.table.primaryKey.map(({ column }) => columnOf(source, source.columns[column]!));
}

/** The query that gives these values for each row. */
export function queryOf(scope: Scope, from: BoundFrom, where: Bound | undefined, values: readonly Bound[]): BoundQuery {
  const columns = values.map((value): BoundColumn => ({ name: "", value, collation: undefined }));
  const body: BoundCore = {
    kind: "core",
    from,
    where,
    grouping: undefined,
    windowing: undefined,
    columns,
    distinct: false,
  };
  return {
    id: scope.statement.newQueryId(),
    body,
    ordering: [],
    limit: undefined,
    offset: undefined,
    outer: scope.outer,
  };
}
