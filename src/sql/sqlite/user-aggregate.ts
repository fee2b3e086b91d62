/** `db.aggregate()`: aggregates written in JavaScript, and with `inverse` window functions. */
import type { AggregateFunction } from "../run/aggregate-function.ts";
import { ANY_COUNT } from "../run/session-functions.ts";
import { ANY_TYPE, answer, answered, answerValue, type SqlValue, type Tag } from "../value/value.ts";
import {
  type AnyFunction,
  booleanOption,
  functionOption,
  lengthOf,
  optionalBooleanOption,
  type RegistrationOptions,
  requireArgumentCount,
  requireFilledName,
  requireFunctionName,
} from "./definition-options.ts";
import type { ConnectionState } from "./state.ts";
import { answerOf, argumentOf } from "./values.ts";

type ElementOf<T> = T extends (infer E)[] ? E : T;

export interface AggregateOptions<T> extends RegistrationOptions {
  /** The value before the first row, or what makes it. */
  readonly start?: T | (() => T) | undefined;
  /** The value after a row; undefined: it stays as it is. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function without a return value is one
  readonly step: (total: T, next: ElementOf<T>) => T | void;
  /** The value without its first row. */
  readonly inverse?: ((total: T, dropped: T) => T) | undefined;
  /** What the value is to SQL. */
  readonly result?: ((total: T) => unknown) | undefined;
}

export function defineAggregate(state: ConnectionState, name: unknown, options: unknown): void {
  requireFunctionName(name);
  if (typeof options !== "object" || options === null) {
    throw new TypeError("Expected second argument to be an options object");
  }
  requireFilledName(name);
  const start: unknown = "start" in options ? options.start : null;
  const step = functionOption(options, "step");
  if (step === undefined) {
    throw new TypeError('Missing required option "step"');
  }
  const inverse = functionOption(options, "inverse");
  const result = functionOption(options, "result");
  const safeIntegers = optionalBooleanOption(options, "safeIntegers");
  booleanOption(options, "deterministic");
  booleanOption(options, "directOnly");
  let count = ANY_COUNT;
  if (!booleanOption(options, "varargs")) {
    // The first parameter is the aggregate's value.
    count = Math.max(0, Math.max(lengthOf(step), inverse === undefined ? 0 : lengthOf(inverse)) - 1);
    requireArgumentCount(count);
  }
  state.requireOpen();
  state.requireNotBusy();
  state.requireNoIterators();
  const aggregate = aggregateOf(name, { start, step, inverse, result }, safeIntegers ?? state.safeIntegers);
  state.session.functions.define(name, count, {
    kind: "aggregate",
    function: aggregate as unknown as AggregateFunction,
    isWindow: inverse !== undefined,
  });
}

interface Steps {
  readonly start: unknown;
  readonly step: AnyFunction;
  readonly inverse: AnyFunction | undefined;
  readonly result: AnyFunction | undefined;
}

interface Accumulator {
  value: unknown;
  /** What `result` has made of the value as it is; undefined: nobody has asked yet. */
  answer: { readonly tag: Tag; readonly value: SqlValue } | undefined;
}

function aggregateOf(
  name: string,
  { start, step, inverse, result }: Steps,
  safeIntegers: boolean,
): AggregateFunction<Accumulator> {
  const giver = `User-defined function ${name}() returned`;
  const moved =
    (by: AnyFunction) =>
    (state: Accumulator, tags: readonly Tag[], values: readonly SqlValue[]): void => {
      const list = tags.map((tag, index) => argumentOf(tag, values[index]!, safeIntegers));
      const next: unknown = by(state.value, ...list);
      state.answer = undefined;
      if (next !== undefined) {
        state.value = next;
      }
    };
  return {
    name,
    minimum: 0,
    maximum: Number.POSITIVE_INFINITY,
    typesOf: () => ANY_TYPE,
    begin: () => ({ value: typeof start === "function" ? start() : start, answer: undefined }),
    add: moved(step),
    remove: inverse === undefined ? undefined : moved(inverse),
    answer: (state) => {
      if (state.answer === undefined) {
        answerOf(result === undefined ? state.value : result(state.value), giver);
        state.answer = { tag: answer.tag, value: answered() };
      }
      answerValue(state.answer.tag, state.answer.value);
    },
  };
}
