/**
 * A plan in words, one line a step, in the order in which rows pass through them; what is gone through inside a step is indented:
 *
 *   SEARCH users USING PRIMARY KEY (rowid>? AND rowid<?)
 *   SEARCH orders USING INDEX by_user (user=?)
 *   FILTER 1 condition
 *   GROUP BY 1 key, 2 aggregates
 *   SORT BY 1 term
 *   LIMIT
 */
import { ROWID_INDEX } from "../../catalog/schema.ts";
import type { Source, TableOrigin } from "../bind/bound.ts";
import type { Access, KeyAccess, RangeEnd } from "./access.ts";
import type { BodyPlan, CorePlan, QueryPlan, RowsPlan } from "./plan.ts";

/** What is done with the rows of a plan, in this order. */
export type Stage = "rows" | "filter" | "grouping" | "having" | "windowing" | "distinct" | "body" | "sort" | "limit";

export interface Step {
  readonly text: string;
  /** How many steps it stands in. */
  readonly depth: number;
  /** What it is a stage of. */
  readonly plan?: object;
  readonly stage?: Stage;
  /** How many rows it gives each time that it is begun, about. */
  readonly expected?: number | undefined;
}

export function explainQuery(plan: QueryPlan): string[] {
  return stepsOf(plan).map(({ text, depth }) => `${"  ".repeat(depth)}${text}`);
}

export function stepsOf(plan: QueryPlan): Step[] {
  const { body, ordering, limit, offset } = plan;
  const steps = bodySteps(body);
  if (ordering.length > 0) {
    steps.push(step(`SORT BY ${some(ordering.length, "term")}`, plan, "sort"));
  }
  if (limit !== undefined) {
    steps.push(step(offset === undefined ? "LIMIT" : "LIMIT OFFSET", plan, "limit"));
  }
  return steps;
}

function step(text: string, plan: object, stage: Stage, expected?: number): Step {
  return { text, depth: 0, plan, stage, expected };
}

function bodySteps(body: BodyPlan): Step[] {
  switch (body.kind) {
    case "core":
      return coreSteps(body);
    case "values":
      return [step(`VALUES ${some(body.rows.length, "row")}`, body, "body")];
    case "compound":
      return [
        step(body.operator.toUpperCase(), body, "body"),
        ...indented(bodySteps(body.left)),
        ...indented(bodySteps(body.right)),
      ];
    case "recursion":
      return [
        step("RECURSION", body, "body"),
        ...indented(bodySteps(body.initial)),
        ...indented(body.steps.flatMap(coreSteps)),
      ];
  }
}

function coreSteps(core: CorePlan): Step[] {
  const { rows, grouping, windowing, distinct } = core;
  const steps = rowsSteps(rows);
  if (grouping !== undefined) {
    const { keys, aggregates, having, shortcut } = grouping;
    const way = shortcut === "count" ? " BY COUNT" : shortcut === "first-row" ? " FIRST ROW" : "";
    steps[0] = { ...steps[0]!, text: `${steps[0]!.text}${way}` };
    const what = keys.length > 0 ? `GROUP BY ${some(keys.length, "key")}, ` : "AGGREGATE ";
    steps.push(step(`${what}${some(aggregates.length, "aggregate")}`, core, "grouping"));
    if (having.length > 0) {
      steps.push(step("FILTER groups", core, "having"));
    }
  }
  if (windowing !== undefined) {
    steps.push(step(`WINDOW ${some(windowing.calls.length, "function")}`, core, "windowing"));
  }
  return distinct ? [...steps, step("DISTINCT", core, "distinct")] : steps;
}

function rowsSteps(plan: RowsPlan): Step[] {
  const filters =
    plan.filters.length === 0 ? [] : [step(explainFilters(plan.filters.length), plan, "filter", plan.expected)];
  return [...unfilteredSteps(plan), ...filters];
}

export function explainFilters(count: number): string {
  return `FILTER ${some(count, "condition")}`;
}

