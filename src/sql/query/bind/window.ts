/** Windows: OVER and the WINDOW clause. */
import { foldName } from "../../catalog/name.ts";
import type { NamedWindow, Frame as ParsedFrame, Window, WindowName } from "../../parse/ast/query.ts";
import { type AggregateFunction, isAggregate, type WindowFunction } from "../../run/aggregate-function.ts";
import type { BoundWindow, FrameBound } from "./bound.ts";
import { bindOrdering } from "./ordering.ts";
import type { Scope } from "./scope.ts";
import { collationOf } from "./traits.ts";
import { sourcesReadBy } from "./walk.ts";

/** Functions that see their whole partition, whatever the frame is. */
const WHOLE_PARTITION: ReadonlySet<string> = new Set([
  "row_number",
  "rank",
  "dense_rank",
  "percent_rank",
  "cume_dist",
  "ntile",
  "lag",
  "lead",
]);

export function bindWindow(
  scope: Scope,
  over: Window | WindowName,
  found: AggregateFunction | WindowFunction,
): BoundWindow {
  const window = over.kind === "window-name" ? namedWindow(scope, over.name, over.at) : completed(scope, over);
  const partition = window.partitionBy.map((expression) => {
    const value = scope.expression(expression);
    return { value, collation: collationOf(value)?.collation };
  });
  const ordering = window.orderBy.map((term) => bindOrdering(scope, term));
  const { frame } = window;
  if (frame === undefined || (!isAggregate(found) && WHOLE_PARTITION.has(found.name))) {
    return { partition, ordering, ...DEFAULT_FRAME };
  }
  const hasDistance = [frame.start, frame.end].some(({ kind }) => kind === "preceding" || kind === "following");
  if (frame.unit === "range" && hasDistance && ordering.length !== 1) {
    throw scope.statement.fail("RANGE with offset PRECEDING/FOLLOWING requires one ORDER BY expression", frame.at);
  }
  if (frame.unit === "groups" && ordering.length === 0) {
    throw scope.statement.fail("GROUPS frame requires an ORDER BY clause", frame.at);
  }
  return {
    partition,
    ordering,
    unit: frame.unit,
    start: bindFrameBound(scope, frame, "start"),
    end: bindFrameBound(scope, frame, "end"),
    exclusion: frame.exclude,
  };
}

const DEFAULT_FRAME = {
  unit: "range",
  start: { kind: "unbounded preceding", distance: undefined },
  end: { kind: "current row", distance: undefined },
  exclusion: "no others",
} as const;

/** How far a frame goes does not depend on the row. */
function bindFrameBound(scope: Scope, frame: ParsedFrame, which: "start" | "end"): FrameBound {
  const bound = frame[which];
  if (!("offset" in bound)) {
    return { kind: bound.kind, distance: undefined };
  }
  const distance = scope.expression(bound.offset);
  if (sourcesReadBy(distance).size > 0) {
    const what = frame.unit === "range" ? "number" : "integer";
    const end = which === "start" ? "starting" : "ending";
    throw scope.statement.fail(`frame ${end} offset must be a non-negative ${what}`, bound.offset.at);
  }
  return { kind: bound.kind, distance };
}

function namedWindow(scope: Scope, name: string, at: number): Window {
  const found = scope.window(name);
  if (found === undefined) {
    throw scope.statement.fail(`no such window: ${name}`, at);
  }
  return completed(scope, found.window, found);
}

/** With what its base says: of a named window, one that was named before it. The base of the first one means nothing to SQLite. */
function completed(scope: Scope, window: Window, named?: NamedWindow): Window {
  const { base } = window;
  const names = scope.windows;
  const before = named === undefined ? names : names.slice(0, names.indexOf(named));
  if (base === undefined || (named !== undefined && before.length === 0)) {
    return window;
  }
  const found = before.find((other) => foldName(other.name) === foldName(base.name));
  if (found === undefined) {
    throw scope.statement.fail(`no such window: ${base.name}`, base.at);
  }
  const under = completed(scope, found.window, found);
  const what =
    window.partitionBy.length > 0
      ? "PARTITION clause"
      : under.orderBy.length > 0 && window.orderBy.length > 0
        ? "ORDER BY clause"
        : under.frame !== undefined
          ? "frame specification"
          : undefined;
  if (what !== undefined) {
    throw scope.statement.fail(`cannot override ${what} of window: ${base.name}`, window.at);
  }
  const orderBy = window.orderBy.length > 0 ? window.orderBy : under.orderBy;
  return { ...window, base: undefined, partitionBy: under.partitionBy, orderBy };
}
