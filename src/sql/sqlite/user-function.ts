/** `db.function()`: scalar functions written in JavaScript. */
import { ANY_COUNT } from "../run/session-functions.ts";
import type { ScalarFunction } from "../value/functions/scalar-function.ts";
import { ANY_TYPE, type SqlValue, type Tag } from "../value/value.ts";
import {
  type AnyFunction,
  booleanOption,
  lengthOf,
  optionalBooleanOption,
  requireArgumentCount,
  requireFilledName,
  requireFunctionName,
} from "./definition-options.ts";
import type { ConnectionState } from "./state.ts";
import { answerOf, argumentOf, type SqliteValue } from "./values.ts";

/** `options` may be left out. */
export function defineFunction(state: ConnectionState, name: unknown, options: unknown, last: unknown): void {
  const given = typeof options === "function" ? {} : (options ?? {});
  const call = typeof options === "function" ? options : last;
  requireFunctionName(name);
  if (typeof call !== "function") {
    throw new TypeError("Expected last argument to be a function");
  }
  if (typeof given !== "object") {
    throw new TypeError("Expected second argument to be an options object");
  }
  requireFilledName(name);
  const safeIntegers = optionalBooleanOption(given, "safeIntegers");
  const deterministic = booleanOption(given, "deterministic");
  booleanOption(given, "directOnly");
  const count = booleanOption(given, "varargs") ? ANY_COUNT : lengthOf(call as { length: unknown });
  requireArgumentCount(count);
  state.requireOpen();
  state.requireNotBusy();
  state.requireNoIterators();
  const scalar = scalarOf(name, call as AnyFunction, deterministic, safeIntegers ?? state.safeIntegers);
  state.session.functions.define(name, count, { kind: "scalar", function: scalar });
}

function scalarOf(name: string, call: AnyFunction, deterministic: boolean, safeIntegers: boolean): ScalarFunction {
  const giver = `User-defined function ${name}() returned`;
  return {
    name,
    minimum: 0,
    maximum: Number.POSITIVE_INFINITY,
    types: ANY_TYPE,
    stability: deterministic ? "statement" : "call",
    call: (...pairs: (Tag | SqlValue)[]) => {
      const list: SqliteValue[] = [];
      for (let index = 0; index < pairs.length; index += 2) {
        list.push(argumentOf(pairs[index] as Tag, pairs[index + 1] as SqlValue, safeIntegers));
      }
      answerOf(call(...list), giver);
    },
  };
}
