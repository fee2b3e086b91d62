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

export function explainQuery({ body, ordering, limit, offset }: QueryPlan): string[] {
  const lines = explainBody(body);
  if (ordering.length > 0) {
    lines.push(`SORT BY ${some(ordering.length, "term")}`);
  }
  if (limit !== undefined) {
    lines.push(offset === undefined ? "LIMIT" : "LIMIT OFFSET");
  }
  return lines;
}

function explainBody(body: BodyPlan): string[] {
  switch (body.kind) {
    case "core":
      return explainCore(body);
    case "values":
      return [`VALUES ${some(body.rows.length, "row")}`];
    case "compound":
      return [body.operator.toUpperCase(), ...indented(explainBody(body.left)), ...indented(explainBody(body.right))];
    case "recursion":
      return ["RECURSION", ...indented(explainBody(body.initial)), ...body.steps.flatMap(explainCore).map(indent)];
  }
}

function explainCore({ rows, grouping, windowing, distinct }: CorePlan): string[] {
  const lines = explainRows(rows);
  if (grouping !== undefined) {
    const { keys, aggregates, having, shortcut } = grouping;
    lines[0] += shortcut === "count" ? " BY COUNT" : shortcut === "first-row" ? " FIRST ROW" : "";
    const what = keys.length > 0 ? `GROUP BY ${some(keys.length, "key")}, ` : "AGGREGATE ";
    lines.push(`${what}${some(aggregates.length, "aggregate")}`);
    if (having.length > 0) {
      lines.push("FILTER groups");
    }
  }
  if (windowing !== undefined) {
    lines.push(`WINDOW ${some(windowing.calls.length, "function")}`);
  }
  return distinct ? [...lines, "DISTINCT"] : lines;
}

function explainRows(plan: RowsPlan): string[] {
  const filters = plan.filters.length === 0 ? [] : [explainFilters(plan.filters.length)];
  return [...explainUnfiltered(plan), ...filters];
}

export function explainFilters(count: number): string {
  return `FILTER ${some(count, "condition")}`;
}

function explainUnfiltered(plan: RowsPlan): string[] {
  switch (plan.kind) {
    case "one":
      return ["CONSTANT ROW"];
    case "scan":
      return [explainAccess(plan.source, plan.access)];
    case "query":
      return [`SUBQUERY ${plan.source.name}`, ...indented(explainQuery(plan.query))];
    case "kept":
      return [`MATERIALIZE ${plan.source.name}`, ...indented(explainQuery(plan.query))];
    case "function":
      return [`CALL ${plan.source.name}`];
    case "recursion":
      return [`ROWS OF ${plan.source.name}`];
    case "join": {
      const { join, outer, inner, on, hash } = plan;
      const kind = join === "inner" ? "" : `${join.toUpperCase()} `;
      const tests = on.length === 0 ? [] : [explainFilters(on.length)];
      return hash === undefined && join === "inner"
        ? [...explainRows(outer), ...explainRows(inner), ...tests]
        : [
            ...explainRows(outer),
            `${kind}${hash === undefined ? "JOIN" : `HASH JOIN ON ${some(hash.outer.length, "key")}`}`,
            ...indented([...explainRows(inner), ...tests]),
          ];
    }
  }
}

function indented(lines: readonly string[]): string[] {
  return lines.map(indent);
}

function indent(line: string): string {
  return `  ${line}`;
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
