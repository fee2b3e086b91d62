/**
 * Which plans have a compiled form; all others are interpreted. Everything that the compiler may meet is let through here, or kept
 * from it.
 *
 * Interpreted are: compounds and VALUES, but those that a recursion begins with; recursion with ORDER BY; full joins; left joins whose inner side is itself a join or one of
 * several ways, gone through anew for each row; aggregates with ORDER BY; sets of row values; and what groups or joins by a
 * collation that is defined in JavaScript. A query among these that depends on nothing around it, and whose rows are kept anyway,
 * is interpreted inside of a compiled one.
 */
import type { AggregateCall, Bound, BoundQuery } from "../query/bind/bound.ts";
import { forEachPart } from "../query/bind/walk.ts";
import type {
  BodyPlan,
  CorePlan,
  GroupingPlan,
  JoinPlan,
  Plans,
  QueryPlan,
  RowsPlan,
  WindowingPlan,
} from "../query/plan/plan.ts";
import type { Collation } from "../value/collation.ts";
import { isOuterLoop } from "./outer-loop.ts";
import { boundsOfRows } from "./plan-reads.ts";

/** Loops inside one another; each scan is a loop over batches and one over rows. */
const MOST_SOURCES = 24;
/** Rows of VALUES that are written out. */
const MOST_VALUES = 100;

/** Answers for the queries of one statement. */
export class CompiledPlans {
  readonly #plans: Plans;
  readonly #known: Map<BoundQuery, boolean>;
  #sources: number;

  constructor(plans: Plans) {
    this.#plans = plans;
    this.#known = new Map();
    this.#sources = 0;
  }

  /** Whether a query has a compiled form. */
  has({ bound, body, ordering, limit, offset }: QueryPlan): boolean {
    let known = this.#known.get(bound);
    if (known === undefined) {
      const values = [...ordering.map(({ value }) => value), ...[limit, offset].filter((part) => part !== undefined)];
      known = this.#body(body, ordering.length > 0) && this.#expressions(values);
      this.#known.set(bound, known);
    }
    return known;
  }

  #body(body: BodyPlan, isOrdered: boolean): boolean {
    switch (body.kind) {
      case "core":
        return this.#core(body);
      case "recursion":
        return (
          !isOrdered &&
          (!body.isDistinct || body.collations.every(isFolding)) &&
          this.#initial(body.initial) &&
          body.steps.every((step) => this.#core(step))
        );
      default:
        return false;
    }
  }

  /** What a recursion begins with. */
  #initial(body: BodyPlan): boolean {
    switch (body.kind) {
      case "values":
        return body.rows.length <= MOST_VALUES && body.rows.every((row) => this.#expressions(row));
      case "compound":
        return body.operator === "union all" && this.#initial(body.left) && this.#initial(body.right);
      default:
        return this.#body(body, false);
    }
  }

  #core({ rows, grouping, windowing, columns, distinct }: CorePlan): boolean {
    return (
      (windowing === undefined || this.#windowing(windowing)) &&
      (!distinct || columns.every(({ collation }) => isFolding(collation))) &&
      this.#rows(rows) &&
      (grouping === undefined || this.#grouping(grouping)) &&
      this.#expressions([...boundsOfRows(rows), ...columns.map(({ value }) => value)])
    );
  }

  #grouping({ keys, aggregates, having }: GroupingPlan): boolean {
    const arguments_ = aggregates.flatMap(({ list, filter }) => [...list, ...(filter === undefined ? [] : [filter])]);
    return (
      keys.every(({ collation }) => isFolding(collation)) &&
      aggregates.every(isCompiledAggregate) &&
      this.#expressions([...keys.map(({ value }) => value), ...arguments_, ...having])
    );
  }

  #windowing({ calls }: WindowingPlan): boolean {
    return calls.every(({ list, filter, window }) => {
      const { partition, ordering, start, end } = window;
      const keys = [...partition, ...ordering].map(({ value }) => value);
      const others = [filter, start.distance, end.distance].filter((part) => part !== undefined);
      return this.#expressions([...list, ...keys, ...others]);
    });
  }

  #rows(plan: RowsPlan): boolean {
    this.#sources++;
    switch (plan.kind) {
      case "one":
      case "scan":
      case "function":
      case "recursion":
        return this.#sources <= MOST_SOURCES;
      case "query":
        return this.#sources <= MOST_SOURCES && this.has(plan.query);
      case "kept":
        return this.#sources <= MOST_SOURCES && this.#isUsable(plan.query);
      case "join":
        return isCompiledJoin(plan) && this.#rows(plan.outer) && this.#rows(plan.inner);
    }
  }

  #expressions(bounds: readonly Bound[]): boolean {
    return bounds.every((bound) => this.#expression(bound));
  }

  #expression(bound: Bound): boolean {
    let is = true;
    switch (bound.kind) {
      case "in-query":
        // Sets of rows with NULLs in them are looked through row by row.
        is = (bound.tests.length === 1 || bound.query.outer.size > 0) && this.#subquery(bound.query);
        break;
      case "exists":
      case "scalar-query":
        is = this.#subquery(bound.query);
        break;
      case "raise":
        is = false;
        break;
      default:
    }
    forEachPart(bound, (part) => {
      is &&= this.#expression(part);
    });
    return is;
  }

  #subquery(query: BoundQuery): boolean {
    return this.#isUsable(this.#plans.plan(query));
  }

  /** What depends on nothing is worked out once, by the interpreter where it must be. */
  #isUsable(plan: QueryPlan): boolean {
    return this.has(plan) || plan.bound.outer.size === 0;
  }
}

function isCompiledJoin({ join, inner, hash }: JoinPlan): boolean {
  if (hash !== undefined) {
    return join !== "full" && hash.collations.every(isFolding);
  }
  return join === "inner" || (join === "left" && isOuterLoop(inner));
}

function isCompiledAggregate({ function: called, ordering, distinct, collation }: AggregateCall): boolean {
  // To the least and the greatest no order matters.
  return (ordering.length === 0 || called.isFromLast !== undefined) && (!distinct || isFolding(collation));
}

/** Whether texts that are equal can be told by what they count as. */
function isFolding(collation: Collation | undefined): boolean {
  return collation === undefined || collation.fold !== undefined;
}
