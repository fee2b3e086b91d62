/**
 * What EXPLAIN ANALYZE counts: how often each part of a plan was begun, the rows that it gave, and the time until it gave them, that of
 * the parts below it included. The parts are those of plan/explain.ts, each a plan and a stage of it.
 *
 * Only the parts of a statement that is analyzed are measured: elsewhere there is nothing between one part and the next. Looking at the
 * clock takes some 50 ns a row and part, which is in the times.
 */
import type { Stage } from "../plan/explain.ts";
import type { QueryPlan } from "../plan/plan.ts";
import type { Results, Rows } from "./site.ts";

export interface Measure {
  loops: number;
  rows: number;
  ms: number;
}

export class Measures {
  /** The queries in expressions, in the order in which they were met. */
  readonly queries: Set<QueryPlan>;
  readonly #now: () => number;
  readonly #measures: Map<object, Map<Stage, Measure>>;

  constructor(now: () => number) {
    this.queries = new Set();
    this.#now = now;
    this.#measures = new Map();
  }

  of(plan: object, stage: Stage): Measure | undefined {
    return this.#measures.get(plan)?.get(stage);
  }

  rows(plan: object, stage: Stage, rows: Rows): Rows {
    return { ...this.#timed(plan, stage, rows), setMissing: () => rows.setMissing() };
  }

  results(plan: object, stage: Stage, results: Results): Results {
    return { ...this.#timed(plan, stage, results), answer: (column) => results.answer(column) };
  }

  #timed(
    plan: object,
    stage: Stage,
    inner: Pick<Rows, "open" | "next" | "close">,
  ): Pick<Rows, "open" | "next" | "close"> {
    const measure = this.#measureOf(plan, stage);
    const now = this.#now;
    return {
      open: () => {
        measure.loops++;
        const begin = now();
        inner.open();
        measure.ms += now() - begin;
      },
      next: () => {
        const begin = now();
        const isThere = inner.next();
        measure.ms += now() - begin;
        if (isThere) {
          measure.rows++;
        }
        return isThere;
      },
      close: () => inner.close(),
    };
  }

  #measureOf(plan: object, stage: Stage): Measure {
    const stages = this.#measures.get(plan) ?? new Map<Stage, Measure>();
    this.#measures.set(plan, stages);
    const measure = stages.get(stage) ?? { loops: 0, rows: 0, ms: 0 };
    stages.set(stage, measure);
    return measure;
  }
}
