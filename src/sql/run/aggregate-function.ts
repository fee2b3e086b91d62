/**
 * Aggregates and window functions, as queries run them: a state for each group (or partition), to which rows are added and,
 * in a window that moves, taken away again.
 *
 *   const state = sum.begin();
 *   sum.add(state, [tag, tag, …], [value, value, …]);       // once a row
 *   sum.answer(state);                                      // leaves the value in `answer`; may be asked again
 */
import type { Collation } from "../value/collation.ts";
import type { SqlValue, Tag, TypeSet } from "../value/value.ts";

export interface AggregateFunction<State = unknown> {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly typesOf: (list: readonly TypeSet[]) => TypeSet;
  /** `collation` is that of the first argument. */
  readonly begin: (collation: Collation | undefined) => State;
  readonly add: (state: State, tags: readonly Tag[], values: readonly SqlValue[]) => void;
  /** Takes back the row that was added first; undefined: a window that moves is added up anew. */
  readonly remove: ((state: State, tags: readonly Tag[], values: readonly SqlValue[]) => void) | undefined;
  readonly answer: (state: State) => void;
  /** For windows that move, where that takes another state; with `remove`. */
  readonly moving?: AggregateFunction;
  /** Of min and max: whether the row that was added last is the one that the answer comes from. */
  readonly isFromLast?: (state: State) => boolean;
  /** Which arguments are JSON where they come from a function that gives JSON. */
  readonly takesJson?: (index: number) => boolean;
}

const OF_ONE_SIZE: ReadonlySet<string> = new Set(["count", "sum", "total", "avg", "min", "max"]);

/** Whether its state grows with the rows that are added. */
export function growsByRows({ name }: AggregateFunction): boolean {
  return !OF_ONE_SIZE.has(name);
}

/** A row among those of its window, for functions that are no aggregates. Positions count from 0 within the partition. */
export interface WindowPlace {
  readonly position: number;
  readonly size: number;
  /** The rows that ORDER BY takes for equal to this one, the end exclusive. */
  readonly peersFrom: number;
  readonly peersTo: number;
  /** How many sets of such rows come before. */
  readonly peersBefore: number;
  /** A row of the frame by its number from 0, from the end if negative; those left out by EXCLUDE do not count. */
  inFrame(number: number): number | undefined;
  /** How many arguments the call has. */
  readonly arguments: number;
  /** Leaves one of them in `answer`, as it is in a row of the partition. */
  argument(position: number, index: number): void;
}

export interface WindowFunction {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly typesOf: (list: readonly TypeSet[]) => TypeSet;
  /** Leaves the value for a row in `answer`. */
  readonly answerAt: (place: WindowPlace) => void;
}

export function isAggregate(found: AggregateFunction | WindowFunction): found is AggregateFunction {
  return "begin" in found;
}
