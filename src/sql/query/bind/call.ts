/** Binds calls: aggregates and window functions, functions that choose what is evaluated, and all others. */
import type { DbError } from "../../../errors.ts";
import type { Call, Expression } from "../../parse/ast/query.ts";
import { type AggregateFunction, isAggregate, type WindowFunction } from "../../run/aggregate-function.ts";
import { aggregateFunction } from "../../run/aggregates.ts";
import { windowFunction } from "../../run/window-functions.ts";
import { keptIn } from "../../value/functions/date-time.ts";
import { LIKE_OF_CASE } from "../../value/functions/pattern.ts";
import { scalarFunction } from "../../value/functions/registry.ts";
import { ANY_NUMBER, type ScalarFunction } from "../../value/functions/scalar-function.ts";
import { ARROW, DOUBLE_ARROW } from "../../value/json/index.ts";
import { NULL, NULLABLE } from "../../value/value.ts";
import type { AggregateCall, Bound } from "./bound.ts";
import { first } from "./first.ts";
import { constant } from "./fold.ts";
import { asJson } from "./json.ts";
import { bindOrdering } from "./ordering.ts";
import type { Scope } from "./scope.ts";
import { collationOf, comparingCollation } from "./traits.ts";
import { bindWindow } from "./window.ts";

export function bindCall(scope: Scope, call: Call): Bound {
  return scope.statement.isRenaming ? bindNames(scope, call) : bindMeaning(scope, call);
}

/** What its parts name. */
function bindNames(scope: Scope, { list, filter, orderBy, over }: Call): Bound {
  const window = over?.kind === "window" ? over : undefined;
  const terms = [...orderBy, ...(window?.orderBy ?? [])].map(({ expression }) => expression);
  const parts = [...list, ...(filter === undefined ? [] : [filter]), ...terms, ...(window?.partitionBy ?? [])];
  for (const part of parts) {
    scope.expression(part);
  }
  return constant(NULL, null);
}

function bindMeaning(scope: Scope, call: Call): Bound {
  const { name, list, at } = call;
  const written = (): string => scope.statement.written(name, at);
  const own = scope.statement.sessionCall(name, list.length);
  if (own?.kind === "aggregate" && call.over !== undefined && !own.isWindow) {
    throw scope.statement.fail(`${written()}() may not be used as a window function`, at);
  }
  const found = own === undefined ? grouping(scope, call) : own.kind === "aggregate" ? own.function : undefined;
  if (found !== undefined) {
    return call.over === undefined && isAggregate(found)
      ? bindAggregate(scope, call, found)
      : bindWindowCall(scope, call, found);
  }
  if (call.over !== undefined) {
    throw scope.statement.fail(`${written()}() may not be used as a window function`, at);
  }
  if (call.filter !== undefined) {
    throw scope.statement.fail(`FILTER may not be used with non-aggregate ${written()}()`, at);
  }
  if (call.orderBy.length > 0) {
    throw scope.statement.fail(`ORDER BY may not be used with non-aggregate ${written()}()`, at);
  }
  return bindScalar(scope, name, list, at);
}

/** The call that an operator is: MATCH, REGEXP, CURRENT_TIME. */
export function bindOperatorCall(scope: Scope, name: string, list: readonly Expression[], at: number): Bound {
  return bindScalar(scope, name, list, at);
}

/** `a -> b` and `a ->> b`. */
export function bindArrow(scope: Scope, operator: "->" | "->>", list: readonly Expression[]): Bound {
  const found = operator === "->" ? ARROW : DOUBLE_ARROW;
  return bindFound(scope, found, list, list[0]!.at);
}

/** `at` is where the call stands: two of a function that draws or counts are never the same. */
function bindFound(scope: Scope, found: ScalarFunction, list: readonly Expression[], at: number): Bound {
  const site = found.stability === "call" ? at : undefined;
  scope.statement.draws ||= site !== undefined;
  const parts = list.map((part, index) => {
    const takesJson = found.takesJson?.(index) === true;
    const bound = scope.expression(takesJson ? withBinaryGroups(part) : part);
    return takesJson ? asJson(bound) : bound;
  });
  return { kind: "call", types: found.types, function: found, list: parts, site };
}

