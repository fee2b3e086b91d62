/** Subqueries in expressions. */
import type { Expression, Query } from "../../parse/ast/query.ts";
import { NULLABLE } from "../../value/value.ts";
import type { Bound, BoundQuery, MemberTest } from "./bound.ts";
import { conversionOf, neededConversion, TRUTH } from "./comparison.ts";
import { rowOf } from "./row-value.ts";
import type { Scope } from "./scope.ts";
import { affinityOf, comparingCollation, lastCore } from "./traits.ts";

export function bindScalarQuery(scope: Scope, { query, at }: Extract<Expression, { kind: "subquery" }>): Bound {
  const bound = scope.query(query);
  const { columns } = bound.body;
  if (columns.length !== 1) {
    throw scope.statement.fail(`sub-select returns ${columns.length} columns - expected 1`, at);
  }
  return { kind: "scalar-query", types: columns[0]!.value.types | NULLABLE, query: bound, column: 0 };
}

export function bindExists(scope: Scope, { query }: Extract<Expression, { kind: "exists" }>): Bound {
  return { kind: "exists", types: TRUTH, query: scope.query(query), negated: false };
}

export function bindInQuery(
  scope: Scope,
  { operand, query, negated, at }: Extract<Expression, { kind: "in-query" }>,
): Bound {
  return member(scope, operand, scope.query(query), negated, at);
}

/** `IN table` is `IN (SELECT * FROM table)`. */
export function bindInTable(
  scope: Scope,
  { operand, table, list, negated, at }: Extract<Expression, { kind: "in-table" }>,
): Bound {
  const first =
    list === undefined
      ? ({ ...table, kind: "table", alias: undefined, index: undefined } as const)
      : ({ ...table, kind: "table-function", list, alias: undefined } as const);
  const query: Query = {
    kind: "query",
    at,
    with: undefined,
    first: {
      kind: "select",
      at,
      distinct: false,
      columns: [{ kind: "star", at, table: undefined }],
      from: { first, joins: [] },
      where: undefined,
      groupBy: [],
      having: undefined,
      windows: [],
    },
    rest: [],
    orderBy: [],
    limit: undefined,
    offset: undefined,
  };
  return member(scope, operand, scope.query(query), negated, at);
}

function member(scope: Scope, operand: Expression, query: BoundQuery, negated: boolean, at: number): Bound {
  const operands = rowOf(scope, operand) ?? [scope.expression(operand)];
  const { columns } = query.body;
  if (columns.length !== operands.length) {
    const what =
      operands.length === 1
        ? `sub-select returns ${columns.length} columns - expected 1`
        : `sub-select returns ${columns.length} columns - expected ${operands.length}`;
    throw scope.statement.fail(what, at);
  }
  const ofQuery = lastCore(query.body).columns;
  const tests = operands.map((part, index): MemberTest => {
    const { value } = ofQuery[index]!;
    // Behind the first SELECT of a compound there may be others, of other types.
    const any = columns[index]!.value;
    const affinity = comparisonAffinity(part, value);
    const conversion = affinity === "REAL" ? "REAL" : conversionOf(affinity);
    return {
      operand: part,
      leftConversion: neededConversion(conversion, part),
      rightConversion:
        query.body.kind === "core" ? neededConversion(conversion, value) : neededConversion(conversion, any),
      collation: comparingCollation(part, value),
    };
  });
  return { kind: "in-query", types: TRUTH | NULLABLE, tests, query, negated };
}

/** Of two affinities a numeric one makes both sides numbers; one by itself is that of both, and REAL makes reals of integers then. */
function comparisonAffinity(left: Bound, right: Bound): ReturnType<typeof affinityOf> {
  const ofLeft = affinityOf(left);
  const ofRight = affinityOf(right);
  if (ofLeft !== undefined && ofRight !== undefined) {
    const isNumeric = conversionOf(ofLeft) === "NUMERIC" || conversionOf(ofRight) === "NUMERIC";
    return isNumeric ? "NUMERIC" : undefined;
  }
  return ofLeft ?? ofRight;
}
