/** Functions of numbers that every build of SQLite has: abs, round, sign; and the least and greatest of several values. */
import { DbError } from "../../../errors.ts";
import type { Collation } from "../collation.ts";
import { compareValues } from "../compare.ts";
import { decoded, decodeReal, ofUnits, roundedUnits } from "../real-digits.ts";
import {
  answer,
  answerInt64,
  answerInteger,
  answerNull,
  answerReal,
  answerValue,
  BIG,
  INTEGER,
  INTEGER_TYPES,
  MIN_INT64,
  NULL,
  NULLABLE,
  NUMERIC_TYPES,
  REAL,
  type SqlValue,
  type Tag,
  typeSet,
} from "../value.ts";
import { isNumeric, realArgument, wholeArgument } from "./argument.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

function absolute(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
  } else if (tag === INTEGER) {
    answerInteger(Math.abs(value as number));
  } else if (tag === BIG) {
    const exact = value as bigint;
    if (exact === MIN_INT64) {
      throw new DbError("INVALID", "integer overflow");
    }
    answerInt64(exact < 0n ? -exact : exact);
  } else {
    const real = realArgument(tag, value);
    // −0.0 stays as it is.
    answerReal(real < 0 ? -real : real);
  }
}

const MAX_ROUND_DIGITS = 30;
/** Digits that SQLite goes by when it rounds. */
const ROUND_PRECISION = 20;
/** Reals beyond this have no fraction. */
const WHOLE_REALS = 2 ** 52;

function round(tag: Tag, value: SqlValue, digitsTag: Tag = INTEGER, digitsValue: SqlValue = 0): void {
  if (tag === NULL || digitsTag === NULL) {
    answerNull();
    return;
  }
  const digits = Math.min(Math.max(wholeArgument(digitsTag, digitsValue), 0), MAX_ROUND_DIGITS);
  const real = realArgument(tag, value);
  const magnitude = Math.abs(real);
  if (magnitude > WHOLE_REALS) {
    answerReal(real);
  } else if (digits === 0) {
    answerReal(Math.trunc(real < 0 ? real - 0.5 : real + 0.5) + 0);
  } else if (real === 0) {
    answerReal(0);
  } else {
    const rounded = roundedTo(magnitude, digits);
    answerReal(real < 0 ? -rounded : rounded);
  }
}

function roundedTo(magnitude: number, digits: number): number {
  const units = roundedUnits(magnitude, digits);
  if (!Number.isNaN(units)) {
    return ofUnits(units, digits);
  }
  decodeReal(magnitude, -digits, ROUND_PRECISION);
  // Digits that begin behind the last place are what was rounded away.
  return decoded.point <= -digits ? 0 : Number(`0.${decoded.digits}e${decoded.point}`);
}

function sign(tag: Tag, value: SqlValue): void {
  if (!isNumeric(tag, value)) {
    answerNull();
    return;
  }
  const number = answer.tag === BIG ? Number(answer.other) : answer.number;
  answerInteger(number < 0 ? -1 : number > 0 ? 1 : 0);
}

/** The smaller of two; NULL if either is. Of equals the second, as SQLite's `min()` has it. */
export function lesser(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue, collation?: Collation): void {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
  } else {
    compareValues(aTag, a, bTag, b, collation) < 0 ? answerValue(aTag, a) : answerValue(bTag, b);
  }
}

/** The greater of two; NULL if either is. Of equals the first. */
export function greater(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue, collation?: Collation): void {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
  } else {
    compareValues(aTag, a, bTag, b, collation) < 0 ? answerValue(bTag, b) : answerValue(aTag, a);
  }
}

export const NUMBER_FUNCTIONS: readonly ScalarFunction[] = [
  pure("abs", 1, 1, NUMERIC_TYPES | NULLABLE, absolute),
  pure("round", 1, 2, typeSet(REAL) | NULLABLE, round),
  pure("sign", 1, 1, INTEGER_TYPES | NULLABLE, sign),
];
