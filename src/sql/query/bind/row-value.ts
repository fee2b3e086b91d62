/**
 * Row values: `(a, b) < (c, d)` is `a < c OR (a = c AND b < d)`. A subquery of several columns is a row value, too.
 *
 * Nothing behind the binder knows of them.
 */
import type { Expression } from "../../parse/ast/query.ts";
import { NULLABLE } from "../../value/value.ts";
import type { Bound, Comparison } from "./bound.ts";
import { bindComparison, type ComparisonOperator, truthTypes } from "./comparison.ts";
import type { Scope } from "./scope.ts";

export type BoundRow = readonly Bound[];

/** The parts of an expression that has several; undefined: it is one value. */
export function rowOf(scope: Scope, expression: Expression): BoundRow | undefined {
  if (expression.kind === "row") {
    return expression.list.map((part) => scope.expression(part));
  }
  if (expression.kind !== "subquery") {
    return undefined;
  }
  const query = scope.query(expression.query);
  const { columns } = query.body;
  if (columns.length === 1) {
    return undefined;
  }
  return columns.map(({ value }, column) => ({ kind: "scalar-query", types: value.types | NULLABLE, query, column }));
}

/** Compares two rows of the same length; one that is no row is an error. */
export function bindRowComparison(
  scope: Scope,
  operator: ComparisonOperator,
  left: BoundRow | undefined,
  right: BoundRow | undefined,
  at: number,
): Bound {
  if (left === undefined || right === undefined || left.length !== right.length) {
    throw scope.statement.fail("row value misused", at);
  }
  switch (operator) {
    case "=":
    case "is":
      return combine(
        "and",
        left.map((part, index) => bindComparison(part, operator, right[index]!)),
      );
    case "<>":
    case "is not":
      return combine(
        "or",
        left.map((part, index) => bindComparison(part, operator, right[index]!)),
      );
    default:
      return lexicographic(operator, left, right);
  }
}

function lexicographic(operator: Exclude<Comparison, "=" | "<>">, left: BoundRow, right: BoundRow): Bound {
  const strict = operator[0] as "<" | ">";
  const last = left.length - 1;
  let bound = bindComparison(left[last]!, operator, right[last]!);
  for (let index = last - 1; index >= 0; index--) {
    const less = bindComparison(left[index]!, strict, right[index]!);
    const equal = bindComparison(left[index]!, "=", right[index]!);
    bound = combine("or", [less, combine("and", [equal, bound])]);
  }
  return bound;
}

function combine(operator: "and" | "or", terms: readonly Bound[]): Bound {
  return terms.reduce((left, right) => ({ kind: "logic", types: truthTypes(left, right), operator, left, right }));
}