/** An aggregate of JSON as JSON, which is what its jsonb form gives. */
function withBinaryGroups(part: Expression): Expression {
  return part.kind === "call" && part.name.startsWith("json_group_")
    ? { ...part, name: part.name.replace("json", "jsonb") }
    : part;
}

/** The aggregate or window function of this name that takes so many arguments. */
function grouping(scope: Scope, { name, list, star, over, at }: Call): AggregateFunction | WindowFunction | undefined {
  const found = aggregateFunction(name, list.length) ?? windowFunction(name);
  if (found === undefined) {
    return undefined;
  }
  if ((star && name !== "count") || list.length < found.minimum || list.length > found.maximum) {
    throw wrongCount(scope, name, at);
  }
  if (over === undefined && !isAggregate(found)) {
    throw scope.misuse("window", name, at);
  }
  return found;
}

function wrongCount({ statement }: Scope, name: string, at: number): DbError {
  return statement.fail(`wrong number of arguments to function ${statement.written(name, at)}()`, at);
}

function bindScalar(scope: Scope, name: string, list: readonly Expression[], at: number): Bound {
  const own = scope.statement.sessionCall(name, list.length);
  return own?.kind === "scalar" ? bindFound(scope, own.function, list, at) : bindBuiltIn(scope, name, list, at);
}

function bindBuiltIn(scope: Scope, name: string, list: readonly Expression[], at: number): Bound {
  const bind = (part: Expression): Bound => scope.expression(part);
  const requireArguments = (minimum: number, maximum: number): void => {
    if (list.length < minimum || list.length > maximum) {
      throw wrongCount(scope, name, at);
    }
  };
  switch (name) {
    case "coalesce":
      requireArguments(2, ANY_NUMBER);
      return first(list.map(bind));
    case "ifnull":
      requireArguments(2, 2);
      return first(list.map(bind));
    case "nullif":
      requireArguments(2, 2);
      return bindNullif(bind(list[0]!), bind(list[1]!));
    case "iif":
    case "if":
      requireArguments(2, ANY_NUMBER);
      return bindIif(list.map(bind));
    case "likely":
    case "unlikely":
      requireArguments(1, 1);
      return withoutAffinity(bind(list[0]!));
    case "likelihood":
      requireArguments(2, 2);
      requireProbability(scope, list[1]!);
      return withoutAffinity(bind(list[0]!));
    case "min":
    case "max":
      requireArguments(2, ANY_NUMBER);
      return bindExtreme(name === "max", list.map(bind));
    default: {
      const found = scalarFunction(name.toLowerCase());
      if (found === undefined) {
        throw scope.statement.functions.has(name)
          ? wrongCount(scope, name, at)
          : scope.statement.fail(`no such function: ${scope.statement.written(name, at)}`, at);
      }
      requireArguments(found.minimum, found.maximum);
      const isMoment = found.stability === "statement" && found.maximum === 0;
      if ((found.stability === "call" || isMoment) && scope.place?.isPure === true) {
        scope.refuse("non-deterministic functions", at);
      }
      if (found.stability === "statement" && scope.place?.keeper !== undefined && !isMoment) {
        return bindFound(scope, keptIn(scope.place.keeper, found), list, at);
      }
      const isCaseLike = name === "like" && scope.statement.functions.dialect.likesCase;
      return bindFound(scope, isCaseLike ? LIKE_OF_CASE : found, list, at);
    }
  }
}

/** The same value, as what a function gives. */
function withoutAffinity(operand: Bound): Bound {
  return { kind: "unary", types: operand.types, operator: "+", operand };
}

/** nacre plans by what it counts, not by what is likely; but what SQLite refuses it refuses, too. */
function requireProbability(scope: Scope, probability: Expression): void {
  if (probability.kind !== "real" || probability.value > 1) {
    throw scope.statement.fail(
      "second argument to likelihood() must be a constant between 0.0 and 1.0",
      probability.at,
    );
  }
}

/** `nullif(a, b)` compares as `a = b` does where neither is a column: functions take values, not affinities. */
function bindNullif(left: Bound, right: Bound): Bound {
  const comparison = {
    operator: "=",
    nullSafe: false,
    leftConversion: undefined,
    rightConversion: undefined,
    collation: comparingCollation(left, right),
    right,
  } as const;
  return { kind: "nullif", types: left.types | NULLABLE, left, comparison };
}