function unfilteredSteps(plan: RowsPlan): Step[] {
  switch (plan.kind) {
    case "one":
      return [step("CONSTANT ROW", plan, "rows")];
    case "scan":
      return [step(explainAccess(plan.source, plan.access), plan, "rows", plan.found)];
    case "query":
      return [step(`SUBQUERY ${plan.source.name}`, plan, "rows"), ...indented(stepsOf(plan.query))];
    case "kept":
      return [step(`MATERIALIZE ${plan.source.name}`, plan, "rows"), ...indented(stepsOf(plan.query))];
    case "function":
      return [step(`CALL ${plan.source.name}`, plan, "rows")];
    case "recursion":
      return [step(`ROWS OF ${plan.source.name}`, plan, "rows")];
    case "join": {
      const { join, outer, inner, on, hash } = plan;
      const kind = join === "inner" ? "" : `${join.toUpperCase()} `;
      // The pairs that pass are what the join gives.
      const tests = on.length === 0 ? [] : [step(explainFilters(on.length), plan, "rows")];
      return hash === undefined && join === "inner"
        ? [...rowsSteps(outer), ...rowsSteps(inner), ...tests]
        : [
            ...rowsSteps(outer),
            step(
              `${kind}${hash === undefined ? "JOIN" : `HASH JOIN ON ${some(hash.outer.length, "key")}`}`,
              plan,
              "rows",
            ),
            ...indented([...rowsSteps(inner), ...tests.map(({ text, depth }) => ({ text, depth }))]),
          ];
    }
  }
}

export function indented(steps: readonly Step[]): Step[] {
  return steps.map((each) => ({ ...each, depth: each.depth + 1 }));
}

export function explainAccess(source: Source, access: Access): string {
  if (access.kind === "union") {
    return `UNION OF ${access.parts.map((part) => explainAccess(source, part)).join(" AND ")}`;
  }
  const { index, reverse } = access;
  const tests = testsOf(source, access);
  const direction = reverse ? " BACKWARDS" : "";
  const through = index === undefined ? "PRIMARY KEY" : `INDEX ${index.name}`;
  if (tests.length > 0) {
    return `SEARCH ${source.name} USING ${through} (${tests.join(" AND ")})${direction}`;
  }
  return `SCAN ${source.name}${index === undefined ? "" : ` USING ${through}`}${direction}`;
}

function testsOf(source: Source, access: KeyAccess): string[] {
  const { prefix, list, lower, upper } = access;
  const names = keyNames(source, access);
  const tests = prefix.map((_, position) => `${names[position]}=?`);
  const name = names[prefix.length]!;
  if (list !== undefined) {
    tests.push(`${name} IN ?`);
  }
  const end = (sign: string, bound: RangeEnd | undefined): void => {
    if (bound !== undefined) {
      tests.push(`${name}${sign}${bound.inclusive ? "=" : ""}?`);
    }
  };
  end(">", lower);
  end("<", upper);
  return tests;
}

/** What SQLite calls the key that an access goes through. */
export function scannedThrough({ origin }: Source, { index }: Pick<KeyAccess, "index">): string {
  if (index !== undefined) {
    return `INDEX ${index.name}`;
  }
  return (origin as TableOrigin).table.primaryKey.length > 0 ? "PRIMARY KEY" : "INTEGER PRIMARY KEY";
}

/** The columns of the key that an access uses. */
export function keyNames(source: Source, { index }: Pick<KeyAccess, "index">): string[] {
  const { table } = source.origin as TableOrigin;
  const rowid = source.rowid?.name ?? "rowid";
  const nameOf = (column: number | undefined): string =>
    column === undefined ? "<expr>" : column === ROWID_INDEX ? rowid : table.columns[column]!.name;
  if (index !== undefined) {
    return index.columns.map(({ column }) => nameOf(column));
  }
  return table.primaryKey.length > 0 ? table.primaryKey.map(({ column }) => nameOf(column)) : [rowid];
}

function some(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
