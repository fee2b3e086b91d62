/**
 * From bound queries to plans. A planner belongs to one statement; it plans each query once, subqueries in expressions when they
 * are asked for.
 */

import { NULLABLE } from "../../value/value.ts";
import {
  type Bound,
  type BoundBody,
  type BoundCore,
  type BoundFrom,
  type BoundOrdering,
  type BoundQuery,
  columnOf,
  type Grouping,
  type Source,
} from "../bind/bound.ts";
import { forEachBehindRows, forEachQuery, isSame, sourcesOf, sourcesReadBy, visitAll } from "../bind/walk.ts";
import type { KeyAccess } from "./access.ts";
import { tableKey } from "./choose-access.ts";
import { conjunctsOf } from "./conjuncts.ts";
import { giveArguments } from "./hidden-arguments.ts";
import { planFrom, type Surroundings } from "./order-joins.ts";
import {
  type BodyPlan,
  type CorePlan,
  costOf,
  type GroupingPlan,
  type Plans,
  type QueryPlan,
  type RowsPlan,
  UNKNOWN_ROWS,
  type WindowingPlan,
} from "./plan.ts";
import type { Statistics } from "./statistics.ts";

type ColumnBound = Extract<Bound, { kind: "column" }>;

export class Planner implements Plans {
  readonly #statistics: Statistics;
  readonly #plans: Map<BoundQuery, QueryPlan>;
  readonly #surroundings: Surroundings;

  constructor(statistics: Statistics) {
    this.#statistics = statistics;
    this.#plans = new Map();
    this.#surroundings = {
      statistics,
      rowsOf: (source) => this.#rowsOf(source),
      planSource: (source, filters, isInner) => this.#planSource(source, filters, isInner),
    };
  }

  plan(query: BoundQuery): QueryPlan {
    let plan = this.#plans.get(query);
    if (plan === undefined) {
      const { ordering, limit, offset } = query;
      const { body, isOrdered } = this.#planBody(query.body, ordering);
      plan = { bound: query, body, ordering: isOrdered ? [] : ordering, limit, offset };
      this.#plans.set(query, plan);
    }
    return plan;
  }

  #planBody(body: BoundBody, ordering: readonly BoundOrdering[]): { body: BodyPlan; isOrdered: boolean } {
    const part = (inner: BoundBody): BodyPlan => this.#planBody(inner, []).body;
    switch (body.kind) {
      case "core":
        return this.#planCore(body, ordering);
      case "values":
        return { body, isOrdered: ordering.length === 0 };
      case "compound":
        return { body: { ...body, left: part(body.left), right: part(body.right) }, isOrdered: ordering.length === 0 };
      case "recursion": {
        const steps = body.steps.map((step) => this.#planCore(step, []).body);
        return { body: { ...body, initial: part(body.initial), steps }, isOrdered: ordering.length === 0 };
      }
    }
  }

  #planCore(bound: BoundCore, ordering: readonly BoundOrdering[]): { body: CorePlan; isOrdered: boolean } {
    const core = giveArguments(bound);
    const from = planFrom(this.#surroundings, core.from, core.where, (source) =>
      columnsBehind(core, ordering, (read) => read === source).some(({ column }) => column !== source.rowid),
    );
    let rows = from.plan;
    let isOrdered = ordering.length === 0;
    if (!isOrdered && core.grouping === undefined && core.windowing === undefined) {
      const ordered = orderedRows(rows, ordering);
      rows = ordered ?? rows;
      isOrdered = ordered !== undefined;
    }
    const behind = (isWanted: (source: Source) => boolean): ColumnBound[] => columnsBehind(core, ordering, isWanted);
    const { grouping, windowing, columns, distinct } = core;
    if (grouping === undefined && windowing === undefined) {
      const body: CorePlan = { kind: "core", rows, grouping, windowing, columns, distinct, cost: from.cost };
      return { body, isOrdered };
    }
    const sources = new Set(sourcesOf(core.from));
    const isOfRows = (source: Source): boolean => sources.has(source);
    const bare = grouping === undefined ? [] : behind(isOfRows);
    const shortcut = grouping === undefined ? undefined : shortcutOf(rows, grouping, bare);
    rows = shortcut?.rows ?? rows;
    const body: CorePlan = {
      kind: "core",
      rows,
      grouping:
        grouping === undefined
          ? undefined
          : planGrouping(grouping, keysInOrder(grouping.keys, core.from, rows), bare, shortcut?.kind),
      windowing:
        windowing === undefined
          ? undefined
          : planWindowing(
              windowing,
              behind((source) => isOfRows(source) || source === grouping?.source),
            ),
      columns,
      distinct,
      cost: from.cost + this.#costOfQueries(core, from.rows),
    };
    // Without GROUP BY there is one row, in any order.
    return { body, isOrdered: isOrdered || (grouping !== undefined && grouping.keys.length === 0) };
  }

  /** What the queries in a SELECT's expressions cost: once, or for each row where they read it. */
  #costOfQueries(core: BoundCore, rows: number): number {
    let cost = 0;
    const add = (bound: Bound): void =>
      forEachQuery(bound, (query) => {
        cost += costOf(this.plan(query).body) * (query.outer.size === 0 ? 1 : rows);
      });
    if (core.where !== undefined) {
      add(core.where);
    }
    forEachBehindRows(core, add);
    return cost;
  }

  #rowsOf(source: Source): number {
    const { origin } = source;
    return origin.kind === "table" ? this.#statistics.rowsOf(origin.table) : UNKNOWN_ROWS;
  }

  /** A query's rows are kept where they are gone through more than once. */
  #planSource(source: Source, filters: readonly Bound[], isInner: boolean): RowsPlan {
    const { origin } = source;
    switch (origin.kind) {
      case "query": {
        const query = this.plan(origin.query);
        const isKept = origin.materialized ?? (origin.references.count > 1 || isInner);
        return { kind: isKept ? "kept" : "query", source, query, filters };
      }
      case "function":
        return { kind: "function", source, list: origin.list, filters };
      default:
        return { kind: "recursion", source, filters };
    }
  }
}

