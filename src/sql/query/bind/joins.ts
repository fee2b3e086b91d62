/**
 * What joins the sources of FROM.
 *
 * ON sees all of FROM and the names of the result, as in SQLite: a condition of an inner join that reads sources to its right is one of WHERE. USING and
 * NATURAL are conditions like those of ON; what the columns that they name are to the rest of the query says visible-source.ts.
 * A join in parentheses is a table of its own and sees nothing of what is around it, unless it comes first.
 */
import { foldName } from "../../catalog/name.ts";
import type { From, FromTerm, Join, Name } from "../../parse/ast/query.ts";
import type { Bound, BoundFrom, JoinKind, SourceColumn } from "./bound.ts";
import { and, bindComparison } from "./comparison.ts";
import { visibleSource } from "./from.ts";
import type { Scope } from "./scope.ts";
import { uniqueNames } from "./unique-names.ts";
import {
  columnNamed,
  columnOfTable,
  firstOf,
  type JoinSide,
  NO_NAMES,
  tablesIn,
  type VisibleSource,
} from "./visible-source.ts";
import { sourcesReadBy } from "./walk.ts";

/** SQLite's bound. */
const MOST_TABLES = 64;

/** What is to SQLite one list of tables: all of FROM, or a join in parentheses. */
interface Level {
  /** The joins that its parentheses are the right side of. */
  readonly around: readonly JoinSide[];
  /** Where its sources begin. */
  readonly start: number;
  /** There is a right or full join. */
  readonly hasRight: boolean;
  readonly sides: JoinSide[];
}

/** Makes the sources visible in the scope, and gives what joins them. */
export function bindFrom(scope: Scope, from: From): BoundFrom {
  const bound = bindJoins(scope, from, false, { around: [], start: 0, hasRight: hasRightJoin(from), sides: [] });
  scope.aliasesVisible = true;
  bindWaiting(scope);
  scope.aliasesVisible = false;
  return bound;
}

/** The conditions of ON, which are ones of rows. */
function bindWaiting(scope: Scope): void {
  if (scope.afterFrom.length > 0) {
    scope.ofRows(() => {
      for (const bind of scope.afterFrom.splice(0)) {
        bind();
      }
    });
  }
}

function hasRightJoin({ first, joins }: From): boolean {
  return joins.some(isRight) || (first.kind === "nested" && first.alias === undefined && hasRightJoin(first.from));
}

function isRight({ type }: Pick<Join, "type">): boolean {
  return type === "right" || type === "full";
}

function bindJoins(scope: Scope, from: From, isOptional: boolean, level: Level): BoundFrom {
  const { joins } = from;
  const mayMiss = (position: number): boolean =>
    isOptional ||
    (position > 0 && ["left", "full"].includes(joins[position - 1]!.type)) ||
    joins.slice(position).some(isRight);
  if (joins.length >= MOST_TABLES) {
    throw scope.statement.fail(`at most ${MOST_TABLES} tables in a join`, from.first.at);
  }
  const { first } = from;
  let bound =
    first.kind === "nested" && first.alias === undefined
      ? bindJoins(scope, first.from, mayMiss(0), level)
      : bindTerm(scope, first, mayMiss(0), newSide(level, undefined, first), level);
  for (const [position, join] of joins.entries()) {
    if (isRight(join)) {
      for (const side of level.sides) {
        side.isLeftOfRight = true;
      }
    }
    const before = scope.sources.length;
    const side = newSide(level, join.type, join.term);
    const right = bindTerm(scope, join.term, mayMiss(position + 1), side, level);
    bound = joined(scope, join, bound, right, bindShared(scope, join, side, before, level), level);
  }
  return bound;
}

function newSide({ sides }: Level, type: Join["type"] | undefined, { kind, alias }: FromTerm): JoinSide {
  const ofParentheses = kind === "nested" && alias !== undefined ? foldName(alias) : undefined;
  const side: JoinSide = { type, alias: ofParentheses, using: NO_NAMES, isLeftOfRight: false };
  sides.push(side);
  return side;
}

function bindTerm(scope: Scope, term: FromTerm, isOptional: boolean, side: JoinSide, { around }: Level): BoundFrom {
  if (term.kind !== "nested") {
    const visible = visibleSource(scope, term, isOptional);
    visible.joins = [...around, side];
    scope.sources.push(visible);
    return { kind: "source", source: visible.source };
  }
  const start = scope.sources.length;
  const waiting = scope.afterFrom.splice(0);
  const level = { around: [...around, side], start, hasRight: hasRightJoin(term.from), sides: [] };
  const bound = bindJoins(scope, term.from, isOptional, level);
  const outside = scope.sources.splice(0, start);
  bindWaiting(scope);
  nameOnce(scope, scope.sources);
  scope.sources.unshift(...outside);
  scope.afterFrom.push(...waiting);
  return bound;
}

