/**
 * What a row adds to an aggregate. Counts, sums and extremes stand in line, in the typed arrays of their states
 * (run/aggregate-state.ts); every other aggregate is called as the interpreter calls it.
 *
 * Of counts and sums of everything the cells of group 0 are held in variables while a function goes through rows: from row to row a
 * cell of an array waits for the row before, a variable in a register does not (a sum of a million reals 12.4 → 11.5 ms).
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
  /** Variables in place of the arrays' only cells; undefined: there are groups, or none is written to at each row. */
  readonly cells: Readonly<Record<string, string>> | undefined;
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

const WRITTEN_AT_EACH_ROW: ReadonlySet<string> = new Set(["counts", "integers", "reals", "errors"]);

/** `isHeld`: what is written at each row is held in variables. */
export function stateOf(emitter: Emitter, native: Native, isHeld: boolean): State {
  const named = (arrays: readonly string[]): Record<string, string> =>
    Object.fromEntries(arrays.map((array) => [array, emitter.name(array)]));
  const arrays = arraysOf(native);
  const held = isHeld ? arrays.filter((array) => WRITTEN_AT_EACH_ROW.has(array)) : [];
  return {
    native,
    name: emitter.name("state"),
    arrays: named(arrays),
    cells: held.length > 0 ? named(held) : undefined,
    seen: emitter.name("seen"),
  };
}

/** Before the first row: what the arrays have. */
export function emitHold(emitter: Emitter, { arrays, cells = {} }: State): void {
  for (const [array, cell] of Object.entries(cells)) {
    emitter.line(`let ${cell} = ${arrays[array]}[0];`);
  }
}

/** Behind the last row: the arrays have it again. */
export function emitRelease(emitter: Emitter, { arrays, cells = {} }: State): void {
  for (const [array, cell] of Object.entries(cells)) {
    emitter.line(`${arrays[array]}[0] = ${cell};`);
  }
}

/** A call that works on the arrays. */
function emitCall(emitter: Emitter, state: State, call: string): void {
  emitRelease(emitter, state);
  emitter.line(call);
  for (const [array, cell] of Object.entries(state.cells ?? {})) {
    emitter.line(`${cell} = ${state.arrays[array]}[0];`);
  }
}

function cellOf({ arrays, cells }: State, array: string, group: string): string {
  return cells?.[array] ?? `${arrays[array]}[${group}]`;
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
  heldBytes: number,
): string {
  switch (native) {
    case "count":
      return `${emitter.use("CountState")}(${capacity})`;
    case "min":
    case "max":
    case "bare":
      return `${emitter.use("ValueState")}(${capacity})`;
    case "called": {
      const called = `${emitter.constant(call!.function)}, ${emitter.constant(call!.collation)}`;
      return `${emitter.use("FunctionState")}(${called}, ${heldBytes})`;
    }
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
        emitter.line(`${cellOf(state, "counts", group)}++;`),
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
  const { name } = state;
  const cell = (array: string): string => cellOf(state, array, group);
  const value = argument.number;
  const isApproximate = `${cell("modes")} === ${APPROXIMATE}`;
  const before = emitter.name("before");
  const after = emitter.name("after");
  const emitStep = (): void => {
    emitter.line(`const ${before} = ${cell("reals")}, ${after} = ${before} + ${value};`);
    const isGreater = `Math.abs(${before}) > Math.abs(${value})`;
    emitter.line(
      `${cell("errors")} += ${isGreater} ? ${before} - ${after} + ${value} : ${value} - ${after} + ${before};`,
    );
    emitter.line(`${cell("reals")} = ${after}; ${cell("counts")}++;`);
  };
  emitter.when(isTag(argument, REAL), () => {
    emitter.open(`if (${isApproximate})`);
    emitStep();
    emitter.otherwise();
    emitCall(emitter, state, `${name}.add(${group}, ${REAL}, ${value});`);
    emitter.close();
  });
  const sum = emitter.name("sum");
  emitter.when(isTag(argument, INTEGER), () => {
    emitter.line(`const ${sum} = ${cell("integers")} + ${value};`);
    emitter.open(`if (${sum} <= 9007199254740991 && ${sum} >= -9007199254740991)`);
    emitter.line(`${cell("integers")} = ${sum}; ${cell("counts")}++;`);
    emitter.otherwise(`else if (${isApproximate} && Math.abs(${value}) < ${ONE_PART})`);
    emitStep();
    emitter.otherwise();
    emitCall(emitter, state, `${name}.add(${group}, ${INTEGER}, ${value});`);
    emitter.close();
  });
  if (can(argument, 3, 4, 5)) {
    emitter.when(or(isTag(argument, 3), isTag(argument, 4), isTag(argument, 5)), () =>
      emitCall(emitter, state, `${name}.add(${group}, ${argument.tag}, ${argument.other});`),
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
