/**
 * EXPLAIN QUERY PLAN: a plan in SQLite's words (https://sqlite.org/eqp.html), as rows of (id, parent, notused, detail).
 *
 *   SCAN t                                              all rows          SEARCH t USING INDEX i (a=? AND b>?)    some of them
 *   CO-ROUTINE x, then SCAN x                           rows of a query as they come; MATERIALIZE x: kept
 *   SCALAR SUBQUERY 1, LIST SUBQUERY 2                  of expressions; CORRELATED if it depends on the rows around it
 *   USE TEMP B-TREE FOR ORDER BY                        the rows are sorted
 *
 * What SQLite does otherwise has words in its style: a HASH TABLE where SQLite has an automatic index, or a B-tree for groups and rows
 * that are told apart.
 */
import { type Bound, type BoundQuery, type Source, UNNAMED } from "../bind/bound.ts";
import { forEachPart } from "../bind/walk.ts";
import type { KeyAccess } from "./access.ts";
import { keyNames, scannedThrough } from "./explain.ts";
import type { BodyPlan, CorePlan, HashKeys, JoinPlan, Plans, QueryPlan, RowsPlan } from "./plan.ts";

export type PlanRow = readonly [id: number, parent: number, notUsed: number, detail: string];

export const PLAN_COLUMNS: readonly string[] = ["id", "parent", "notused", "detail"];

interface Node {
  readonly detail: string;
  readonly children: readonly Node[];
}

export function explainQueryPlan(plan: QueryPlan, plans: Plans): PlanRow[] {
  return numbered(new Explainer(plans).query(plan));
}

/** In the order in which they are shown; whoever is inside of another is behind it. */
function numbered(nodes: readonly Node[]): PlanRow[] {
  const rows: PlanRow[] = [];
  const add = (node: Node, parent: number): void => {
    const id = rows.length + 1;
    rows.push([id, parent, 0, node.detail]);
    for (const child of node.children) {
      add(child, id);
    }
  };
  for (const node of nodes) {
    add(node, 0);
  }
  return rows;
}

function leaf(detail: string): Node {
  return { detail, children: [] };
}

class Explainer {
  readonly #plans: Plans;
  /** The numbers of subqueries. */
  readonly #numbers: Map<object, number>;
  /** What was shown already: kept rows are found once. */
  readonly #kept: Set<BoundQuery>;

  constructor(plans: Plans) {
    this.#plans = plans;
    this.#numbers = new Map();
    this.#kept = new Set();
  }

