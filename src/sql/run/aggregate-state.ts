/**
 * What the aggregates of a query know of each group, in typed arrays with one element a group.
 *
 * Compiled statements update the arrays themselves in the common cases and call `add` or `offer` for the rest. `grow`
 * replaces the arrays; whoever holds them in variables loads them again. `answer` gives a group's result.
 */
import type { Collation } from "../value/collation.ts";
import { compareValues } from "../value/compare.ts";
import { answerInteger, answerValue, INTEGER, NULL, REAL, type SqlValue, type Tag } from "../value/value.ts";
import { type AggregateFunction, growsByRows } from "./aggregate-function.ts";
import { grown } from "./group-table.ts";
import { HeldMemory, valuesBytes } from "./holding.ts";
import { EXACT, Sum, type SumName } from "./sum.ts";

export interface AggregateState {
  grow(capacity: number): void;
  answer(group: number): void;
}

export class CountState implements AggregateState {
  counts: Float64Array;

  constructor(capacity: number) {
    this.counts = new Float64Array(capacity);
  }

  /** How many groups there is room for. */
  get capacity(): number {
    return this.counts.length;
  }

  grow(capacity: number): void {
    this.counts = grown(this.counts, new Float64Array(capacity));
  }

  answer(group: number): void {
    answerInteger(this.counts[group]!);
  }
}

/** Sums in arrays (sum.ts): compiled statements add integers while `integers` are safe, and reals while `modes` are APPROXIMATE. */
export class SumState implements AggregateState {
  counts: Float64Array;
  /** The exact sum; NaN: it is no safe integer, or there is none any more. */
  integers: Float64Array;
  reals: Float64Array;
  /** What rounding has lost of the reals. */
  errors: Float64Array;
  modes: Uint8Array;
  readonly #name: SumName;
  /** Exact sums that are no safe integers. */
  readonly #bigs: Map<number, bigint>;
  /** That of the group at hand. */
  readonly #sum: Sum;

  constructor(capacity: number, name: SumName) {
    this.counts = new Float64Array(capacity);
    this.integers = new Float64Array(capacity);
    this.reals = new Float64Array(capacity);
    this.errors = new Float64Array(capacity);
    this.modes = new Uint8Array(capacity);
    this.#name = name;
    this.#bigs = new Map();
    this.#sum = new Sum();
  }

  /** How many groups there is room for. */
  get capacity(): number {
    return this.counts.length;
  }

  grow(capacity: number): void {
    this.counts = grown(this.counts, new Float64Array(capacity));
    this.integers = grown(this.integers, new Float64Array(capacity));
    this.reals = grown(this.reals, new Float64Array(capacity));
    this.errors = grown(this.errors, new Float64Array(capacity));
    this.modes = grown(this.modes, new Uint8Array(capacity));
  }

  /** Any value. */
  add(group: number, tag: Tag, value: SqlValue): void {
    const sum = this.#load(group);
    sum.add(tag, value, 1);
    this.counts[group] = sum.count;
    this.integers[group] = sum.integer;
    this.reals[group] = sum.real;
    this.errors[group] = sum.lost;
    this.modes[group] = sum.mode;
    if (sum.mode === EXACT && Number.isNaN(sum.integer)) {
      this.#bigs.set(group, sum.big);
    }
  }

  answer(group: number): void {
    this.#load(group).answer(this.#name);
  }

  #load(group: number): Sum {
    const sum = this.#sum;
    sum.count = this.counts[group]!;
    sum.integer = this.integers[group]!;
    sum.real = this.reals[group]!;
    sum.lost = this.errors[group]!;
    sum.mode = this.modes[group]!;
    if (sum.mode === EXACT && Number.isNaN(sum.integer)) {
      sum.big = this.#bigs.get(group)!;
    }
    return sum;
  }
}

/** One value a group: the least or greatest so far, or a bare column's. NULL until there is one. */
export class ValueState implements AggregateState {
  tags: Uint8Array;
  numbers: Float64Array;
  others: SqlValue[];
  /** Whether any group has a value. */
  isSet: boolean;

  constructor(capacity: number) {
    this.tags = new Uint8Array(capacity);
    this.numbers = new Float64Array(capacity);
    this.others = [];
    this.isSet = false;
  }

  /** How many groups there is room for. */
  get capacity(): number {
    return this.tags.length;
  }

  grow(capacity: number): void {
    this.tags = grown(this.tags, new Uint8Array(capacity));
    this.numbers = grown(this.numbers, new Float64Array(capacity));
  }

  set(group: number, tag: Tag, value: SqlValue): void {
    this.isSet = true;
    this.tags[group] = tag;
    if (tag === INTEGER || tag === REAL) {
      this.numbers[group] = value as number;
    } else {
      this.others[group] = value;
    }
  }

  /** Takes a value that is not NULL if it is less (or greater) than what is there; whether it was taken. */
  offer(group: number, tag: Tag, value: SqlValue, greatest: boolean): boolean {
    const heldTag = this.tags[group] as Tag;
    if (heldTag !== NULL) {
      const isNumber = heldTag === INTEGER || heldTag === REAL;
      const difference = compareValues(tag, value, heldTag, isNumber ? this.numbers[group]! : this.others[group]!);
      if (greatest ? difference <= 0 : difference >= 0) {
        return false;
      }
    }
    this.set(group, tag, value);
    return true;
  }

  answer(group: number): void {
    const tag = this.tags[group] as Tag;
    const isNumber = tag === INTEGER || tag === REAL;
    answerValue(tag, isNumber ? this.numbers[group]! : tag === NULL ? null : this.others[group]!);
  }
}

/** Any aggregate, called row by row (aggregate-function.ts). */
export class FunctionState implements AggregateState {
  readonly #function: AggregateFunction;
  readonly #collation: Collation | undefined;
  /** What its states take, if they grow. */
  readonly #memory: HeldMemory | undefined;
  readonly #states: unknown[];
  readonly #tags: Tag[];
  readonly #values: SqlValue[];

  constructor(called: AggregateFunction, collation: Collation | undefined, bytes: number) {
    this.#function = called;
    this.#collation = collation;
    this.#memory = growsByRows(called) ? new HeldMemory(bytes) : undefined;
    this.#states = [];
    this.#tags = [];
    this.#values = [];
  }

  grow(): void {}

  argument(index: number, tag: Tag, value: SqlValue): void {
    this.#tags[index] = tag;
    this.#values[index] = value;
  }

  /** Adds the arguments; whether the answer comes from this row, which min and max know. */
  add(group: number): boolean {
    const state = this.#of(group);
    this.#memory?.take(valuesBytes(this.#tags, this.#values));
    this.#function.add(state, this.#tags, this.#values);
    return this.#function.isFromLast?.(state) ?? false;
  }

  answer(group: number): void {
    this.#function.answer(this.#of(group));
  }

  #of(group: number): unknown {
    this.#states[group] ??= this.#function.begin(this.#collation);
    return this.#states[group];
  }
}

/** Makes room for group `group` in all states; the new capacity. */
export function growStates(states: readonly AggregateState[], group: number): number {
  const capacity = (group + 1) * 2;
  for (const state of states) {
    state.grow(capacity);
  }
  return capacity;
}
