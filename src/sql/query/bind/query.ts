/**
 * Binds queries: WITH, the SELECTs of a compound one after the other, ORDER BY, LIMIT.
 *
 * A name in ORDER BY is a column of the result first, then one of FROM; a number is the place of one. GROUP BY, HAVING and WHERE
 * see the names of the result, too, but after those of FROM. The rows of a compound are ordered by columns of its result alone.
 */
import { DbError } from "../../../errors.ts";
import { foldName } from "../../catalog/name.ts";
import type { Expression, OrderingTerm, Query, ResultColumn, SelectCore, Values } from "../../parse/ast/query.ts";
import { MAX_COLUMNS } from "../../parse/expression-list.ts";
import { NULLABLE } from "../../value/value.ts";
import {
  type AggregateCall,
  type Bound,
  type BoundBody,
  type BoundColumn,
  type BoundCore,
  type BoundOrdering,
  type BoundQuery,
  columnOf,
  type Grouping,
  type SourceColumn,
  type WindowCall,
} from "./bound.ts";
import { nameInStar, nameOfColumn } from "./column-names.ts";
import { allOf } from "./comparison.ts";
import { bindFrom, hasColumn, shownColumns } from "./joins.ts";
import { bindOrdering } from "./ordering.ts";
import type { Part } from "./part.ts";
import type { Scope } from "./scope.ts";
import { collationOf } from "./traits.ts";
import { columnOfTable, type VisibleSource } from "./visible-source.ts";
import { isSame } from "./walk.ts";
import { bindWith, type PartBinders } from "./with.ts";

/** A query in a scope; `around` is the one that it stands in. `check` sees the first SELECT before those that follow are bound. */
export function bindQuery(around: Scope, query: Query, check?: (first: BoundBody) => void): BoundQuery {
  const scope = around.inner();
  bindCommon(scope, query.with);
  const first = bindPart(scope, query.first);
  check?.(first.body);
  const parts = [first];
  let { body } = first;
  for (const { operator, core, at } of query.rest) {
    const part = bindPart(scope, core);
    parts.push(part);
    body = combine(scope, operator, body, part.body, at);
  }
  const ordering =
    parts.length === 1 && first.scope !== undefined
      ? bindCoreOrdering(first.scope, query.orderBy, body.columns)
      : query.orderBy.map((term, index) => bindCompoundOrdering(scope, term, index, body, parts));
  return finish(scope, ordering, query, query.rest.length === 0 ? first.complete : () => body);
}

/** Makes what WITH names known in the scope. */
export function bindCommon(scope: Scope, clause: Query["with"]): void {
  bindWith(scope, clause, PART_BINDERS);
}

/** What a common query is bound with (with.ts). */
const PART_BINDERS: PartBinders = {
  bindQuery,
  bindPart,
  combine,
  finish: (scope, query, { body, parts, ordered }) => {
    const ordering = query.orderBy.map((term, index) => bindCompoundOrdering(scope, term, index, ordered, parts));
    return finish(scope, ordering, query, () => body);
  },
};

/** `complete` gives the body again once ORDER BY is bound, which may have added aggregates and windows. */
function finish(scope: Scope, ordering: readonly BoundOrdering[], query: Query, complete: () => BoundBody): BoundQuery {
  const rowless = query.limit === undefined ? undefined : scope.rowless();
  const limit = query.limit === undefined ? undefined : rowless!.expression(query.limit);
  const offset = query.offset === undefined ? undefined : rowless!.expression(query.offset);
  return { id: scope.statement.newQueryId(), body: complete(), ordering, limit, offset, outer: scope.outer };
}

/** One SELECT or VALUES of a query. */
export function bindPart(scope: Scope, core: SelectCore | Values): Part {
  if (core.kind === "values") {
    const body = bindValues(scope, core);
    return { body, scope: undefined, aliases: [], complete: () => body };
  }
  const inner = scope.inner();
  const bound = bindCore(inner, core);
  const complete = (): BoundCore => completed(inner, bound);
  scope.addOuter(inner.outer);
  return {
    body: complete(),
    scope: inner,
    aliases: core.columns.map((column) => (column.kind === "expression" ? column.alias : undefined)),
    complete: () => {
      scope.addOuter(inner.outer);
      return complete();
    },
  };
}

function bindValues(scope: Scope, { rows }: Values): BoundBody {
  const inner = scope.inner();
  inner.aggregatesRefused = "row";
  inner.windowsRefused = true;
  const bound = rows.map((row) => row.map((cell) => inner.expression(cell)));
  scope.addOuter(inner.outer);
  const columns = bound[0]!.map((value, index) => ({
    name: `column${index + 1}`,
    value: { ...value, types: bound.reduce((set, row) => set | row[index]!.types, 0) },
    collation: undefined,
  }));
  return { kind: "values", rows: bound, columns };
}

