/** What a plan reads: expressions, sources, columns, storage. */
import type { Bound, Source } from "../query/bind/bound.ts";
import { hasPart, visitAll } from "../query/bind/walk.ts";
import type { KeyAccess } from "../query/plan/access.ts";
import type { RowsPlan } from "../query/plan/plan.ts";
import { INTEGER } from "../value/value.ts";

/** Everything that a plan evaluates, as expressions. */
export function boundsOfRows(plan: RowsPlan): Bound[] {
  switch (plan.kind) {
    case "scan": {
      const accesses = plan.access.kind === "union" ? plan.access.parts : [plan.access];
      return plan.filters.concat(...accesses.map(boundsOfAccess));
    }
    case "function":
      return [...plan.filters, ...plan.list];
    case "join": {
      const keys = plan.hash === undefined ? [] : [...plan.hash.outer, ...plan.hash.inner];
      return [...plan.filters, ...plan.on, ...keys, ...boundsOfRows(plan.outer), ...boundsOfRows(plan.inner)];
    }
    default:
      return [...plan.filters];
  }
}

/** Whether going through a plan's rows reads storage. */
export function isReadingRows(plan: RowsPlan): boolean {
  switch (plan.kind) {
    case "one":
      return readsStorage(plan.filters);
    case "function":
      return readsStorage([...plan.filters, ...plan.list]);
    default:
      return true;
  }
}

/** The columns of a source that expressions read. */
export function columnsRead(source: Source, bounds: readonly Bound[]): number[] {
  const columns = new Set<number>();
  for (const bound of bounds) {
    visitAll(bound, (part) => {
      if (part.kind === "column" && part.source === source) {
        columns.add(part.column.index);
      }
    });
  }
  return [...columns];
}

/** The sources whose rows a plan goes through. */
export function sourcesIn(plan: RowsPlan): Source[] {
  switch (plan.kind) {
    case "one":
      return [];
    case "join":
      return [...sourcesIn(plan.outer), ...sourcesIn(plan.inner)];
    default:
      return [plan.source];
  }
}

/** Everything that an access evaluates before it has a row. */
function boundsOfAccess({ prefix, list, lower, upper }: KeyAccess): Bound[] {
  const bounds = [...prefix, lower, upper].flatMap((part) => (part === undefined ? [] : [part.value]));
  if (list === undefined) {
    return bounds;
  }
  const listed: Bound[] =
    list.kind === "values"
      ? list.values.map(({ value }) => value)
      : [{ kind: "exists", types: 1 << INTEGER, query: list.query, negated: false }];
  return bounds.concat(listed);
}

/** Whether evaluating any of them reads storage: there is a subquery in it. */
export function readsStorage(bounds: readonly Bound[]): boolean {
  return hasPart(bounds, ({ kind }) => kind === "in-query" || kind === "exists" || kind === "scalar-query");
}
