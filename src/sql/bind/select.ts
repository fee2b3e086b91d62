/**
 * Binds SELECT.
 *
 * A query that groups is two queries, one behind the other: rows in, groups out. Its result columns, HAVING and ORDER BY
 * are bound over the rows first (so that aggregates collect), then turned over to the groups by `regroup`: what equals a
 * GROUP BY term becomes a reference to that key, and a column left over becomes a bare column, whose value comes from one
 * row of the group: the row that made the last `min()` or `max()` what it is, else the first row (as in SQLite).
 */
import { assert } from "../../assert.ts";
import type { Table } from "../catalog/schema.ts";
import type { Expression, OrderingTerm, Query, ResultColumn, SelectCore, TableName } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { type Aggregate, type Bound, mapParts, signature } from "./bound.ts";
import { bareColumn } from "./call.ts";
import { bindExpression } from "./expression.ts";
import { Scope } from "./scope.ts";

export interface BoundColumn {
  readonly name: string;
  readonly value: Bound;
}

export interface BoundOrdering {
  readonly value: Bound;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Grouping {
  readonly keys: readonly Bound[];
  readonly aggregates: readonly Aggregate[];
  readonly having: Bound | undefined;
  /** The aggregate whose row bare columns come from; undefined: the first row. */
  readonly bareFrom: number | undefined;
}

export interface BoundSelect {
  readonly kind: "select";
  readonly table: Table | undefined;
  readonly where: Bound | undefined;
  readonly grouping: Grouping | undefined;
  readonly columns: readonly BoundColumn[];
  readonly distinct: boolean;
  readonly ordering: readonly BoundOrdering[];
  readonly limit: Bound | undefined;
  readonly offset: Bound | undefined;
}

/** The SELECT that a query is where it is one, alone and from one table, as `supportedStatement` has checked. */
export function coreOf(query: Query): SelectCore {
  assert(query.first.kind === "select", "a query that is bound is a SELECT");
  return query.first;
}

/** The table that it reads from. */
export function fromOf(core: SelectCore): TableName | undefined {
  const first = core.from?.first;
  return first?.kind === "table" ? first : undefined;
}

export function bindSelect(parsed: ParsedStatement, query: Query, table: Table | undefined): BoundSelect {
  const bound = bind(parsed, query, table, false);
  // Without GROUP BY there is a group even where there are no rows, and all its bare columns are NULL.
  const mayLackRows =
    bound.grouping?.keys.length === 0 && bound.grouping.aggregates.some(({ name }) => name === "bare");
  return mayLackRows ? bind(parsed, query, table, true) : bound;
}

function bind(parsed: ParsedStatement, query: Query, table: Table | undefined, mayLackRows: boolean): BoundSelect {
  const select = coreOf(query);
  const scope = new Scope(parsed, table, fromOf(select), mayLackRows);
  const columns = bindColumns(scope, select.columns);
  scope.aliasesVisible = true;
  const where = refusingAggregates(scope, "in WHERE", select.where);
  const keys = select.groupBy.map((term) => bindGroupTerm(scope, term, columns));
  const having = select.having === undefined ? undefined : bindExpression(scope, select.having);
  const ordering = query.orderBy.map((term, index) => bindOrderTerm(scope, term, index, columns));
  scope.aliasesVisible = false;
  const groups = keys.length > 0 || scope.aggregates.length > 0;
  if (having !== undefined && !groups) {
    throw scope.fail("HAVING clause on a non-aggregate query", placeOf(select.having!));
  }
  const rowless = new Scope(parsed, undefined, undefined);
  rowless.aggregatesRefused = "in LIMIT";
  const bound = {
    kind: "select",
    table,
    where,
    columns,
    distinct: select.distinct,
    limit: query.limit === undefined ? undefined : bindExpression(rowless, query.limit),
    offset: query.offset === undefined ? undefined : bindExpression(rowless, query.offset),
  } as const;
  if (!groups) {
    return { ...bound, grouping: undefined, ordering };
  }
  const regrouped = (value: Bound): Bound => regroup(scope, keys, value);
  const groupedColumns = columns.map(({ name, value }) => ({ name, value: regrouped(value) }));
  const groupedOrdering = ordering.map((term) => {
    // The same expression stays the same object, so that it is computed once.
    const column = columns.findIndex(({ value }) => value === term.value);
    return { ...term, value: column >= 0 ? groupedColumns[column]!.value : regrouped(term.value) };
  });
  const groupedHaving = having === undefined ? undefined : regrouped(having);
  const { aggregates } = scope;
  const bareFrom = aggregates.findLastIndex(({ name }) => name === "min" || name === "max");
  const grouping = { keys, aggregates, having: groupedHaving, bareFrom: bareFrom < 0 ? undefined : bareFrom };
  return { ...bound, grouping, columns: groupedColumns, ordering: groupedOrdering };
}

function refusingAggregates(scope: Scope, where: string, expression: Expression | undefined): Bound | undefined {
  if (expression === undefined) {
    return undefined;
  }
  scope.aggregatesRefused = where;
  const bound = bindExpression(scope, expression);
  scope.aggregatesRefused = undefined;
  return bound;
}

function bindColumns(scope: Scope, columns: readonly ResultColumn[]): BoundColumn[] {
  const bound: BoundColumn[] = [];
  for (const column of columns) {
    if (column.kind === "star") {
      if (scope.table === undefined) {
        throw scope.fail("no tables specified", column.at);
      }
      if (column.table !== undefined && !scope.isTable(column.table)) {
        throw scope.fail(`no such table: ${column.table}`, column.at);
      }
      for (const tableColumn of scope.table.columns) {
        bound.push({ name: tableColumn.name, value: scope.bound(tableColumn) });
      }
      continue;
    }
    const value = bindExpression(scope, column.expression);
    bound.push({ name: column.alias ?? nameOf(scope, column.expression) ?? column.text, value });
    if (column.alias !== undefined) {
      scope.addAlias(column.alias, column.expression);
    }
  }
  return bound;
}

/** A column's own name, as it was declared. */
function nameOf(scope: Scope, expression: Expression): string | undefined {
  if (expression.kind !== "name") {
    return undefined;
  }
  const bound = scope.column(expression.table, expression.column);
  return bound?.kind === "column"
    ? bound.column.name
    : bound?.kind === "rowid"
      ? (scope.table?.rowidColumn?.name ?? "rowid")
      : expression.column;
}

/** A number is the position of a result column, everything else an expression. */
function bindGroupTerm(scope: Scope, term: Expression, columns: readonly BoundColumn[]): Bound {
  const position = positionOf(scope, term, columns, "GROUP BY");
  if (position === undefined) {
    return refusingAggregates(scope, "in GROUP BY", term)!;
  }
  const { value } = columns[position]!;
  if (containsAggregate(value)) {
    throw scope.fail("aggregate functions are not allowed in the GROUP BY clause", placeOf(term));
  }
  return value;
}

function bindOrderTerm(
  scope: Scope,
  term: OrderingTerm,
  index: number,
  columns: readonly BoundColumn[],
): BoundOrdering {
  const { expression, descending, nullsFirst } = term;
  const position = positionOf(scope, expression, columns, "ORDER BY", index);
  const alias =
    expression.kind === "name" && expression.table === undefined ? scope.orderAlias(expression.column) : undefined;
  const value = position === undefined ? bindExpression(scope, alias ?? expression) : columns[position]!.value;
  // What is also a result column is computed once: the two are one object.
  const same = signature(value);
  const column = columns.find((candidate) => signature(candidate.value) === same);
  return { value: column?.value ?? value, descending, nullsFirst };
}

function positionOf(
  scope: Scope,
  term: Expression,
  columns: readonly BoundColumn[],
  clause: string,
  index?: number,
): number | undefined {
  if (term.kind !== "integer") {
    return undefined;
  }
  const position = Number(term.value);
  if (position < 1 || position > columns.length) {
    const which = index === undefined ? `${clause} term` : `term ${index + 1} of ${clause} is`;
    throw scope.fail(`${which} out of range: it should be between 1 and ${columns.length}`, term.at);
  }
  return position - 1;
}

function containsAggregate(bound: Bound): boolean {
  let found = bound.kind === "aggregate";
  mapParts(bound, (part) => {
    found ||= containsAggregate(part);
    return part;
  });
  return found;
}

function regroup(scope: Scope, keys: readonly Bound[], value: Bound): Bound {
  const signatures = keys.map(signature);
  const change = (part: Bound): Bound => {
    if (part.kind === "aggregate") {
      return part;
    }
    // Literals have no business being keys, though they may be equal to one.
    const key = part.kind === "constant" ? -1 : signatures.indexOf(signature(part));
    if (key >= 0) {
      return { kind: "group", types: part.types, index: key, key: part };
    }
    return part.kind === "column" || part.kind === "rowid" ? scope.aggregate(bareColumn(part)) : mapParts(part, change);
  };
  return change(value);
}

function placeOf(expression: Expression): number {
  return expression.at;
}
