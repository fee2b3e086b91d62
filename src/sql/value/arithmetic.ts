/**
 * Arithmetic on any two values. Compiled statements do the common cases themselves (two numbers whose result is a safe
 * integer or a real) and come here for the rest: text, blobs, integers beyond 2^53, overflow.
 *
 * As in SQLite: NULL in, NULL out; text counts as the number that it begins with; integers stay integers and are exact
 * to 64 bits; `+ - *` that leave 64 bits become reals; `/` of integers cuts towards zero; division by zero is NULL;
 * `%` and the bit operators work on integers, `%` gives a real if either side was one.
 */
import { castTo, textOf, toNumber } from "./affinity.ts";
import { isIntegerBeforeNul } from "./number-text.ts";
import {
  answer,
  answered,
  answerInt64,
  answerNull,
  answerReal,
  answerText,
  BIG,
  BLOB,
  INTEGER,
  MAX_INT64,
  MIN_INT64,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
} from "./value.ts";

/** Both sides as numbers; set by `operands`. */
let left: number | bigint = 0;
let right: number | bigint = 0;
let areIntegers = false;

/** False, and NULL answered, where either side is NULL. */
function operands(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): boolean {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
    return false;
  }
  answerOperand(aTag, a);
  left = answered() as number | bigint;
  areIntegers = answer.tag !== REAL;
  answerOperand(bTag, b);
  right = answered() as number | bigint;
  areIntegers &&= answer.tag !== REAL;
  return true;
}

/** A value that is not NULL as a number. In a text, an integer behind which a NUL stands is a real. */
function answerOperand(tag: Tag, value: SqlValue): void {
  toNumber(tag, value);
  if ((tag === TEXT || tag === BLOB) && answer.tag !== REAL && isIntegerBeforeNul(textOf(tag, value))) {
    answerReal(Number(answered()));
  }
}

function answerExact(exact: bigint, real: number): void {
  if (exact >= MIN_INT64 && exact <= MAX_INT64) {
    answerInt64(exact);
  } else {
    answerReal(real);
  }
}

export function add(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (operands(aTag, a, bTag, b)) {
    const real = Number(left) + Number(right);
    areIntegers ? answerExact(BigInt(left) + BigInt(right), real) : answerReal(real);
  }
}

export function subtract(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (operands(aTag, a, bTag, b)) {
    const real = Number(left) - Number(right);
    areIntegers ? answerExact(BigInt(left) - BigInt(right), real) : answerReal(real);
  }
}

export function multiply(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (operands(aTag, a, bTag, b)) {
    const real = Number(left) * Number(right);
    areIntegers ? answerExact(BigInt(left) * BigInt(right), real) : answerReal(real);
  }
}

export function divide(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (operands(aTag, a, bTag, b)) {
    // biome-ignore lint/suspicious/noDoubleEquals: a zero of either kind
    if (right == 0) {
      answerNull();
    } else if (areIntegers) {
      answerExact(BigInt(left) / BigInt(right), Number(left) / Number(right));
    } else {
      answerReal(Number(left) / Number(right));
    }
  }
}

export function remainder(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (!operands(aTag, a, bTag, b)) {
    return;
  }
  const isWhole = areIntegers;
  const divisor = wholeNumber(bTag, b);
  if (divisor === 0n) {
    answerNull();
    return;
  }
  const rest = wholeNumber(aTag, a) % divisor;
  isWhole ? answerInt64(rest) : answerReal(Number(rest));
}

/** A value that is not NULL as an integer of 64 bits: reals are cut, of text counts the integer that it begins with. */
function wholeNumber(tag: Tag, value: SqlValue): bigint {
  castTo("INTEGER", tag, value);
  return BigInt(answered() as number | bigint);
}

/** Both sides as integers. */
function bits(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): boolean {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
    return false;
  }
  left = wholeNumber(aTag, a);
  right = wholeNumber(bTag, b);
  return true;
}

export function bitAnd(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (bits(aTag, a, bTag, b)) {
    answerInt64((left as bigint) & (right as bigint));
  }
}

export function bitOr(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (bits(aTag, a, bTag, b)) {
    answerInt64((left as bigint) | (right as bigint));
  }
}

export function shiftLeft(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (bits(aTag, a, bTag, b)) {
    answerInt64(shift(left as bigint, right as bigint));
  }
}

export function shiftRight(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (bits(aTag, a, bTag, b)) {
    answerInt64(shift(left as bigint, -(right as bigint)));
  }
}

/** To the left; a negative distance to the right, keeping the sign. 64 places and more leave nothing but the sign. */
function shift(value: bigint, distance: bigint): bigint {
  if (distance >= 64n) {
    return 0n;
  }
  if (distance <= -64n) {
    return value < 0n ? -1n : 0n;
  }
  return distance >= 0n ? BigInt.asIntN(64, value << distance) : value >> -distance;
}

export function bitNot(tag: Tag, value: SqlValue): void {
  bitAnd(tag, value, INTEGER, -1);
  if (answer.tag !== NULL) {
    answerInt64(~BigInt(answered() as number | bigint));
  }
}

export function negate(tag: Tag, value: SqlValue): void {
  subtract(INTEGER, 0, tag, value);
}

/** `||`: both sides as text, blobs too. */
export function concatenate(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
  } else {
    answerText(textOf(aTag, a) + textOf(bTag, b));
  }
}

/** Whether a value counts as true (1), false (0) or unknown (NULL, −1). */
export function truthOf(tag: Tag, value: SqlValue): number {
  if (tag === NULL) {
    return -1;
  }
  if (tag === BIG) {
    return 1;
  }
  if (tag === TEXT || tag === BLOB) {
    toNumber(tag, value);
    return answer.tag === BIG || answer.number !== 0 ? 1 : 0;
  }
  return value === 0 ? 0 : 1;
}