type OpenCore = Omit<BoundCore, "grouping" | "windowing" | "kind"> & {
  readonly keys: Grouping["keys"];
  readonly having: Bound | undefined;
};

/** Windows are bound where they are used; this is for the names in those that are not. */
function bindNames(scope: Scope, windows: SelectCore["windows"]): void {
  for (const { window } of windows) {
    for (const expression of [...window.partitionBy, ...window.orderBy.map((term) => term.expression)]) {
      scope.expression(expression);
    }
  }
}

function bindCore(scope: Scope, core: SelectCore): OpenCore {
  for (const column of core.columns) {
    if (column.kind === "expression" && column.alias !== undefined) {
      scope.addAlias(column.alias, column.expression);
    }
  }
  const from = core.from === undefined ? undefined : bindFrom(scope, core.from);
  for (const window of core.windows) {
    scope.addWindow(window);
  }
  const columns = bindColumns(scope, core.columns);
  if (scope.statement.isObserved) {
    bindNames(scope, core.windows);
  }
  scope.isGrouped = core.groupBy.length > 0 || scope.aggregates.length > 0;
  scope.aliasesVisible = true;
  const asked = core.where === undefined ? undefined : scope.ofRows(() => scope.expression(core.where!));
  const where = scope.lateConditions.length === 0 ? asked : allOf([...scope.lateConditions, asked]);
  const keys = core.groupBy.map((term) => bindGroupTerm(scope, term, columns));
  // Aggregates in HAVING alone do not make groups.
  if (core.having !== undefined && !scope.isGrouped && !scope.statement.isRenaming) {
    throw scope.statement.fail("HAVING clause on a non-aggregate query", core.having.at);
  }
  scope.windowsRefused = true;
  const having = core.having === undefined ? undefined : scope.expression(core.having);
  scope.windowsRefused = false;
  scope.aliasesVisible = false;
  return { from, where, columns, distinct: core.distinct, keys, having };
}

/** With the aggregates and windows that its expressions, ORDER BY included, have been found to use. */
function completed(scope: Scope, open: OpenCore): BoundCore {
  const { from, where, columns, distinct, keys, having } = open;
  const { aggregates, windowCalls } = scope;
  const isGrouped = keys.length > 0 || aggregates.length > 0;
  const decider = aggregates.findLastIndex(({ function: found }) => found.isFromLast !== undefined);
  const grouping: Grouping | undefined = isGrouped
    ? { source: scope.groupSource(), keys, aggregates, decider: decider < 0 ? undefined : decider, having }
    : undefined;
  const windowing = windowCalls.length === 0 ? undefined : { source: scope.windowSource!, calls: windowCalls };
  return { kind: "core", from, where, grouping, windowing, columns, distinct };
}

export function bindColumns(scope: Scope, columns: readonly ResultColumn[]): BoundColumn[] {
  const bound: BoundColumn[] = [];
  for (const column of columns) {
    if (column.kind === "star") {
      scope.hasStar = true;
      bound.push(...starColumns(scope, column.table, column.at));
      continue;
    }
    const value = scope.expression(column.expression);
    const own = column.alias === undefined ? nameOf(scope, column.expression, value) : undefined;
    const name = column.alias ?? nameOfColumn(scope, column.expression, value, own, column.text) ?? own ?? column.text;
    const nameInFrom = column.alias === undefined ? nameBehindCollate(scope, column.expression) : undefined;
    bound.push({ name, nameInFrom, value, collation: collationOf(value)?.collation });
  }
  if (bound.length > MAX_COLUMNS) {
    throw scope.statement.fail("too many columns in result set", 0);
  }
  return bound;
}

function starColumns(scope: Scope, table: string | undefined, at: number): BoundColumn[] {
  if (scope.sources.length === 0 && table === undefined) {
    throw scope.statement.fail("no tables specified", at);
  }
  const sources = scope.sources.filter((visible) => table === undefined || visible.name === foldName(table));
  if (sources.length === 0) {
    throw scope.statement.fail(`no such table: ${table}`, at);
  }
  for (const { namesake } of sources) {
    if (table !== undefined && namesake !== undefined) {
      scope.statement.meansTable(at, namesake);
    }
  }
  return sources.flatMap((visible) => {
    const { source } = visible;
    const columns = table === undefined ? shownColumns(visible) : source.columns.filter(({ isHidden }) => !isHidden);
    return columns.map((column) => {
      const value = table === undefined ? starColumn(scope, visible, column, at) : columnOf(source, column);
      return { name: nameInStar(scope, source, scope.shownName(column)), value, collation: column.collation };
    });
  });
}

