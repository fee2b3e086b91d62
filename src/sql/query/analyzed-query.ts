/**
 * EXPLAIN ANALYZE of a query: it is interpreted to its end, its rows dropped, and the steps of its plan are told with what they did.
 *
 *   plan        as EXPLAIN has it, indented by what it stands in
 *   loops       how often it was begun; rows: how many it gave, all loops together
 *   expected    how many rows the planner thought, where it thinks of them
 *   ms          until it had given them, what is below it included
 */
import { stopwatch } from "../../clock.ts";
import type { Arguments } from "../run/arguments.ts";
import type { KeyspaceReader } from "../storage.ts";
import type { SqlValue } from "../value/value.ts";
import { Measures } from "./interpret/measures.ts";
import type { InterpretedQuery } from "./interpreted-query.ts";
import { indented, type Step, stepsOf } from "./plan/explain.ts";
import type { QueryPlan } from "./plan/plan.ts";

export const ANALYSIS_COLUMNS: readonly string[] = ["plan", "loops", "rows", "expected", "ms"];

export function analyzeQuery(
  query: InterpretedQuery,
  reader: KeyspaceReader,
  values: Arguments,
  isExternal: boolean,
): SqlValue[][] {
  const measures = new Measures(stopwatch);
  const begin = stopwatch();
  const run = query.run(values, false, { isExternal, measures });
  let rows = 0;
  try {
    run.open(reader);
    while (run.next()) {
      run.array();
      rows++;
    }
  } finally {
    run.close();
  }
  const ms = stopwatch() - begin;
  const steps = [...stepsOf(query.plan), ...subqueries(query.plan, measures)];
  return [...steps.map((step) => rowOf(step, measures)), ["RESULT", 1, rows, null, rounded(ms)]];
}

/** Those in expressions, which no step names. */
function subqueries(outermost: QueryPlan, { queries }: Measures): Step[] {
  return [...queries]
    .filter((plan) => plan !== outermost)
    .flatMap((plan) => [{ text: "SUBQUERY OF AN EXPRESSION", depth: 0 }, ...indented(stepsOf(plan))]);
}

function rowOf({ text, depth, plan, stage, expected }: Step, measures: Measures): SqlValue[] {
  const name = `${"  ".repeat(depth)}${text}`;
  const measure = plan === undefined || stage === undefined ? undefined : measures.of(plan, stage);
  if (measure === undefined) {
    return [name, null, null, null, null];
  }
  const { loops, rows, ms } = measure;
  return [name, loops, rows, expected === undefined ? null : Math.round(expected * loops), rounded(ms)];
}

/** To a thousandth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