function planGrouping(
  { source, aggregates, decider, having }: Grouping,
  keys: Grouping["keys"],
  bare: readonly ColumnBound[],
  shortcut: GroupingPlan["shortcut"],
): GroupingPlan {
  const conditions = conjunctsOf(having).map(({ bound }) => bound);
  return { source, keys, aggregates, decider, having: conditions, bare, shortcut };
}

/**
 * Groups come in the order of their keys, in which they are put here. Where the keys have that of the outermost table among them, and it is gone through in the
 * order of its keys, SQLite does not sort: it is the order of rows then, whatever the others are, each of which a row decides.
 */
function keysInOrder(keys: Grouping["keys"], from: BoundFrom | undefined, rows: RowsPlan): Grouping["keys"] {
  const outermost = outermostOf(rows);
  if (keys.length < 2 || outermost.kind !== "scan" || !isInKeyOrder(outermost) || keepsRightSide(from)) {
    return keys;
  }
  const columns = tableKey(outermost.source).columns;
  const first = columns.flatMap((column) => keys.find(({ value }) => isSame(value, column)) ?? []);
  const decided = new Set([outermost.source, ...singleRowSources(rows)]);
  const others = keys.filter((key) => !first.includes(key));
  const areDecided = others.every(({ value }) => [...sourcesReadBy(value)].every((source) => decided.has(source)));
  return areDecided && first.length === columns.length ? [...first, ...others] : keys;
}

/** Whether there is a RIGHT or FULL JOIN, whose rows without partners come at the end. */
function keepsRightSide(from: BoundFrom | undefined): boolean {
  return (
    from?.kind === "join" &&
    (from.join === "right" || from.join === "full" || keepsRightSide(from.left) || keepsRightSide(from.right))
  );
}

function outermostOf(rows: RowsPlan): RowsPlan {
  return rows.kind === "join" ? outermostOf(rows.outer) : rows;
}

/** By the table's key, or by an index all of whose columns equal something. */
function isInKeyOrder({ access }: Extract<RowsPlan, { kind: "scan" }>): boolean {
  if (access.kind !== "key" || access.index === undefined) {
    return access.kind === "key";
  }
  return access.list === undefined && access.prefix.length === access.index.columns.length;
}

/** Sources of which there is at most one row for each row before them. */
function singleRowSources(rows: RowsPlan): Source[] {
  if (rows.kind === "join") {
    return [...singleRowSources(rows.outer), ...singleRowSources(rows.inner)];
  }
  const isSingle =
    rows.kind === "scan" && rows.access.kind === "key" && rows.access.isPoint && rows.access.list === undefined;
  return isSingle ? [rows.source] : [];
}

