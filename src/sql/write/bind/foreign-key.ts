/** The queries and writes that keep foreign keys. */
import type { Link } from "../../catalog/link.ts";
import type { Table } from "../../catalog/schema.ts";
import type { ReferenceAction } from "../../parse/ast/definition.ts";
import type { From } from "../../parse/ast/query.ts";
import { type Bound, type BoundQuery, columnOf, type Source } from "../../query/bind/bound.ts";
import { bindComparison } from "../../query/bind/comparison.ts";
import { constant } from "../../query/bind/fold.ts";
import { bindFrom } from "../../query/bind/joins.ts";
import type { Scope, StatementScope } from "../../query/bind/scope.ts";
import { INTEGER, NULL } from "../../value/value.ts";
import type { BoundDelete, BoundUpdate } from "./bound.ts";
import { keyOf, queryOf } from "./change.ts";
import { bindTarget } from "./target.ts";

/** A row if the parent is there that the child in `row` refers to. */
export function bindParentQuery(
  statement: StatementScope,
  { key, parent, parentColumns }: Link,
  row: Source,
): BoundQuery {
  const { scope, from, source } = scopeOf(statement, parent);
  const tests = parentColumns.map((column, index) => {
    // The parent's affinity counts, whatever the child's is.
    const operand = columnOf(row, row.columns[key.columns[index]!.index]!);
    return bindComparison(columnOf(source, source.columns[column.index]!), "=", {
      kind: "unary",
      types: operand.types,
      operator: "+",
      operand,
    });
  });
  return queryOf(scope, from, allOf(tests), [constant(INTEGER, 1)]);
}

/** The children of the parent in `row`: their keys. */
export function bindChildQuery(
  statement: StatementScope,
  { key, child, parentColumns }: Link,
  row: Source,
  values: readonly Bound[] = [],
): { readonly query: BoundQuery; readonly keyColumns: number } {
  const { scope, from, source } = scopeOf(statement, child);
  const tests = key.columns.map((column, index) =>
    bindComparison(
      columnOf(row, row.columns[parentColumns[index]!.index]!),
      "=",
      columnOf(source, source.columns[column.index]!),
    ),
  );
  const keys = keyOf(source);
  return { query: queryOf(scope, from, allOf(tests), [...keys, ...values]), keyColumns: keys.length };
}

/** What is done with the children of `old`; undefined: nothing, they are counted or refused. */
export function bindAction(
  statement: StatementScope,
  link: Link,
  action: ReferenceAction,
  old: Source,
  after: Source | undefined,
): BoundDelete | BoundUpdate | undefined {
  const { key, child, parentColumns } = link;
  if (action === "no action" || action === "restrict") {
    return undefined;
  }
  const target = bindTarget(statement, child);
  if (action === "cascade" && after === undefined) {
    return { kind: "delete", target, ...bindChildQuery(statement, link, old), returning: undefined };
  }
  const values = key.columns.map((column, index): Bound => {
    switch (action) {
      case "cascade":
        return columnOf(after!, after!.columns[parentColumns[index]!.index]!);
      case "set default":
        return target.defaults[column.index] ?? constant(NULL, null);
      default:
        return constant(NULL, null);
    }
  });
  return {
    kind: "update",
    target,
    ...bindChildQuery(statement, link, old, values),
    assigned: key.columns.map((column) => (column === child.rowidColumn ? undefined : column)),
    conflict: undefined,
    returning: undefined,
  };
}

function scopeOf(
  statement: StatementScope,
  table: Table,
): { readonly scope: Scope; readonly from: ReturnType<typeof bindFrom>; readonly source: Source } {
  const scope = statement.newScope().inner();
  const first: From["first"] = {
    kind: "table",
    schema: table.schema,
    name: table.name,
    at: 0,
    alias: undefined,
    index: undefined,
  };
  const from = bindFrom(scope, { first, joins: [] });
  return { scope, from, source: scope.sources[0]!.source };
}

function allOf(tests: readonly Bound[]): Bound {
  return tests.reduce((left, right) => ({
    kind: "logic",
    types: left.types | right.types,
    operator: "and",
    left,
    right,
  }));
}