  query({ body, ordering, limit, offset }: QueryPlan): Node[] {
    const asked = [...ordering.map(({ value }) => value), limit, offset];
    const nodes = [...this.#body(body), ...this.#subqueries(asked)];
    return ordering.length > 0 ? [...nodes, leaf("USE TEMP B-TREE FOR ORDER BY")] : nodes;
  }

  #body(body: BodyPlan): Node[] {
    switch (body.kind) {
      case "core":
        return this.#core(body);
      case "values":
        return [
          leaf(body.rows.length === 1 ? "SCAN CONSTANT ROW" : `SCAN ${body.rows.length}-ROW VALUES CLAUSE`),
          ...this.#subqueries(body.rows.flat()),
        ];
      case "compound":
        return [{ detail: "COMPOUND QUERY", children: this.#compound(body) }];
      case "recursion":
        return [
          { detail: "SETUP", children: this.#body(body.initial) },
          ...body.steps.map((step) => ({ detail: "RECURSIVE STEP", children: this.#core(step) })),
        ];
    }
  }

  /** A compound's parts stand beside one another, however they are grouped. */
  #compound({ operator, left, right }: Extract<BodyPlan, { kind: "compound" }>): Node[] {
    const before =
      left.kind === "compound" ? this.#compound(left) : [{ detail: "LEFT-MOST SUBQUERY", children: this.#body(left) }];
    const detail = `${operator.toUpperCase()}${operator === "union all" ? "" : " USING HASH TABLE"}`;
    return [...before, { detail, children: this.#body(right) }];
  }

  #core(core: CorePlan): Node[] {
    const { rows, grouping, windowing, columns, distinct } = core;
    const values = columns.map(({ value }) => value);
    this.#number(values);
    let nodes = this.#rows(rows, core);
    if (grouping !== undefined) {
      const { keys, aggregates, having } = grouping;
      const told = aggregates.filter((call) => call.distinct);
      nodes.unshift(...told.map(({ function: { name } }) => leaf(`USE HASH TABLE FOR ${name}(DISTINCT)`)));
      nodes.push(
        ...this.#subqueries([
          ...keys.map(({ value }) => value),
          ...aggregates.flatMap(({ list, filter }) => [...list, filter]),
          ...having,
        ]),
      );
      if (keys.length > 0) {
        nodes.push(leaf("USE HASH TABLE FOR GROUP BY"));
      }
    }
    if (windowing !== undefined) {
      nodes = this.#windows(nodes, windowing);
    }
    nodes.push(...this.#subqueries(values));
    return distinct ? [...nodes, leaf("USE HASH TABLE FOR DISTINCT")] : nodes;
  }

  #windows(inner: readonly Node[], { source, calls }: NonNullable<CorePlan["windowing"]>): Node[] {
    const name = this.#subqueryName(source);
    const isSorted = calls.some(({ window }) => window.partition.length + window.ordering.length > 0);
    const children = isSorted ? [...inner, leaf("USE TEMP B-TREE FOR ORDER BY")] : inner;
    return [{ detail: `CO-ROUTINE ${name}`, children }, leaf(`SCAN ${name}`)];
  }

  #rows(plan: RowsPlan, core: CorePlan | undefined = undefined): Node[] {
    return [...this.#unfiltered(plan, core), ...this.#subqueries(plan.filters)];
  }

  #unfiltered(plan: RowsPlan, core: CorePlan | undefined): Node[] {
    switch (plan.kind) {
      case "one":
        return [leaf("SCAN CONSTANT ROW")];
      case "scan":
        return this.#scan(plan, core?.grouping?.shortcut);
      case "query":
        return this.#queryRows(plan.source, plan.query);
      case "kept":
        return this.#keptRows(plan.source, plan.query);
      case "function": {
        const { source, list } = plan;
        const isTable = source.origin.kind === "function" && source.origin.function.hasRowid && list.length === 0;
        const detail = `SCAN ${source.name}${isTable ? "" : ` VIRTUAL TABLE INDEX ${list.length}:`}`;
        return [leaf(detail), ...this.#subqueries(list)];
      }
      case "recursion":
        return [leaf(`SCAN ${plan.source.name}`)];
      case "join":
        return this.#join(plan);
    }
  }

  #scan({ source, access }: Extract<RowsPlan, { kind: "scan" }>, shortcut: "count" | "first-row" | undefined): Node[] {
    if (access.kind === "union") {
      const parts = access.parts.map((part, index) => ({
        detail: `INDEX ${index + 1}`,
        children: [leaf(accessDetail(source, part)), ...this.#subqueriesOfAccess(part)],
      }));
      return [{ detail: "MULTI-INDEX OR", children: parts }];
    }
    const detail = accessDetail(source, access);
    const isFirst = shortcut === "first-row" && detail.startsWith("SCAN");
    const shown = isFirst ? detail.replace("SCAN", "SEARCH") : detail;
    return [leaf(shortcut === "count" ? `${shown} BY COUNT` : shown), ...this.#subqueriesOfAccess(access)];
  }

  /** A plain SELECT whose columns are worked out where they are read is no query of its own any more. */
  #queryRows(source: Source, query: QueryPlan): Node[] {
    const { body, ordering, limit } = query;
    if (body.kind === "core" && isPlain(body) && ordering.length === 0 && limit === undefined) {
      return this.#core(body);
    }
    if (body.kind === "values" && ordering.length === 0 && limit === undefined) {
      return this.#body(body);
    }
    const name = this.#nameOf(source);
    return [{ detail: `CO-ROUTINE ${name}`, children: this.query(query) }, leaf(`SCAN ${name}`)];
  }

  #keptRows(source: Source, query: QueryPlan): Node[] {
    const name = this.#nameOf(source);
    const scan = leaf(`SCAN ${name}`);
    if (this.#kept.has(query.bound)) {
      return [scan];
    }
    this.#kept.add(query.bound);
    return [{ detail: `MATERIALIZE ${name}`, children: this.query(query) }, scan];
  }

  #join(plan: JoinPlan): Node[] {
    const { join, outer, inner, on, hash } = plan;
    const suffix = join === "inner" ? "" : " LEFT-JOIN";
    const outerNodes = this.#rows(outer);
    const innerNodes = this.#rows(inner);
    const names = scanNames(innerNodes);
    const found = hash === undefined ? withSuffix(innerNodes, suffix) : hashNodes(hash, names, innerNodes, suffix);
    const nodes = [...outerNodes, ...found, ...this.#subqueries(on)];
    if (join !== "full") {
      return nodes;
    }
    const rest = leaf(hash === undefined ? `SCAN ${names}` : `SCAN ${names} USING HASH TABLE`);
    return [...nodes, { detail: `RIGHT-JOIN ${names}`, children: [rest] }];
  }

  /** The queries in expressions, each where it is met first. */
  #subqueries(expressions: readonly (Bound | undefined)[]): Node[] {
    const nodes: Node[] = [];
    const visit = (bound: Bound): void => {
      forEachPart(bound, visit);
      const asked = askedBy(bound);
      if (asked !== undefined && !this.#kept.has(asked.query)) {
        this.#kept.add(asked.query);
        nodes.push(this.#subquery(asked.query, asked.kind));
      }
    };
    for (const bound of expressions) {
      if (bound !== undefined) {
        visit(bound);
      }
    }
    return nodes;
  }

  #subquery(query: BoundQuery, kind: "SCALAR" | "LIST"): Node {
    const correlated = query.outer.size > 0 ? "CORRELATED " : "";
    const number = this.#numberOf(query);
    return { detail: `${correlated}${kind} SUBQUERY ${number}`, children: this.query(this.#plans.plan(query)) };
  }

  #subqueriesOfAccess({ prefix, list, lower, upper }: KeyAccess): Node[] {
    const nodes = this.#subqueries([...prefix.map(({ value }) => value), lower?.value, upper?.value]);
    if (list?.kind === "query") {
      nodes.push(this.#subquery(list.query, "LIST"));
    }
    if (list?.kind === "values") {
      nodes.push(...this.#subqueries(list.values.map(({ value }) => value)));
    }
    return nodes;
  }

  /** Gives the queries in these expressions their numbers before others are met. */
  #number(expressions: readonly Bound[]): void {
    const visit = (bound: Bound): void => {
      forEachPart(bound, visit);
      const asked = askedBy(bound);
      if (asked !== undefined) {
        this.#numberOf(asked.query);
      }
    };
    expressions.forEach(visit);
  }

  #numberOf(query: object): number {
    const number = this.#numbers.get(query) ?? this.#numbers.size + 1;
    this.#numbers.set(query, number);
    return number;
  }

  #nameOf(source: Source): string {
    return source.name === UNNAMED ? this.#subqueryName(source) : source.name;
  }

  #subqueryName(source: Source): string {
    return `(subquery-${this.#numberOf(source)})`;
  }
}

function askedBy(bound: Bound): { readonly query: BoundQuery; readonly kind: "SCALAR" | "LIST" } | undefined {
  switch (bound.kind) {
    case "scalar-query":
    case "exists":
      return { query: bound.query, kind: "SCALAR" };
    case "in-query":
      return { query: bound.query, kind: "LIST" };
    default:
      return undefined;
  }
}

function isPlain({ grouping, windowing, distinct }: CorePlan): boolean {
  return grouping === undefined && windowing === undefined && !distinct;
}

/** `SEARCH t USING INDEX i (a=? AND b>?)`; a bound is `>` or `<` whether or not it is one of the values. */
function accessDetail(source: Source, access: KeyAccess): string {
  const tests = testsOf(source, access);
  if (tests.length === 0) {
    return `SCAN ${source.name}${access.index === undefined ? "" : ` USING ${scannedThrough(source, access)}`}`;
  }
  return `SEARCH ${source.name} USING ${scannedThrough(source, access)} (${tests.join(" AND ")})`;
}

function testsOf(source: Source, access: KeyAccess): string[] {
  const { prefix, list, lower, upper } = access;
  const names = keyNames(source, access).map((name) => (isRowidKey(source, access) ? "rowid" : name));
  const equal = prefix.length + (list === undefined ? 0 : 1);
  const tests = names.slice(0, equal).map((name) => `${name}=?`);
  const next = names[prefix.length]!;
  return [...tests, ...(lower === undefined ? [] : [`${next}>?`]), ...(upper === undefined ? [] : [`${next}<?`])];
}

function isRowidKey(source: Source, { index }: KeyAccess): boolean {
  return index === undefined && source.origin.kind === "table" && source.origin.table.primaryKey.length === 0;
}

/** The rows of the inner side go into a table by their values, where those of the outer side are looked up. */
function hashNodes({ inner }: HashKeys, names: string, children: readonly Node[], suffix: string): Node[] {
  const keys = inner.map((value) => `${value.kind === "column" ? value.column.name : "<expr>"}=?`).join(" AND ");
  return [
    { detail: `HASH TABLE ON ${names} (${keys})`, children },
    leaf(`SEARCH ${names} USING HASH TABLE (${keys})${suffix}`),
  ];
}

/** What is scanned and searched there. */
function scanNames(nodes: readonly Node[]): string {
  return nodes.flatMap(({ detail }) => /^(?:SCAN|SEARCH) (\S+)/.exec(detail)?.[1] ?? []).join(", ");
}

function withSuffix(nodes: readonly Node[], suffix: string): Node[] {
  return nodes.map((node) =>
    /^(?:SCAN|SEARCH) /.test(node.detail) ? { ...node, detail: node.detail + suffix } : node,
  );
}
