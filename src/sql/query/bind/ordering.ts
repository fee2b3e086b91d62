/** ORDER BY of queries, windows and aggregates. */
import type { OrderingTerm } from "../../parse/ast/query.ts";
import type { BoundOrdering } from "./bound.ts";
import type { Scope } from "./scope.ts";
import { collationOf } from "./traits.ts";

/** A term of ORDER BY that is an expression. */
export function bindOrdering(scope: Scope, { expression, descending, nullsFirst }: OrderingTerm): BoundOrdering {
  const value = scope.expression(expression);
  return { value, descending, nullsFirst, collation: collationOf(value)?.collation };
}
