/**
 * Numbers written as text, and text read as numbers, as SQLite 3.53 does both.
 *
 * Reading: leading and trailing white space is skipped; what follows a number makes the text "not a number" for
 * affinity and is ignored by arithmetic and CAST. A number without point and exponent that fits in 64 bits is an
 * integer. Hexadecimal is read in SQL only, never in values.
 *
 * Writing a real: 17 significant digits, fewer where a run of nines or zeros at the end shows that fewer were meant and
 * they read back as the same real; always with a point. Reals of few digits, which most are, need none of that: what
 * JavaScript takes for their shortest text is what SQLite comes to (0.4 µs instead of 0.8).
 */
import { decoded, decodeReal } from "./real-digits.ts";
import { answerInt64, answerInteger, answerNull, answerReal, MAX_INT64, MIN_INT64 } from "./value.ts";

const NUMBER = /^[ \t\n\v\f\r]*([+-]?(?:[0-9]+(\.[0-9]*)?|(\.[0-9]+))([eE][+-]?[0-9]+)?)/;
const INTEGER_START = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/;
const BLANK = /^[ \t\n\v\f\r]*$/;
/** What stands behind a NUL is not looked at. */
const BLANK_TO_NUL = /^[ \t\n\v\f\r]*\0/;
const INTEGER_BEFORE_NUL = /^[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*\0/;
/** Digits that are certainly a safe integer. */
const SAFE_DIGITS = 15;

/** Answers the number that the whole text is; false, and NULL, where it is not one. */
export function readNumber(text: string): boolean {
  const match = NUMBER.exec(text);
  const rest = match === null ? "" : text.slice(match[0].length);
  if (match === null || (!BLANK.test(rest) && !BLANK_TO_NUL.test(rest))) {
    answerNull();
    return false;
  }
  answerMatch(match);
  return true;
}

/** Answers the number that the text begins with; 0 where it begins with none. */
export function readNumberPrefix(text: string): void {
  const match = NUMBER.exec(text);
  if (match === null) {
    answerInteger(0);
  } else {
    answerMatch(match);
  }
}

/** Whether the text begins with an integer, and what follows it with a NUL. */
export function isIntegerBeforeNul(text: string): boolean {
  return INTEGER_BEFORE_NUL.test(text);
}

/** Answers the integer that the text begins with, clamped to 64 bits; 0 where it begins with none. */
export function readIntegerPrefix(text: string): void {
  const match = INTEGER_START.exec(text);
  if (match === null) {
    answerInteger(0);
  } else if (match[1]!.length <= SAFE_DIGITS) {
    answerInteger(Number(match[1]) + 0);
  } else {
    const exact = BigInt(match[1]!.replace("+", ""));
    answerInt64(exact > MAX_INT64 ? MAX_INT64 : exact < MIN_INT64 ? MIN_INT64 : exact);
  }
}

function answerMatch(match: RegExpExecArray): void {
  const digits = match[1]!;
  if (match[2] !== undefined || match[3] !== undefined || match[4] !== undefined) {
    answerReal(Number(digits));
  } else if (digits.length <= SAFE_DIGITS) {
    // −0 is no integer.
    answerInteger(Number(digits) + 0);
  } else {
    const exact = BigInt(digits.replace("+", ""));
    if (exact >= MIN_INT64 && exact <= MAX_INT64) {
      answerInt64(exact);
    } else {
      answerReal(Number(digits));
    }
  }
}

/** Answers the integer that a real is equal to, or leaves false and the answer as it was. */
export function readWholeReal(value: number): boolean {
  if (Number.isSafeInteger(value)) {
    answerInteger(value + 0);
    return true;
  }
  // Beyond ±2^53 every real is whole; the ends of the 64-bit range stay real, as in SQLite.
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 2 ** 63) {
    answerInt64(BigInt(value));
    return true;
  }
  return false;
}

/** Answers the real cut to an integer, clamped to 64 bits. */
export function truncateReal(value: number): void {
  const whole = Math.trunc(value) + 0;
  if (Number.isSafeInteger(whole)) {
    answerInteger(whole);
  } else if (whole >= 2 ** 63) {
    answerInt64(MAX_INT64);
  } else if (whole < -(2 ** 63)) {
    answerInt64(MIN_INT64);
  } else {
    answerInt64(BigInt(whole));
  }
}

const SIGNIFICANT_DIGITS = 17;
/** SQLite's bound for reals that are to be exact. */
const MOST_DIGITS = 20;
/** The shortest text of a real with at most 13 digits of which the first is no 9, without an exponent. */
const SHORT_REAL = /^-?(?!0\.0000)(?=[0.]*[1-8])[0-9]{1,6}\.[0-9]{1,7}$/;

/** A real as SQLite writes it: `1.0`, `0.1`, `1.0e+22`, `-Inf`. */
export function realText(value: number): string {
  if (value === 0) {
    return "0.0";
  }
  if (Number.isInteger(value) && Math.abs(value) < MAX_PLAIN_INTEGER) {
    return `${value}.0`;
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? "Inf" : "-Inf";
  }
  const short = String(value);
  if (short.length <= 15 && SHORT_REAL.test(short)) {
    return short;
  }
  decodeReal(Math.abs(value), SIGNIFICANT_DIGITS, MOST_DIGITS);
  const { digits, point } = decoded;
  const exponent = point - 1;
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= SIGNIFICANT_DIGITS) {
    const power = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}.${digits.slice(1) || "0"}e${exponent < 0 ? "-" : "+"}${power}`;
  }
  if (point <= 0) {
    return `${sign}0.${"0".repeat(-point)}${digits}`;
  }
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point) || "0"}`;
}

/** Integers below are written out by JavaScript as they are here. */
const MAX_PLAIN_INTEGER = 1e13;