/** Conditions and results in turn; an odd one at the end is the result where no condition holds. */
function bindIif(list: readonly Bound[]): Bound {
  const otherwise = list.length % 2 === 1 ? list.at(-1)! : constant(NULL, null);
  const branches = Array.from({ length: list.length >> 1 }, (_, index) => ({
    condition: list[2 * index]!,
    result: list[2 * index + 1]!,
  }));
  const types = branches.reduce((set, { result }) => set | result.types, otherwise.types);
  return { kind: "case", types, operand: undefined, branches, otherwise };
}

/** By the collation of the first argument that has one. */
function bindExtreme(greatest: boolean, list: readonly Bound[]): Bound {
  const types = list.reduce((set, part) => set | part.types, 0);
  const collation = list.map(collationOf).find((choice) => choice !== undefined)?.collation;
  return { kind: "extreme", types, greatest, list, collation };
}

function bindAggregate(scope: Scope, call: Call, found: AggregateFunction): Bound {
  const { name, at } = call;
  const { list, filter, ordering } = bindArguments(scope, call, found);
  const owner = ownerOf(scope, [
    ...list,
    ...(filter === undefined ? [] : [filter]),
    ...ordering.map(({ value }) => value),
  ]);
  if (owner.aggregatesRefused !== undefined) {
    throw owner.misuse("aggregate", name, at);
  }
  if (call.distinct && list.length !== 1) {
    throw scope.statement.fail("DISTINCT aggregates must have exactly one argument", at);
  }
  const [only] = list;
  return owner.aggregate({
    function: found,
    list,
    distinct: call.distinct,
    collation: only === undefined ? undefined : collationOf(only)?.collation,
    filter,
    ordering,
    types: found.typesOf(list.map(({ types }) => types)),
  });
}

function bindWindowCall(scope: Scope, call: Call, found: AggregateFunction | WindowFunction): Bound {
  const { name, at, over } = call;
  if (scope.windowsRefused) {
    throw scope.misuse("window", name, at);
  }
  if (call.distinct) {
    throw scope.statement.fail("DISTINCT is not supported for window functions", at);
  }
  if (call.filter !== undefined && !isAggregate(found)) {
    throw scope.statement.fail("FILTER clause may only be used with aggregate window functions", at);
  }
  const before = scope.windowsRefused;
  scope.windowsRefused = true;
  const list = bindList(scope, call.list, found);
  const filter = call.filter === undefined ? undefined : scope.expression(call.filter);
  const window = bindWindow(scope, over!, found);
  scope.windowsRefused = before;
  const [argument] = list;
  return scope.windowCall({
    function: found,
    list,
    collation: argument === undefined ? undefined : collationOf(argument)?.collation,
    filter,
    window,
    types: found.typesOf(list.map(({ types }) => types)),
  });
}

/** The arguments of an aggregate are of the rows, where there are no aggregates yet. */
function bindArguments(
  scope: Scope,
  call: Call,
  found: AggregateFunction,
): Pick<AggregateCall, "list" | "filter" | "ordering"> {
  const before = scope.aggregatesRefused;
  const windows = scope.windowsRefused;
  scope.aggregatesRefused = "argument";
  scope.windowsRefused = true;
  const list = bindList(scope, call.list, found);
  const filter = call.filter === undefined ? undefined : scope.expression(call.filter);
  const ordering = call.orderBy.map((term) => bindOrdering(scope, term));
  scope.aggregatesRefused = before;
  scope.windowsRefused = windows;
  return { list, filter, ordering };
}

function bindList(
  scope: Scope,
  list: readonly Expression[],
  found: AggregateFunction | WindowFunction,
): readonly Bound[] {
  const takesJson = isAggregate(found) ? found.takesJson : undefined;
  return list.map((part, index) =>
    takesJson?.(index) === true ? asJson(scope.expression(part)) : scope.expression(part),
  );
}

/** An aggregate belongs to the innermost query whose columns it reads; without any, to the one that it stands in. */
function ownerOf(scope: Scope, parts: readonly Bound[]): Scope {
  for (let owner: Scope | undefined = scope; owner !== undefined; owner = owner.around) {
    if (owner.readsOwn(parts)) {
      return owner;
    }
  }
  return scope;
}
