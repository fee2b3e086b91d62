/**
 * Arguments as functions take them: any value as a whole number or a real (text and blobs by what they begin with, NULL as
 * zero), and the bounds on what they answer.
 */
import { constants } from "node:buffer";
import { DbError } from "../../../errors.ts";
import { castTo, textOf, toNumber } from "../affinity.ts";
import { readNumber } from "../number-text.ts";
import { untilNul } from "../text.ts";
import { answer, answered, answerValue, BIG, INTEGER, NULL, REAL, type SqlValue, type Tag, TEXT } from "../value.ts";

/** As an integer of 64 bits, exactly. */
export function exactArgument(tag: Tag, value: SqlValue): number | bigint {
  if (tag === INTEGER || tag === BIG) {
    return value as number | bigint;
  }
  if (tag === NULL) {
    return 0;
  }
  castTo("INTEGER", tag, value);
  return answered() as number | bigint;
}

/** As an integer; beyond ±2^53 it is rounded. */
export function wholeArgument(tag: Tag, value: SqlValue): number {
  return tag === INTEGER ? (value as number) : Number(exactArgument(tag, value));
}

export function realArgument(tag: Tag, value: SqlValue): number {
  if (tag === REAL || tag === INTEGER) {
    return value as number;
  }
  if (tag === NULL) {
    return 0;
  }
  toNumber(tag, value);
  return answer.tag === BIG ? Number(answer.other) : answer.number;
}

/** Answers the number that a value is: itself, or what the whole of a text says. False for all others. */
export function isNumeric(tag: Tag, value: SqlValue): boolean {
  if (tag === TEXT) {
    return readNumber(value as string);
  }
  if (tag === INTEGER || tag === REAL || tag === BIG) {
    answerValue(tag, value);
    return true;
  }
  return false;
}

/** A value that is not NULL as text, up to its first NUL. */
export function stringOf(tag: Tag, value: SqlValue): string {
  return untilNul(textOf(tag, value));
}

/**
 * The bound on text and blobs that functions make. SQLite's is 10^9 bytes, and better-sqlite3 lowers it to what a string of
 * JavaScript holds.
 */
export const MAX_LENGTH: number = Math.min(1_000_000_000, constants.MAX_STRING_LENGTH);

export function tooBig(): DbError {
  return new DbError("FULL", "string or blob too big");
}

export function refuseTooLong(length: number): void {
  if (length > MAX_LENGTH) {
    throw tooBig();
  }
}
