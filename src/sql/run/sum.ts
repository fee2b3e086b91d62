/**
 * sum, total and avg of one group, to the last bit as SQLite has them: integers exactly, until a real comes or they leave 64 bits;
 * from then on everything is added up in a real, with Kahan and Neumaier's compensation. A sum that has left 64 bits is an
 * error, though it came back, unless a real follows; avg and total give a real.
 */
import { DbError } from "../../errors.ts";
import { toNumber } from "../value/affinity.ts";
import { readNumber } from "../value/number-text.ts";
import {
  answer,
  answered,
  answerInt64,
  answerNull,
  answerReal,
  BLOB,
  MAX_INT64,
  MIN_INT64,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
} from "../value/value.ts";

export type SumName = "sum" | "total" | "avg";

/** What has been added up: integers; anything, in a real; and that for want of bits alone. */
export const EXACT = 0;
export const APPROXIMATE = 1;
export const OVERFLOWN = 2;

/** A real has all integers below it, and the larger ones are added in two parts. */
const MANY_BITS = 2n ** 52n;
const LOW_PART = 16_384n;

export class Sum {
  /** How many values that are not NULL. */
  count: number;
  mode: number;
  /** While it is exact; NaN: it is no safe integer, and in `big`. */
  integer: number;
  big: bigint;
  /** Since it is not, and what rounding has lost of it. */
  real: number;
  lost: number;

  constructor() {
    this.count = 0;
    this.mode = EXACT;
    this.integer = 0;
    this.big = 0n;
    this.real = 0;
    this.lost = 0;
  }

  /** `sign` −1 takes the value back. Text and blobs count as the number that they are, else as the one that they begin with. */
  add(tag: Tag, value: SqlValue, sign: 1 | -1): void {
    if (tag === NULL) {
      return;
    }
    this.count += sign;
    if (tag === TEXT && readNumber(value as string)) {
      this.#addNumber(answer.tag, answered() as number | bigint, sign);
    } else if (tag === TEXT || tag === BLOB) {
      toNumber(tag, value);
      this.#addReal(sign * Number(answered()));
    } else {
      this.#addNumber(tag, value as number | bigint, sign);
    }
  }

  answer(name: SumName): void {
    if (name === "total") {
      answerReal(this.#total());
    } else if (this.count === 0) {
      answerNull();
    } else if (name === "avg") {
      answerReal(this.#total() / this.count);
    } else if (this.mode === OVERFLOWN) {
      throw new DbError("INVALID", "integer overflow in sum(): it had more than 64 bits; total() gives a real");
    } else if (this.mode === APPROXIMATE) {
      answerReal(this.#total());
    } else {
      answerInt64(this.#exact);
    }
  }

  get #exact(): bigint {
    return Number.isNaN(this.integer) ? this.big : BigInt(this.integer);
  }

  #total(): number {
    if (this.mode === EXACT) {
      return Number(this.#exact);
    }
    return Number.isFinite(this.lost) ? this.real + this.lost : this.real;
  }

  #addNumber(tag: Tag, value: number | bigint, sign: 1 | -1): void {
    if (tag === REAL) {
      this.#addReal(sign * (value as number));
    } else if (this.mode === EXACT) {
      this.#addExactly(value, sign);
    } else {
      this.#addInteger(BigInt(sign) * BigInt(value));
    }
  }

  #addExactly(value: number | bigint, sign: 1 | -1): void {
    const sum = this.integer + sign * Number(value);
    if (typeof value === "number" && Number.isSafeInteger(sum)) {
      this.integer = sum;
      return;
    }
    const change = BigInt(sign) * BigInt(value);
    const exact = this.#exact + change;
    if (exact > MAX_INT64 || exact < MIN_INT64) {
      this.#approximate(OVERFLOWN);
      this.#addInteger(change);
      return;
    }
    const number = Number(exact);
    this.integer = Number.isSafeInteger(number) ? number : Number.NaN;
    this.big = exact;
  }

  #addReal(value: number): void {
    if (this.mode === EXACT) {
      this.#approximate(APPROXIMATE);
    }
    this.mode = APPROXIMATE;
    this.#step(value);
  }

  #addInteger(value: bigint): void {
    if (value < MANY_BITS && value > -MANY_BITS) {
      this.#step(Number(value));
      return;
    }
    const low = value % LOW_PART;
    this.#step(Number(value - low));
    this.#step(Number(low));
  }

  #approximate(mode: number): void {
    const exact = this.#exact;
    const low = exact < MANY_BITS && exact > -MANY_BITS ? 0n : exact % LOW_PART;
    this.mode = mode;
    this.real = Number(exact - low);
    this.lost = Number(low);
    this.integer = Number.NaN;
  }

  #step(value: number): void {
    const before = this.real;
    const after = before + value;
    this.lost += Math.abs(before) > Math.abs(value) ? before - after + value : value - after + before;
    this.real = after;
  }
}
