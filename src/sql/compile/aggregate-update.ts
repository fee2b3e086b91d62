/**
 * What a row adds to an aggregate. Counts, sums and extremes stand in line, in the typed arrays of their states
 * (run/aggregate-state.ts); every other aggregate is called as the interpreter calls it.
 */
import type { AggregateCall } from "../query/bind/bound.ts";
import { aggregateFunction } from "../run/aggregates.ts";
import { APPROXIMATE, ONE_PART } from "../run/sum.ts";
import { INTEGER, NULL, REAL } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import { and, can, isFast, isNotNull, isTag, type Operand, or, pair } from "./operand.ts";

/** How an aggregate is compiled: "called" is as a function, "bare" the value of a row that stands for its group. */
export type Native = "count" | "sum" | "total" | "avg" | "min" | "max" | "bare" | "called";

export interface State {
  readonly native: Native;
  /** The name of the state object, and of a variable for each of its arrays. */
  readonly name: string;
  readonly arrays: Readonly<Record<string, string>>;
  /** The name of what it has seen, where each value counts once. */
  readonly seen: string;
}

export function nativeOf({ function: found, list, collation }: AggregateCall): Native {
  const { name } = found;
  if (aggregateFunction(name, list.length) !== found) {
    return "called";
  }
  switch (name) {
    case "count":
    case "sum":
    case "total":
    case "avg":
      return name;
    case "min":
    case "max":
      return collation === undefined ? name : "called";
    default:
      return "called";
  }
}

export function stateOf(emitter: Emitter, native: Native): State {
  return {
    native,
    name: emitter.name("state"),
    arrays: Object.fromEntries(arraysOf(native).map((array) => [array, emitter.name(array)])),
    seen: emitter.name("seen"),
  };
}

function arraysOf(native: Native): readonly string[] {
  switch (native) {
    case "count":
      return ["counts"];
    case "min":
    case "max":
      return ["tags", "numbers"];
    case "bare":
    case "called":
      return [];
    default:
      return ["counts", "integers", "reals", "errors", "modes"];
  }
}

/** The constructor's call, without `new`. */
export function newState(
  emitter: Emitter,
  { native }: State,
  call: AggregateCall | undefined,
  capacity: string,
): string {
  switch (native) {
    case "count":
      return `${emitter.use("CountState")}(${capacity})`;
    case "min":
    case "max":
    case "bare":
      return `${emitter.use("ValueState")}(${capacity})`;
    case "called":
      return `${emitter.use("FunctionState")}(${emitter.constant(call!.function)}, ${emitter.constant(call!.collation)})`;
    default:
      return `${emitter.use("SumState")}(${capacity}, "${native}")`;
  }
}

/** `represents` is set where the row is the one that the answer comes from. */
export function emitUpdate(
  emitter: Emitter,
  state: State,
  group: string,
  operands: readonly Operand[],
  represents: string | undefined,
): void {
  const [first] = operands;
  switch (state.native) {
    case "count":
      emitter.when(first === undefined ? "true" : isNotNull(first), () =>
        emitter.line(`${state.arrays.counts}[${group}]++;`),
      );
      break;
    case "min":
    case "max":
      emitExtreme(emitter, state, group, first!, represents);
      break;
    case "called": {
      for (const [index, operand] of operands.entries()) {
        emitter.line(`${state.name}.argument(${index}, ${pair(operand)});`);
      }
      const add = `${state.name}.add(${group})`;
      emitter.line(represents === undefined ? `${add};` : `if (${add}) ${represents} = true;`);
      break;
    }
    default:
      emitSum(emitter, state, group, first!);
  }
}

/** Numbers that follow reals, and integers while their sum is safe (run/sum.ts); everything else through the library. */
function emitSum(emitter: Emitter, state: State, group: string, argument: Operand): void {
  const { name, arrays } = state;
  const { counts, integers, reals, errors, modes } = arrays;
  const value = argument.number;
  const isApproximate = `${modes}[${group}] === ${APPROXIMATE}`;
  const before = emitter.name("before");
  const after = emitter.name("after");
  const emitStep = (): void => {
    emitter.line(`const ${before} = ${reals}[${group}], ${after} = ${before} + ${value};`);
    const isGreater = `Math.abs(${before}) > Math.abs(${value})`;
    emitter.line(
      `${errors}[${group}] += ${isGreater} ? ${before} - ${after} + ${value} : ${value} - ${after} + ${before};`,
    );
    emitter.line(`${reals}[${group}] = ${after}; ${counts}[${group}]++;`);
  };
  emitter.when(isTag(argument, REAL), () => {
    emitter.open(`if (${isApproximate})`);
    emitStep();
    emitter.otherwise();
    emitter.line(`${name}.add(${group}, ${REAL}, ${value});`);
    emitter.close();
  });
  const sum = emitter.name("sum");
  emitter.when(isTag(argument, INTEGER), () => {
    emitter.line(`const ${sum} = ${integers}[${group}] + ${value};`);
    emitter.open(`if (${sum} <= 9007199254740991 && ${sum} >= -9007199254740991)`);
    emitter.line(`${integers}[${group}] = ${sum}; ${counts}[${group}]++;`);
    emitter.otherwise(`else if (${isApproximate} && Math.abs(${value}) < ${ONE_PART})`);
    emitStep();
    emitter.otherwise();
    emitter.line(`${name}.add(${group}, ${INTEGER}, ${value});`);
    emitter.close();
  });
  if (can(argument, 3, 4, 5)) {
    emitter.when(or(isTag(argument, 3), isTag(argument, 4), isTag(argument, 5)), () =>
      emitter.line(`${name}.add(${group}, ${argument.tag}, ${argument.other});`),
    );
  }
}

function emitExtreme(
  emitter: Emitter,
  state: State,
  group: string,
  argument: Operand,
  represents: string | undefined,
): void {
  const { name, native, arrays } = state;
  const isGreatest = native === "max";
  const note = represents === undefined ? "" : ` ${represents} = true;`;
  const { tags, numbers } = arrays;
  if (represents !== undefined) {
    // As long as there are only NULLs each row stands for the group, so the last does.
    emitter.when(isTag(argument, NULL), () => emitter.line(`${represents} ||= ${tags}[${group}] === 0;`));
  }
  emitter.when(isNotNull(argument), () => {
    const held = `${tags}[${group}]`;
    const quick = and(isFast(argument), `(${held} === 1 || ${held} === 2)`);
    const offer = (): void => emitter.line(`if (${name}.offer(${group}, ${pair(argument)}, ${isGreatest})) {${note} }`);
    if (quick === "false") {
      offer();
      return;
    }
    emitter.open(`if (${quick})`);
    emitter.open(`if (${argument.number} ${isGreatest ? ">" : "<"} ${numbers}[${group}])`);
    emitter.line(`${tags}[${group}] = ${argument.tag}; ${numbers}[${group}] = ${argument.number};${note}`);
    emitter.close();
    emitter.otherwise();
    offer();
    emitter.close();
  });
}
