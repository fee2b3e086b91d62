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
  answerInteger,
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

/** Integers from here on are added to a real in two parts. */
export const ONE_PART: number = 2 ** 52;
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
    } else if (Number.isNaN(this.integer)) {
      answerInt64(this.big);
    } else {
      answerInteger(this.integer);
    }
  }

  /** A bigint where it has to be one. */
  get #exact(): number | bigint {
    return Number.isNaN(this.integer) ? this.big : this.integer;
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
      this.#addInteger(value, sign);
    }
  }

  #addExactly(value: number | bigint, sign: 1 | -1): void {
    const sum = this.integer + sign * Number(value);
    if (typeof value === "number" && Number.isSafeInteger(sum)) {
      this.integer = sum;
      return;
    }
    const exact = BigInt(this.#exact) + BigInt(sign) * BigInt(value);
    if (exact > MAX_INT64 || exact < MIN_INT64) {
      this.#approximate(OVERFLOWN);
      this.#addInteger(value, sign);
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

  #addInteger(value: number | bigint, sign: 1 | -1): void {
    const low = lowPart(value);
    this.#step(sign * without(value, low));
    if (low !== 0) {
      this.#step(sign * low);
    }
  }

  #approximate(mode: number): void {
    const exact = this.#exact;
    this.mode = mode;
    this.lost = lowPart(exact);
    this.real = without(exact, this.lost);
    this.integer = Number.NaN;
  }

  #step(value: number): void {
    const before = this.real;
    const after = before + value;
    this.lost += Math.abs(before) > Math.abs(value) ? before - after + value : value - after + before;
    this.real = after;
  }
}

/** What is added by itself, of an integer of many bits. */
function lowPart(value: number | bigint): number {
  return value < ONE_PART && value > -ONE_PART ? 0 : Number(BigInt(value) % LOW_PART);
}

function without(value: number | bigint, low: number): number {
  return low === 0 ? Number(value) : Number(BigInt(value) - BigInt(low));
}