/** What makes reading all rows of one group needless, with the rows in the order that it takes. */
function shortcutOf(
  rows: RowsPlan,
  { keys, aggregates }: Grouping,
  bare: readonly ColumnBound[],
): { readonly kind: NonNullable<GroupingPlan["shortcut"]>; readonly rows: RowsPlan } | undefined {
  if (keys.length > 0 || rows.kind !== "scan" || rows.filters.length > 0 || rows.access.kind !== "key") {
    return undefined;
  }
  const { access, source } = rows;
  if (access.isPoint || access.list !== undefined || aggregates.some(({ filter }) => filter !== undefined)) {
    return undefined;
  }
  if (bare.length === 0 && aggregates.every(({ function: { name }, list }) => name === "count" && list.length === 0)) {
    return { kind: "count", rows };
  }
  const [only] = aggregates;
  const [value] = only!.list;
  if (aggregates.length > 1 || value === undefined || only!.function.isFromLast === undefined) {
    return undefined;
  }
  const descending = only!.function.name === "max";
  // Where NULL comes first it would be found in place of the least.
  if (!descending && (value.types & NULLABLE) !== 0) {
    return undefined;
  }
  const ordering = [{ value, descending, nullsFirst: !descending, collation: only!.collation }];
  const ordered = orderedAccess(source, access, ordering);
  return ordered === undefined ? undefined : { kind: "first-row", rows: { ...rows, access: ordered } };
}

function planWindowing(
  { source, calls }: NonNullable<BoundCore["windowing"]>,
  kept: readonly ColumnBound[],
): WindowingPlan {
  return { source, calls, kept };
}

/** The columns that are read behind the rows, each once: those of the result and of ORDER BY, and of subqueries there. */
function columnsBehind(
  core: BoundCore,
  ordering: readonly BoundOrdering[],
  isWanted: (source: Source) => boolean,
): ColumnBound[] {
  const found = new Map<Source, Map<number, ColumnBound>>();
  const visit = (bound: Bound): void => {
    visitAll(bound, (part) => {
      if (part.kind === "column" && isWanted(part.source)) {
        const ofSource = found.get(part.source) ?? new Map<number, ColumnBound>();
        found.set(part.source, ofSource.set(part.column.index, part));
      }
    });
  };
  forEachBehindRows(core, visit);
  for (const { value } of ordering) {
    visit(value);
  }
  return [...found.values()].flatMap((ofSource) => [...ofSource.values()]);
}

/** The same rows in the order asked for, if the outermost scan can give them so. */
function orderedRows(
  rows: RowsPlan,
  ordering: readonly BoundOrdering[],
  isJoined: boolean = false,
): RowsPlan | undefined {
  if (rows.kind === "join") {
    const outer = rows.join === "full" ? undefined : orderedRows(rows.outer, ordering, true);
    return outer === undefined ? undefined : { ...rows, outer };
  }
  if (rows.kind !== "scan" || rows.access.kind !== "key") {
    return undefined;
  }
  // One row of the outermost source may come several times, with rows of others that decide where it stands.
  const isOwn = ({ value }: BoundOrdering): boolean => [...sourcesReadBy(value)].every((read) => read === rows.source);
  if (isJoined && !ordering.every(isOwn)) {
    return undefined;
  }
  const access = orderedAccess(rows.source, rows.access, ordering);
  return access === undefined ? undefined : { ...rows, access };
}

function orderedAccess(source: Source, access: KeyAccess, ordering: readonly BoundOrdering[]): KeyAccess | undefined {
  const { origin } = source;
  if (access.list !== undefined || origin.kind !== "table") {
    return undefined;
  }
  if (access.isPoint) {
    return access;
  }
  const index = origin.indexes.find((candidate) => candidate.index === access.index);
  const columns = index === undefined ? tableKey(source).columns : index.columns.map(({ value }) => value);
  const isUnique = index === undefined;
  let next = access.prefix.length;
  let reverse: boolean | undefined;
  for (const { value, descending, nullsFirst, collation } of ordering) {
    if (columns.slice(0, access.prefix.length).some((column) => isSame(column, value))) {
      continue;
    }
    if (next === columns.length) {
      if (isUnique) {
        break;
      }
      // Behind an index's columns its entries stand in the order of the rows' keys.
      if (!isRowid(value, source) || (reverse ?? descending) !== descending) {
        return undefined;
      }
      return { ...access, reverse: descending };
    }
    const order = access.orders[next]!;
    const isReverse = order.descending !== descending;
    const isNullOrder = nullsFirst !== descending;
    if (!isSame(value, columns[next]!) || order.collation !== collation || !isNullOrder) {
      return undefined;
    }
    if (reverse !== undefined && reverse !== isReverse) {
      return undefined;
    }
    reverse = isReverse;
    next++;
  }
  return { ...access, reverse: reverse ?? false };
}

function isRowid(value: Bound, source: Source): boolean {
  return source.rowid !== undefined && value.kind === "column" && isSame(value, columnOf(source, source.rowid));
}
