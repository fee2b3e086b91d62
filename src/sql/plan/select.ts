/**
 * The plan of a SELECT: in which order the steps come and which of them the table's key makes needless.
 *
 *   access → filters → [groups] → columns → [distinct] → [sort] → limit
 */
import type { Aggregate, Bound } from "../bind/bound.ts";
import type { BoundColumn, BoundOrdering, BoundSelect, Grouping } from "../bind/select.ts";
import { type Access, chooseAccess, orderedAccess } from "./access.ts";

export interface SelectPlan {
  readonly kind: "select";
  readonly access: Access;
  readonly filters: readonly Bound[];
  readonly grouping: Grouping | undefined;
  /** All aggregates are `count(*)` of a range, which the tree's counts answer without reading a row. */
  readonly countsOnly: boolean;
  /** The first row already has the one `min()` or `max()` that is asked for. */
  readonly firstRowOnly: boolean;
  readonly columns: readonly BoundColumn[];
  readonly distinct: boolean;
  /** What is left to sort by; empty: rows come in order, or in no order. */
  readonly ordering: readonly BoundOrdering[];
  readonly limit: Bound | undefined;
  readonly offset: Bound | undefined;
}

export function planSelect(bound: BoundSelect): SelectPlan {
  const { grouping, columns, distinct, limit, offset } = bound;
  const choice = chooseAccess(bound.table, bound.where);
  const { filters } = choice;
  let { access } = choice;
  let { ordering } = bound;
  let countsOnly = false;
  let firstRowOnly = false;
  if (grouping === undefined) {
    const ordered = orderedAccess(access, ordering);
    if (ordered !== undefined) {
      access = ordered;
      ordering = [];
    }
  } else if (grouping.keys.length === 0) {
    // One group, one row of result: nothing to sort.
    ordering = [];
    const { aggregates } = grouping;
    if (filters.length === 0 && access.kind === "range") {
      countsOnly = aggregates.every(({ name, argument }) => name === "count" && argument === undefined);
      const extreme = extremeOfKey(access, aggregates);
      if (extreme !== undefined) {
        firstRowOnly = true;
        access = extreme;
      }
    }
  }
  return {
    kind: "select",
    access,
    filters,
    grouping,
    countsOnly,
    firstRowOnly,
    columns,
    distinct,
    ordering,
    limit,
    offset,
  };
}

/** `min(key)` or `max(key)` alone: the access whose first row is the answer. */
function extremeOfKey(access: Access, aggregates: readonly Aggregate[]): Access | undefined {
  const extremes = aggregates.filter(({ name }) => name !== "bare");
  const [extreme] = extremes;
  if (extremes.length !== 1 || extreme?.argument === undefined || (extreme.name !== "min" && extreme.name !== "max")) {
    return undefined;
  }
  const ordering = [{ value: extreme.argument, descending: extreme.name === "max", nullsFirst: true }];
  const ordered = orderedAccess(access, ordering);
  // A column that the prefix fixes has one value; any row will do, and any order.
  return ordered;
}
