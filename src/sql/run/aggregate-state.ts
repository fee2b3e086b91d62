/**
 * What the aggregates of a query know of each group, in typed arrays with one element a group.
 *
 * Compiled statements update the arrays themselves in the common cases and call `add` or `offer` for the rest. `grow`
 * replaces the arrays; whoever holds them in variables loads them again. `answer` gives a group's result.
 *
 * sum, total, avg   integers are summed exactly, reals with Kahan and Neumaier's compensation, as SQLite does. Integers
 *                   whose sum leaves ±2^53 go on in a bigint. Any real makes the result a real; a sum of integers that
 *                   has more than 64 bits is an error (avg and total give a real). SQLite minds sums on the way, too,
 *                   which depend on the order of rows; here only the result counts.
 */
import { DbError } from "../../errors.ts";
import { toNumber } from "../value/affinity.ts";
import type { Collation } from "../value/collation.ts";
import { compareValues } from "../value/compare.ts";
import { readNumber } from "../value/number-text.ts";
import {
  answer,
  answered,
  answerInt64,
  answerInteger,
  answerNull,
  answerReal,
  answerValue,
  BLOB,
  INTEGER,
  MAX_INT64,
  MIN_INT64,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
} from "../value/value.ts";
import type { AggregateFunction } from "./aggregate-function.ts";
import { grown } from "./group-table.ts";

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

export type SumName = "sum" | "total" | "avg";

export class SumState implements AggregateState {
  /** How many values that are not NULL. */
  counts: Float64Array;
  /** The sum of the integers, a safe integer. */
  integers: Float64Array;
  /** The sum of the reals, and what rounding has lost of it. */
  reals: Float64Array;
  errors: Float64Array;
  /** 1 where a real was among them. */
  hasReals: Uint8Array;
  readonly #name: SumName;
  /** What of the integers' sum did not fit. */
  readonly #bigs: Map<number, bigint>;

  constructor(capacity: number, name: SumName) {
    this.counts = new Float64Array(capacity);
    this.integers = new Float64Array(capacity);
    this.reals = new Float64Array(capacity);
    this.errors = new Float64Array(capacity);
    this.hasReals = new Uint8Array(capacity);
    this.#name = name;
    this.#bigs = new Map();
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
    this.hasReals = grown(this.hasReals, new Uint8Array(capacity));
  }

  /** Any value. Text and blobs count as the number that they are, else as the one that they begin with. */
  add(group: number, tag: Tag, value: SqlValue): void {
    if (tag === NULL) {
      return;
    }
    this.counts[group]!++;
    if (tag === TEXT && readNumber(value as string)) {
      this.#addNumber(group, answer.tag, answered() as number | bigint);
    } else if (tag === TEXT || tag === BLOB) {
      toNumber(tag, value);
      this.#addReal(group, Number(answered()));
    } else {
      this.#addNumber(group, tag, value as number | bigint);
    }
  }

  answer(group: number): void {
    const count = this.counts[group]!;
    if (count === 0) {
      this.#name === "total" ? answerReal(0) : answerNull();
      return;
    }
    const exact = BigInt(this.integers[group]!) + (this.#bigs.get(group) ?? 0n);
    if (this.#name === "sum" && this.hasReals[group] === 0) {
      if (exact > MAX_INT64 || exact < MIN_INT64) {
        throw new DbError("INVALID", "integer overflow in sum(): the sum has more than 64 bits; total() gives a real");
      }
      answerInt64(exact);
      return;
    }
    // In two reals, so that the integers keep what a sum beyond 2^53 would lose of them.
    const high = Number(exact);
    const reals = this.reals[group]!;
    const sum = reals + high;
    const error = this.errors[group]! + lostBy(reals, high, sum) + Number(exact - BigInt(high));
    const compensated = sum + (Number.isFinite(error) ? error : 0);
    answerReal(this.#name === "avg" ? compensated / count : compensated);
  }

  #addNumber(group: number, tag: Tag, value: number | bigint): void {
    if (tag === REAL) {
      this.#addReal(group, value as number);
      return;
    }
    const sum = this.integers[group]! + Number(value);
    if (tag === INTEGER && Number.isSafeInteger(sum)) {
      this.integers[group] = sum;
    } else {
      const spilled = (this.#bigs.get(group) ?? 0n) + BigInt(this.integers[group]!) + BigInt(value);
      this.#bigs.set(group, spilled);
      this.integers[group] = 0;
    }
  }

  #addReal(group: number, value: number): void {
    const before = this.reals[group]!;
    const after = before + value;
    this.errors[group]! += lostBy(before, value, after);
    this.reals[group] = after;
    this.hasReals[group] = 1;
  }
}

/** What rounding has lost in `a + b`, which came out as `sum`. */
function lostBy(a: number, b: number, sum: number): number {
  return Math.abs(a) > Math.abs(b) ? a - sum + b : b - sum + a;
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
  readonly #states: unknown[];
  readonly #tags: Tag[];
  readonly #values: SqlValue[];

  constructor(called: AggregateFunction, collation: Collation | undefined) {
    this.#function = called;
    this.#collation = collation;
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
