/** Binds calls: aggregates, functions that are compiled because they choose what is evaluated, and all others. */
import type { Call, Expression } from "../parse/ast/query.ts";
import { scalarFunction } from "../value/functions/registry.ts";
import { ANY_NUMBER } from "../value/functions/scalar-function.ts";
import { ANY_TYPE, INTEGER, INTEGER_TYPES, NULL, NULLABLE, NUMERIC_TYPES, REAL, typeSet } from "../value/value.ts";
import { type Aggregate, type AggregateName, affinityOf, type Bound, callOf } from "./bound.ts";
import { constant } from "./fold.ts";
import { asJson } from "./json.ts";
import type { Scope } from "./scope.ts";

type Bind = (part: Expression) => Bound;

const AGGREGATES: ReadonlySet<string> = new Set(["count", "sum", "total", "avg", "min", "max"]);

export function bindCall(scope: Scope, call: Call, bind: Bind): Bound {
  const { name, list } = call;
  // With several values min and max are ordinary functions.
  if (AGGREGATES.has(name) && !((name === "min" || name === "max") && list.length > 1)) {
    return bindAggregate(scope, call, bind);
  }
  // DISTINCT in front of the arguments of an ordinary function, and `*` in place of none, are allowed and mean nothing.
  switch (name) {
    case "coalesce":
      requireArguments(scope, call, 2, ANY_NUMBER);
      return first(list.map(bind));
    case "ifnull":
      requireArguments(scope, call, 2, 2);
      return first(list.map(bind));
    case "nullif":
      requireArguments(scope, call, 2, 2);
      return bindNullif(bind(list[0]!), bind(list[1]!));
    case "iif":
    case "if":
      requireArguments(scope, call, 2, ANY_NUMBER);
      return bindIif(list.map(bind));
    case "likely":
    case "unlikely":
      requireArguments(scope, call, 1, 1);
      return withoutAffinity(bind(list[0]!));
    case "likelihood":
      requireArguments(scope, call, 2, 2);
      requireProbability(scope, list[1]!);
      return withoutAffinity(bind(list[0]!));
    case "min":
    case "max": {
      const parts = list.map(bind);
      const types = parts.reduce((set, part) => set | part.types, 0);
      return { kind: "extreme", types, greatest: name === "max", list: parts };
    }
    default: {
      const found = scalarFunction(name);
      if (found === undefined) {
        throw noSuchFunction(scope, call);
      }
      requireArguments(scope, call, found.minimum, found.maximum);
      const parts = list.map(bind).map((part, index) => (found.takesJson?.(index) ? asJson(part) : part));
      return callOf(found, parts, call.at);
    }
  }
}

/** The same value, compared as what a function answers is. */
function withoutAffinity(operand: Bound): Bound {
  return affinityOf(operand) === undefined ? operand : { kind: "unary", types: operand.types, operator: "+", operand };
}

/** nacre plans by what it counts, not by what is likely; but what SQLite refuses it refuses, too. */
function requireProbability(scope: Scope, probability: Expression): void {
  if (probability.kind !== "real" || probability.value > 1) {
    throw scope.fail("second argument to likelihood() must be a constant between 0.0 and 1.0", probability.at);
  }
}

function noSuchFunction(scope: Scope, call: Call): Error {
  return scope.fail(`no such function: ${call.name}`, call.at);
}

function requireArguments(scope: Scope, call: Call, minimum: number, maximum: number): void {
  if (call.list.length < minimum || call.list.length > maximum) {
    throw scope.fail(`wrong number of arguments to function ${call.name}()`, call.at);
  }
}

/** The first of the list that is not NULL. */
export function first(list: readonly Bound[]): Bound {
  const any = list.reduce((set, part) => set | part.types, 0);
  const nullable = list.every((part) => (part.types & NULLABLE) !== 0);
  return { kind: "first", types: nullable ? any : any & ~NULLABLE, list };
}

/** `nullif(a, b)` compares as `a = b` does where neither is a column: functions take values, not affinities. */
function bindNullif(left: Bound, right: Bound): Bound {
  const comparison = {
    operator: "=",
    nullSafe: false,
    leftConversion: undefined,
    rightConversion: undefined,
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

function bindAggregate(scope: Scope, call: Call, bind: Bind): Bound {
  const name = call.name as AggregateName;
  if (scope.aggregatesRefused !== undefined) {
    throw scope.fail(`misuse of aggregate ${call.name}() ${scope.aggregatesRefused}`, call.at);
  }
  // DISTINCT changes nothing for the least and the greatest.
  if (call.distinct && name !== "min" && name !== "max") {
    throw scope.fail(`${call.name}(DISTINCT …) is not supported`, call.at, "UNSUPPORTED");
  }
  const isCountAll = name === "count" && (call.star || call.list.length === 0);
  if (isCountAll) {
    return scope.aggregate({ name, argument: undefined, types: INTEGER_TYPES });
  }
  requireArguments(scope, call, 1, 1);
  scope.aggregatesRefused = "inside another";
  const argument = bind(call.list[0]!);
  scope.aggregatesRefused = undefined;
  return scope.aggregate({ name, argument, types: aggregateTypes(name, argument) });
}

function aggregateTypes(name: AggregateName, argument: Bound): number {
  switch (name) {
    case "count":
      return typeSet(INTEGER);
    case "sum":
      return affinityOf(argument) === "REAL" ? typeSet(REAL) | NULLABLE : NUMERIC_TYPES | NULLABLE;
    case "avg":
      return typeSet(REAL) | NULLABLE;
    case "total":
      return typeSet(REAL) | NULLABLE;
    case "min":
    case "max":
      return argument.types | NULLABLE;
    default:
      return ANY_TYPE;
  }
}

/** A column that is no key and in no aggregate: its value in the row that stands for the group. */
export function bareColumn(column: Bound): Aggregate {
  return { name: "bare", argument: column, types: column.types };
}
