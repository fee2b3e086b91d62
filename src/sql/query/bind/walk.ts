/** Ways through bound expressions and queries: all parts, the sources that they read, and whether two are the same. */
import {
  type AggregateCall,
  type Bound,
  type BoundBody,
  type BoundComparison,
  type BoundCore,
  type BoundFrom,
  type BoundQuery,
  isComparison,
  type Source,
} from "./bound.ts";

type Visit = (part: Bound) => void;

/** Calls `visit` for each direct part of an expression; a subquery is none. */
export function forEachPart(bound: Bound, visit: Visit): void {
  switch (bound.kind) {
    case "unary":
    case "collate":
    case "not":
    case "null-test":
    case "truth-test":
    case "cast":
      visit(bound.operand);
      break;
    case "arithmetic":
    case "logic":
      visit(bound.left);
      visit(bound.right);
      break;
    case "compare":
    case "nullif":
      visit(bound.left);
      visit(bound.comparison.right);
      break;
    case "between":
      visit(bound.operand);
      visit(bound.low.right);
      visit(bound.high.right);
      break;
    case "in":
      visit(bound.operand);
      forEachRight(bound.list, visit);
      break;
    case "in-query":
      for (const { operand } of bound.tests) {
        visit(operand);
      }
      break;
    case "like":
      visit(bound.operand);
      visit(bound.pattern);
      visitOptional(bound.escape, visit);
      break;
    case "raise":
      visitOptional(bound.message, visit);
      break;
    case "case":
      visitOptional(bound.operand, visit);
      for (const { condition, result } of bound.branches) {
        visit(isComparison(condition) ? condition.right : condition);
        visit(result);
      }
      visit(bound.otherwise);
      break;
    case "call":
    case "first":
    case "extreme":
      bound.list.forEach(visit);
      break;
    default:
  }
}

function visitOptional(bound: Bound | undefined, visit: Visit): void {
  if (bound !== undefined) {
    visit(bound);
  }
}

function forEachRight(comparisons: readonly BoundComparison[], visit: Visit): void {
  for (const { right } of comparisons) {
    visit(right);
  }
}

/** The query that an expression of these kinds asks. */
function queryOf(bound: Bound): BoundQuery | undefined {
  return bound.kind === "in-query" || bound.kind === "exists" || bound.kind === "scalar-query"
    ? bound.query
    : undefined;
}

/** Calls `visit` for each query that an expression asks; what those ask is their own. */
export function forEachQuery(bound: Bound, visit: (query: BoundQuery) => void): void {
  const query = queryOf(bound);
  if (query !== undefined) {
    visit(query);
  }
  forEachPart(bound, (part) => forEachQuery(part, visit));
}

/** Calls `visit` for the expression and everything in it, subqueries' expressions included. */
export function visitAll(bound: Bound, visit: Visit): void {
  const all = (part: Bound): void => {
    visit(part);
    forEachPart(part, all);
    const query = queryOf(part);
    if (query !== undefined) {
      visitQuery(query, visit);
    }
  };
  all(bound);
}

/** Calls `visit` for every expression of a query and everything in it. */
function visitQuery(query: BoundQuery, visit: Visit): void {
  forEachExpression(query, (expression) => visitAll(expression, visit));
}

/** Calls `visit` for every expression of a query and of those in its FROM. */
function forEachExpression(query: BoundQuery, visit: Visit): void {
  visitBody(query.body, visit);
  for (const { value } of query.ordering) {
    visit(value);
  }
  visitOptional(query.limit, visit);
  visitOptional(query.offset, visit);
}

function visitBody(body: BoundBody, visit: Visit): void {
  switch (body.kind) {
    case "core":
      visitFrom(body.from, visit);
      visitOptional(body.where, visit);
      forEachBehindRows(body, visit);
      forEachInGrouping(body, visit);
      break;
    case "values":
      for (const row of body.rows) {
        row.forEach(visit);
      }
      break;
    case "compound":
      visitBody(body.left, visit);
      visitBody(body.right, visit);
      break;
    case "recursion":
      visitBody(body.initial, visit);
      for (const step of body.steps) {
        visitBody(step, visit);
      }
  }
}

