/**
 * sum, total and avg of one group: integers exactly, reals with Kahan and Neumaier's compensation, as SQLite does. Any real makes
 * the result a real; a sum of integers that has more than 64 bits is an error (avg and total give a real).
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

export class Sum {
  #count: number;
  /** Of the integers: a safe one, and what did not fit. */
  #integer: number;
  #rest: bigint;
  /** Of the reals, and what rounding has lost of it. */
  #real: number;
  #lost: number;
  #reals: number;

  constructor() {
    this.#count = 0;
    this.#integer = 0;
    this.#rest = 0n;
    this.#real = 0;
    this.#lost = 0;
    this.#reals = 0;
  }

  /** `sign` −1 takes the value back. Text and blobs count as the number that they are, else as the one that they begin with. */
  add(tag: Tag, value: SqlValue, sign: 1 | -1): void {
    if (tag === NULL) {
      return;
    }
    this.#count += sign;
    if (tag === TEXT && readNumber(value as string)) {
      this.#addNumber(answer.tag, answered() as number | bigint, sign);
    } else if (tag === TEXT || tag === BLOB) {
      toNumber(tag, value);
      this.#addReal(Number(answered()), sign);
    } else {
      this.#addNumber(tag, value as number | bigint, sign);
    }
  }

  answerSum(): void {
    if (this.#count === 0) {
      answerNull();
    } else if (this.#reals === 0) {
      const exact = BigInt(this.#integer) + this.#rest;
      if (exact > MAX_INT64 || exact < MIN_INT64) {
        throw new DbError("INVALID", "integer overflow");
      }
      answerInt64(exact);
    } else {
      answerReal(this.#total());
    }
  }

  answerTotal(): void {
    answerReal(this.#total());
  }

  answerAverage(): void {
    this.#count === 0 ? answerNull() : answerReal(this.#total() / this.#count);
  }

  #total(): number {
    const exact = BigInt(this.#integer) + this.#rest;
    // In two reals, so that the integers keep what a sum beyond 2^53 would lose of them.
    const high = Number(exact);
    const sum = this.#real + high;
    const lost = this.#lost + lostBy(this.#real, high, sum) + Number(exact - BigInt(high));
    return sum + (Number.isFinite(lost) ? lost : 0);
  }

  #addNumber(tag: Tag, value: number | bigint, sign: 1 | -1): void {
    if (tag === REAL) {
      this.#addReal(value as number, sign);
      return;
    }
    const sum = this.#integer + sign * Number(value);
    if (typeof value === "number" && Number.isSafeInteger(sum)) {
      this.#integer = sum;
    } else {
      this.#rest += BigInt(sign) * BigInt(value);
    }
  }

  #addReal(value: number, sign: 1 | -1): void {
    const before = this.#real;
    const after = before + sign * value;
    this.#lost += lostBy(before, sign * value, after);
    this.#real = after;
    this.#reals += sign;
  }
}

/** What rounding has lost in `a + b`, which came out as `sum`. */
function lostBy(a: number, b: number, sum: number): number {
  return Math.abs(a) > Math.abs(b) ? a - sum + b : b - sum + a;
}