/**
 * On the left of a right or full join `*` means what the unqualified name means, if USING names it; of a join in parentheses, which
 * may have several columns of the name, it names the first.
 */
function starColumn(scope: Scope, { source, joins }: VisibleSource, column: SourceColumn, at: number): Bound {
  const [outermost] = joins;
  const folded = foldName(column.name);
  const table = joins.length < 2 ? [] : scope.sources.filter((visible) => visible.joins[0] === outermost);
  const isOfTable = table.find((visible) => hasColumn(visible, folded))?.source === source;
  const own = isOfTable ? columnOfTable(table, folded, 0)! : columnOf(source, column);
  if (outermost?.isLeftOfRight !== true) {
    return own;
  }
  const laterSides = scope.sources
    .slice(scope.sources.findIndex((visible) => visible.source === source) + 1)
    .map((visible) => visible.joins[0])
    .filter((side) => side !== outermost);
  const first = scope.sources.find((visible) => visible.joins[0] === outermost && hasColumn(visible, folded));
  const isMerged = first?.source === source && laterSides.some((side) => side?.using.has(folded) === true);
  return isMerged ? scope.ownColumn(undefined, undefined, column.name, at)! : own;
}

/** A column's own name, as it was declared. */
function nameOf(scope: Scope, expression: Expression, value: Bound): string | undefined {
  if (expression.kind !== "name") {
    return undefined;
  }
  return value.kind === "column" && scope.owns(value.source) ? scope.shownName(value.column) : expression.column;
}

/** To the query around it the column of `a COLLATE nocase` is `a`. */
function nameBehindCollate(scope: Scope, expression: Expression): string | undefined {
  if (expression.kind !== "collate") {
    return undefined;
  }
  const { inside } = withoutCollate(expression);
  return inside.kind === "name" ? nameOf(scope, inside, scope.expression(inside)) : nameBehindCollate(scope, inside);
}

/** A number is the place of a result column, everything else an expression. */
function bindGroupTerm(scope: Scope, term: Expression, columns: readonly BoundColumn[]): Grouping["keys"][number] {
  const position = positionOf(scope, term, columns, "GROUP BY", undefined);
  scope.windowsRefused = true;
  const value = position === undefined ? scope.expression(term) : columns[position]!.value;
  scope.windowsRefused = false;
  if (scope.readsWindows(value)) {
    const [{ function: window }] = scope.windowCalls as [WindowCall];
    throw scope.statement.fail(`misuse of window function ${window.name}()`, term.at);
  }
  if (scope.readsAggregates(value)) {
    throw scope.statement.fail("aggregate functions are not allowed in the GROUP BY clause", term.at);
  }
  return { value, collation: collationOf(value)?.collation };
}

function bindCoreOrdering(
  scope: Scope,
  terms: readonly OrderingTerm[],
  columns: readonly BoundColumn[],
): BoundOrdering[] {
  scope.aliasesVisible = true;
  const ordering = terms.map((term, index) => {
    const { expression, descending, nullsFirst } = term;
    const { inside, collation } = withoutCollate(expression);
    const position = positionOf(scope, inside, columns, "ORDER BY", index) ?? aliasPosition(inside, scope, columns);
    if (position === undefined) {
      const bound = bindOrdering(scope, term);
      if (!scope.isGrouped && scope.aggregates.length > 0) {
        const [{ function: aggregate }] = scope.aggregates as [AggregateCall];
        throw scope.statement.fail(`misuse of aggregate: ${aggregate.name}()`, expression.at);
      }
      return bound;
    }
    const column = columns[position]!;
    const said = collation === undefined ? column.collation : scope.statement.collation(collation, expression.at);
    return { value: column.value, descending, nullsFirst, collation: said };
  });
  scope.aliasesVisible = false;
  return ordering;
}

/** Of several the outermost counts. */
function withoutCollate(expression: Expression): { inside: Expression; collation: string | undefined } {
  return expression.kind === "collate"
    ? { inside: withoutCollate(expression.operand).inside, collation: expression.collation }
    : { inside: expression, collation: undefined };
}

/** The result column that a mere name is an alias of; where it would be ambiguous, the first that `*` has given that name. */
function aliasPosition(expression: Expression, scope: Scope, columns: readonly BoundColumn[]): number | undefined {
  if (expression.kind !== "name" || expression.table !== undefined) {
    return undefined;
  }
  const folded = foldName(expression.column);
  if (!scope.hasAlias(expression.column) && !(scope.hasStar && scope.isAmbiguous(folded))) {
    return undefined;
  }
  const position = columns.findIndex(({ name }) => foldName(name) === folded);
  return position < 0 ? undefined : position;
}