function visitFrom(from: BoundFrom | undefined, visit: Visit): void {
  if (from?.kind === "join") {
    visitFrom(from.left, visit);
    visitFrom(from.right, visit);
    visitOptional(from.on, visit);
  } else if (from?.source.origin.kind === "query") {
    forEachExpression(from.source.origin.query, visit);
  } else if (from?.source.origin.kind === "function") {
    from.source.origin.list.forEach(visit);
  }
}

/** What is evaluated for each row: keys and arguments of aggregates. */
function forEachInGrouping({ grouping }: BoundCore, visit: Visit): void {
  for (const { value } of grouping?.keys ?? []) {
    visit(value);
  }
  for (const { list, filter, ordering } of grouping?.aggregates ?? []) {
    list.forEach(visit);
    visitOptional(filter, visit);
    for (const { value } of ordering) {
      visit(value);
    }
  }
}

/** What is evaluated behind the grouping, if there is one: HAVING, windows, result columns. */
export function forEachBehindRows({ grouping, windowing, columns }: BoundCore, visit: Visit): void {
  visitOptional(grouping?.having, visit);
  for (const { list, filter, window } of windowing?.calls ?? []) {
    list.forEach(visit);
    visitOptional(filter, visit);
    for (const { value } of [...window.partition, ...window.ordering]) {
      visit(value);
    }
    visitOptional(window.start.distance, visit);
    visitOptional(window.end.distance, visit);
  }
  for (const { value } of columns) {
    visit(value);
  }
}

/** Whether there is a subquery in the expression. */
export function asksQueries(bound: Bound): boolean {
  let asks = false;
  visitAll(bound, (part) => {
    asks ||= queryOf(part) !== undefined;
  });
  return asks;
}

/** The sources of FROM, from left to right. */
export function sourcesOf(from: BoundFrom | undefined): Source[] {
  if (from === undefined) {
    return [];
  }
  return from.kind === "source" ? [from.source] : [...sourcesOf(from.left), ...sourcesOf(from.right)];
}

/** The sources that an expression reads columns of, subqueries included. */
export function sourcesReadBy(bound: Bound): ReadonlySet<Source> {
  if (bound.kind === "constant" || bound.kind === "parameter") {
    return NO_SOURCES;
  }
  const sources = new Set<Source>();
  visitAll(bound, (part) => {
    if (part.kind === "column") {
      sources.add(part.source);
    }
  });
  return sources;
}

const NO_SOURCES: ReadonlySet<Source> = new Set();

/** Whether any of them reads a column of the source's rows; its rowid is in the key. */
export function readsRowOf(source: Source, bounds: readonly Bound[]): boolean {
  return hasPart(bounds, (part) => part.kind === "column" && part.source === source && part.column !== source.rowid);
}

/** Whether there is such a part in any of them, subqueries included. */
export function hasPart(bounds: readonly Bound[], isWanted: (part: Bound) => boolean): boolean {
  let has = false;
  for (const bound of bounds) {
    visitAll(bound, (part) => {
      has ||= isWanted(part);
    });
  }
  return has;
}

/** Whether two expressions are the same, so that one value will do for both. */
export function isSame(a: Bound, b: Bound): boolean {
  if (a === b || a.kind !== b.kind) {
    return a === b;
  }
  return a.kind === "column" && b.kind === "column"
    ? a.source === b.source && a.column === b.column && a.types === b.types
    : isSameField(a, b);
}

function isSameField(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) {
    return true;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return false;
  }
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSameField(item, b[index]));
  }
  // Functions, collations, sources and queries are the same if they are one object, and everything else is a record.
  return "kind" in a || "operator" in a || "condition" in a || "operand" in a ? hasSameFields(a, b) : false;
}

function hasSameFields(a: object, b: object): boolean {
  const fields = Object.entries(a);
  return (
    fields.length === Object.keys(b).length &&
    fields.every(([field, value]) => isSameField(value, (b as Record<string, unknown>)[field]))
  );
}

/** Whether two calls of an aggregate always give the same: one is enough. */
export function isSameAggregate(a: AggregateCall, b: AggregateCall): boolean {
  const lists = [a.list, b.list];
  return (
    a.function === b.function &&
    a.distinct === b.distinct &&
    a.filter === undefined &&
    b.filter === undefined &&
    a.ordering.length === 0 &&
    b.ordering.length === 0 &&
    lists[0]!.length === lists[1]!.length &&
    lists[0]!.every((part, index) => isSame(part, lists[1]![index]!))
  );
}
