/**
 * Plans: how a bound query is carried out. The interpreter walks them, the compiler makes functions of them, EXPLAIN shows
 * them; none of the three decides anything.
 *
 *   RowsPlan    what gives rows, one after the other: each puts the sources below it on their next row
 *   CorePlan    what is done with the rows of a SELECT up to its result columns
 *   QueryPlan   what is done with the rows of one or more of these: order, limit
 */

import type { Collation } from "../../value/collation.ts";
import type {
  AggregateCall,
  Bound,
  BoundColumn,
  BoundOrdering,
  BoundQuery,
  CompoundOperator,
  Source,
  WindowCall,
} from "../bind/bound.ts";
import type { Access } from "./access.ts";

/** `filters` are tested on each row before anything else is done with it. */
export type RowsPlan = {
  readonly filters: readonly Bound[];
  /** How many rows are expected behind the filters, each time; undefined where nobody has thought of it. */
  readonly expected?: number;
} & (
  | { readonly kind: "one" }
  /** `found`: how many rows the access is expected to lead to. */
  | { readonly kind: "scan"; readonly source: Source; readonly access: Access; readonly found?: number }
  /** A query's rows as they come: its columns are worked out where they are read. */
  | { readonly kind: "query"; readonly source: Source; readonly query: QueryPlan }
  /** A query's rows, kept: found once, read as often as needed, by all sources of the same query. */
  | { readonly kind: "kept"; readonly source: Source; readonly query: QueryPlan }
  | { readonly kind: "function"; readonly source: Source; readonly list: readonly Bound[] }
  | { readonly kind: "recursion"; readonly source: Source }
  | JoinPlan
);

export interface JoinPlan {
  readonly kind: "join";
  readonly filters: readonly Bound[];
  readonly expected?: number;
  /** A right join is a left join the other way round, with its sides kept where they were written. */
  readonly join: "inner" | "left" | "full";
  readonly outer: RowsPlan;
  readonly inner: RowsPlan;
  /** What must hold of a pair, but for what the inner side's access takes care of. */
  readonly on: readonly Bound[];
  /** Undefined: the inner side is gone through anew for each row of the outer one. */
  readonly hash: HashKeys | undefined;
}

/** Equal values on either side: the inner side is read once, into a table by its values. */
export interface HashKeys {
  readonly outer: readonly Bound[];
  readonly inner: readonly Bound[];
  readonly collations: readonly (Collation | undefined)[];
  /** NULL is a value like others (IS). */
  readonly nullSafe: readonly boolean[];
}

export interface GroupingPlan {
  readonly source: Source;
  readonly keys: readonly { readonly value: Bound; readonly collation: Collation | undefined }[];
  readonly aggregates: readonly AggregateCall[];
  readonly decider: number | undefined;
  readonly having: readonly Bound[];
  /** Columns of FROM that are read behind the grouping. */
  readonly bare: readonly Extract<Bound, { kind: "column" }>[];
  /**
   * Of one group without filters: "count" is how many entries the scan has, which its key counts without reading one; with
   * "first-row" the scan's first row has the least or greatest value that is asked for.
   */
  readonly shortcut: "count" | "first-row" | undefined;
}

export interface WindowingPlan {
  readonly source: Source;
  readonly calls: readonly WindowCall[];
  /** Columns that are read behind the windows. */
  readonly kept: readonly Extract<Bound, { kind: "column" }>[];
}

export interface CorePlan {
  readonly kind: "core";
  readonly rows: RowsPlan;
  readonly grouping: GroupingPlan | undefined;
  readonly windowing: WindowingPlan | undefined;
  readonly columns: readonly BoundColumn[];
  readonly distinct: boolean;
  /** How many rows are looked at, about. */
  readonly cost: number;
}

export type BodyPlan =
  | CorePlan
  | { readonly kind: "values"; readonly rows: readonly (readonly Bound[])[]; readonly columns: readonly BoundColumn[] }
  | {
      readonly kind: "compound";
      readonly operator: CompoundOperator;
      readonly left: BodyPlan;
      readonly right: BodyPlan;
      readonly collations: readonly (Collation | undefined)[];
      readonly source: Source;
      readonly columns: readonly BoundColumn[];
    }
  | {
      readonly kind: "recursion";
      readonly initial: BodyPlan;
      readonly steps: readonly CorePlan[];
      readonly source: Source;
      readonly collations: readonly (Collation | undefined)[];
      readonly isDistinct: boolean;
      readonly columns: readonly BoundColumn[];
    };

/** The plans of a statement's queries: of each the same whenever it is asked for. */
export interface Plans {
  plan(query: BoundQuery): QueryPlan;
}

export interface QueryPlan {
  readonly bound: BoundQuery;
  readonly body: BodyPlan;
  /** Empty where the rows come in that order anyway. */
  readonly ordering: readonly BoundOrdering[];
  readonly limit: Bound | undefined;
  readonly offset: Bound | undefined;
}

/** Rows of what cannot be counted. */
export const UNKNOWN_ROWS = 1000;
/** What compiling a statement costs, in rows that are looked at interpreted; and a run, beside its rows. */
export const COMPILE_COST = 4000;
export const RUN_COST = 20;

/** How many rows a body looks at, about. */
export function costOf(body: BodyPlan): number {
  switch (body.kind) {
    case "core":
      return body.cost;
    case "values":
      return body.rows.length;
    case "compound":
      return costOf(body.left) + costOf(body.right);
    case "recursion":
      // It may be endless: compiled at once.
      return costOf(body.initial) + COMPILE_COST;
  }
}