function positionOf(
  scope: Scope,
  term: Expression,
  columns: readonly BoundColumn[],
  clause: string,
  index: number | undefined,
): number | undefined {
  const position = integerOf(term);
  if (position === undefined) {
    return undefined;
  }
  if (position < 1 || position > columns.length) {
    const which = index === undefined ? `${ordinal(1)} ${clause} term` : `${ordinal(index + 1)} ${clause} term`;
    throw scope.statement.fail(`${which} out of range - should be between 1 and ${columns.length}`, term.at);
  }
  return position - 1;
}

/** A number of 32 bits, with or without signs before it. */
function integerOf(term: Expression): number | undefined {
  if (term.kind === "unary" && (term.operator === "-" || term.operator === "+")) {
    const inside = integerOf(term.operand);
    return inside === undefined || term.operator === "+" ? inside : -inside;
  }
  return term.kind === "integer" && term.value <= 0x7fff_ffff ? Number(term.value) : undefined;
}

function ordinal(number: number): string {
  const tens = number % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}

/** Of a compound: a place, a name of any of its parts' columns, or an expression that is one of these columns. */
function bindCompoundOrdering(
  scope: Scope,
  { expression, descending, nullsFirst }: OrderingTerm,
  index: number,
  { columns }: Pick<BoundBody, "columns">,
  parts: readonly Part[],
): BoundOrdering {
  const { inside, collation } = withoutCollate(expression);
  const inParts = scope.statement.isObserved ? firstMatch(parts, inside) : undefined;
  const position =
    positionOf(scope, inside, columns, "ORDER BY", index) ??
    namedColumn(columns, inside) ??
    inParts ??
    firstMatch(parts, inside);
  if (position === undefined) {
    throw scope.statement.fail(
      `${ordinal(index + 1)} ORDER BY term does not match any column in the result set`,
      expression.at,
    );
  }
  const column = columns[position]!;
  const said = collation === undefined ? column.collation : scope.statement.collation(collation, expression.at);
  return { value: column.value, descending, nullsFirst, collation: said };
}

function namedColumn(columns: readonly BoundColumn[], expression: Expression): number | undefined {
  if (expression.kind !== "name" || expression.table !== undefined) {
    return undefined;
  }
  const folded = foldName(expression.column);
  const position = columns.findIndex(({ name }) => foldName(name) === folded);
  return position < 0 ? undefined : position;
}

function firstMatch(parts: readonly Part[], expression: Expression): number | undefined {
  for (const part of parts) {
    const position = matchingColumn(part, expression);
    if (position !== undefined) {
      return position;
    }
  }
  return undefined;
}

/** The column of this alias, or this expression, or else this name. */
function matchingColumn(part: Part, expression: Expression): number | undefined {
  const { body, aliases } = part;
  if (expression.kind !== "name" || expression.table !== undefined) {
    return sameColumn(part, expression);
  }
  const folded = foldName(expression.column);
  const found = (position: number): number | undefined => (position < 0 ? undefined : position);
  return (
    found(aliases.findIndex((alias) => alias !== undefined && foldName(alias) === folded)) ??
    sameColumn(part, expression) ??
    found(body.columns.findIndex(({ name }) => foldName(name) === folded))
  );
}

function sameColumn({ body, scope }: Part, expression: Expression): number | undefined {
  if (scope === undefined) {
    return undefined;
  }
  let value: Bound;
  try {
    value = scope.expression(expression);
  } catch (error) {
    if (error instanceof DbError) {
      // What this part does not know may be another one's.
      return undefined;
    }
    throw error;
  }
  const same = body.columns.findIndex((column) => isSame(column.value, value));
  return same < 0 ? undefined : same;
}

/** Two bodies put together; the columns of the whole are those of a source of its own. */
export function combine(
  scope: Scope,
  operator: Extract<BoundBody, { kind: "compound" }>["operator"],
  left: BoundBody,
  right: BoundBody,
  at: number,
): BoundBody {
  if (left.columns.length !== right.columns.length) {
    const name = operator.toUpperCase();
    throw scope.statement.fail(
      `SELECTs to the left and right of ${name} do not have the same number of result columns`,
      at,
    );
  }
  const collations = left.columns.map(
    (column, index) => (collationOf(column.value) ?? collationOf(right.columns[index]!.value))?.collation,
  );
  const resultColumns = left.columns.map(
    ({ name, value }, index): SourceColumn => ({
      name,
      index,
      types: value.types | right.columns[index]!.value.types | NULLABLE,
      affinity: undefined,
      collation: collations[index],
      isHidden: false,
    }),
  );
  const source = scope.statement.newSource("result", resultColumns, undefined, { kind: "result" });
  const columns = resultColumns.map((column) => ({
    name: column.name,
    value: columnOf(source, column),
    collation: column.collation,
  }));
  return { kind: "compound", operator, left, right, collations, source, columns };
}