/** To SQLite a join in parentheses is a table of its own, and its columns have names of their own. */
function nameOnce(scope: Scope, sources: readonly VisibleSource[]): void {
  const columns = sources.flatMap(shownColumns);
  const names = uniqueNames(columns.map((column) => scope.shownName(column)));
  for (const [index, column] of columns.entries()) {
    scope.showAs(column, names[index]!);
  }
}

/** The columns that `*` stands for. */
export function shownColumns({ source, merged }: VisibleSource): SourceColumn[] {
  return source.columns.filter(({ name, isHidden }) => !isHidden && !merged.has(foldName(name)));
}

/** With the condition of USING or NATURAL; that of ON waits until all of FROM is visible. */
function joined(
  scope: Scope,
  { type, on, using, natural, at }: Join,
  left: BoundFrom,
  right: BoundFrom,
  shared: Bound | undefined,
  level: Level,
): BoundFrom {
  if (natural && (on ?? using) !== undefined) {
    throw scope.statement.fail("a NATURAL join may not have an ON or USING clause", at);
  }
  const join: JoinKind = type === "comma" ? "inner" : type;
  if (on === undefined) {
    return { kind: "join", join, left, right, on: shared };
  }
  const bound = { kind: "join" as const, join, left, right, on: undefined as Bound | undefined };
  const end = scope.sources.length;
  scope.afterFrom.push(() => {
    const condition = scope.expression(on);
    const read = sourcesReadBy(condition);
    // Inside parentheses the sources before them are out of sight now.
    const hidden = level.around.length === 0 ? 0 : level.start;
    if (!scope.sources.slice(end - hidden).some(({ source }) => read.has(source))) {
      bound.on = condition;
    } else if ((join === "inner" || join === "cross") && !level.hasRight && level.around.length === 0) {
      scope.lateConditions.push(condition);
    } else {
      throw scope.statement.fail("ON clause references tables to its right", on.at);
    }
  });
  return bound;
}

/** The condition of USING and NATURAL on the sources from `before` on. */
function bindShared(scope: Scope, join: Join, side: JoinSide, before: number, level: Level): Bound | undefined {
  const { using, natural, at } = join;
  const left = scope.sources.slice(level.start, before);
  const right = scope.sources.slice(before);
  const names = natural ? sharedNames(left, right) : (using ?? []);
  const conditions = names.map(({ name }) => {
    const folded = foldName(name);
    const shown = right.find((visible) => !isMergedInside(visible, side, folded) && hasColumn(visible, folded));
    const ofRight = columnOfTable(right, folded, level.around.length);
    const ofLeft = leftColumn(scope, name, left, level, at);
    if (shown === undefined || ofRight === undefined || ofLeft === undefined) {
      throw scope.statement.fail(`cannot join using column ${name} - column not present in both tables`, at);
    }
    return { ofLeft, ofRight, shown, folded };
  });
  for (const { shown, folded } of conditions) {
    side.using = new Set([...side.using, folded]);
    shown.merged = new Set([...shown.merged, folded]);
  }
  return conditions.length === 0
    ? undefined
    : conditions.map(({ ofLeft, ofRight }) => bindComparison(ofLeft, "=", ofRight)).reduce(and);
}

/** Whether a join further inside has made the column one with another. */
function isMergedInside({ merged }: VisibleSource, side: JoinSide, folded: string): boolean {
  return merged.has(folded) && !side.using.has(folded);
}

function sharedNames(left: readonly VisibleSource[], right: readonly VisibleSource[]): Name[] {
  const names = new Map<string, Name>();
  for (const visible of right) {
    for (const { name } of shownColumns(visible)) {
      const folded = foldName(name);
      if (left.some(({ source }) => columnNamed(source, folded)?.isHidden === false) && !names.has(folded)) {
        names.set(folded, { name, at: 0 });
      }
    }
  }
  return [...names.values()];
}

/** The leftmost column of the name; where rows of the left side may be missing, the first that is not NULL of all that are one. */
function leftColumn(
  scope: Scope,
  name: string,
  left: readonly VisibleSource[],
  { around, hasRight }: Level,
  at: number,
): Bound | undefined {
  const folded = foldName(name);
  const depth = around.length;
  const having = tablesIn(left, depth).filter(({ members }) => members.some((visible) => hasColumn(visible, folded)));
  const columns = having.map(({ members }) => columnOfTable(members, folded, depth)!);
  if (!hasRight || columns.length < 2) {
    return columns[0];
  }
  for (const { side } of having.slice(1)) {
    if (side?.using.has(folded) !== true) {
      throw scope.statement.fail(`ambiguous reference to ${name} in USING()`, at);
    }
  }
  return firstOf(columns);
}

export function hasColumn({ source }: VisibleSource, folded: string): boolean {
  return columnNamed(source, folded) !== undefined;
}
