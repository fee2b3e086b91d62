/**
 * A plan in words, one line a step, in the order in which rows pass through them:
 *
 *   SEARCH users USING PRIMARY KEY (rowid>? AND rowid<?)
 *   FILTER 1 condition
 *   GROUP BY 1 key, 2 aggregates
 *   SORT BY 1 term
 *   LIMIT
 */
import { isKeyed, keyColumnsOf } from "../catalog/schema.ts";
import type { Access, RangeEnd } from "./access.ts";
import type { SelectPlan } from "./select.ts";

export function explainAccess(access: Access): string {
  switch (access.kind) {
    case "row":
      return "CONSTANT ROW";
    case "point":
      return `SEARCH ${access.table.name} USING PRIMARY KEY (${conditions(access)})`;
    case "range": {
      const direction = access.reverse ? " BACKWARDS" : "";
      const tests = conditions(access);
      return tests === ""
        ? `SCAN ${access.table.name}${direction}`
        : `SEARCH ${access.table.name} USING PRIMARY KEY (${tests})${direction}`;
    }
  }
}

function conditions(access: Exclude<Access, { kind: "row" }>): string {
  const { table } = access;
  const names = isKeyed(table) ? keyColumnsOf(table).map(({ name }) => name) : [table.rowidColumn?.name ?? "rowid"];
  const equal = access.kind === "point" ? access.key : access.prefix;
  const tests = equal.map((_, index) => `${names[index]}=?`);
  if (access.kind === "range") {
    const name = names[equal.length]!;
    const end = (sign: string, bound: RangeEnd | undefined): void => {
      if (bound !== undefined) {
        tests.push(`${name}${sign}${bound.inclusive ? "=" : ""}?`);
      }
    };
    end(">", access.lower);
    end("<", access.upper);
  }
  return tests.join(" AND ");
}

export function explainSelect(plan: SelectPlan): string[] {
  const lines = [explainAccess(plan.access)];
  if (plan.countsOnly) {
    lines[0] += " BY COUNT";
  }
  if (plan.firstRowOnly) {
    lines[0] += " FIRST ROW";
  }
  if (plan.filters.length > 0) {
    lines.push(`FILTER ${some(plan.filters.length, "condition")}`);
  }
  if (plan.grouping !== undefined) {
    const { keys, aggregates, having } = plan.grouping;
    const what = keys.length > 0 ? `GROUP BY ${some(keys.length, "key")}, ` : "AGGREGATE ";
    lines.push(`${what}${some(aggregates.length, "aggregate")}`);
    if (having !== undefined) {
      lines.push("FILTER groups");
    }
  }
  if (plan.distinct) {
    lines.push("DISTINCT");
  }
  if (plan.ordering.length > 0) {
    lines.push(`SORT BY ${some(plan.ordering.length, "term")}`);
  }
  if (plan.limit !== undefined) {
    lines.push(plan.offset === undefined ? "LIMIT" : "LIMIT OFFSET");
  }
  return lines;
}

function some(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
