/**
 * The scalar functions. Each takes `(tag, value)` pairs and leaves its answer in `answer`; compiled statements call them
 * directly. `coalesce`, `ifnull`, `iif` and `nullif` decide what is evaluated, so they are compiled, not called; so are
 * `min` and `max` of several values, two at a time through `lesser` and `greater`.
 *
 * Lengths and positions count code points, as in SQLite, and `lower` and `upper` change ASCII only.
 */
import { DbError } from "../../errors.ts";
import { bytesOf, castTo, textOf, toNumber } from "./affinity.ts";
import { compareValues } from "./compare.ts";
import { JSON_FUNCTIONS } from "./json/index.ts";
import type { ScalarFunction } from "./scalar-function.ts";
import {
  ANY_TYPE,
  answer,
  answerBlob,
  answered,
  answerInt64,
  answerInteger,
  answerNull,
  answerReal,
  answerText,
  answerValue,
  BIG,
  BLOB,
  INTEGER,
  INTEGER_TYPES,
  MAX_INT64,
  NULL,
  NULLABLE,
  NUMERIC_TYPES,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  TYPE_NAMES,
  typeSet,
} from "./value.ts";

function absolute(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
    return;
  }
  toNumber(tag, value);
  if (tag === TEXT || tag === BLOB) {
    answerReal(Math.abs(Number(answered())));
  } else if (tag === BIG) {
    const exact = value as bigint;
    if (-exact > MAX_INT64) {
      throw new DbError("INVALID", "integer overflow in abs(): −2^63 has no positive counterpart");
    }
    answerInt64(exact < 0n ? -exact : exact);
  } else {
    answerValue(answer.tag, Math.abs(answer.number));
  }
}

function lengthOf(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
  } else if (tag === BLOB) {
    answerInteger((value as Uint8Array).length);
  } else {
    answerInteger(codePoints(untilNul(textOf(tag, value))));
  }
}

/** `length()` stops at a NUL character, as SQLite's strings do. */
function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if (text.codePointAt(i)! > 0xffff) {
      count--;
      i++;
    }
  }
  return count;
}

function lower(tag: Tag, value: SqlValue): void {
  tag === NULL ? answerNull() : answerText(textOf(tag, value).replace(/[A-Z]+/g, (part) => part.toLowerCase()));
}

function upper(tag: Tag, value: SqlValue): void {
  tag === NULL ? answerNull() : answerText(textOf(tag, value).replace(/[a-z]+/g, (part) => part.toUpperCase()));
}

const MAX_ROUND_DIGITS = 30;
/** Reals from here on have no fraction. */
const WHOLE_REALS = 2 ** 52;

function round(tag: Tag, value: SqlValue, digitsTag: Tag = INTEGER, digitsValue: SqlValue = 0): void {
  if (tag === NULL || digitsTag === NULL) {
    answerNull();
    return;
  }
  const digits = Math.min(Math.max(wholeArgument(digitsTag, digitsValue), 0), MAX_ROUND_DIGITS);
  toNumber(tag, value);
  const real = Number(answered());
  const magnitude = Math.abs(real);
  // toFixed rounds the exact binary value half up, which is what SQLite's printf does.
  answerReal(magnitude >= WHOLE_REALS ? real : Math.sign(real) * Number(magnitude.toFixed(digits)) + 0);
}

/** Positions count from 1, negative ones from the end; a negative length takes what lies before. */
function substring(tag: Tag, value: SqlValue, fromTag: Tag, from: SqlValue, lengthTag?: Tag, length?: SqlValue): void {
  if (tag === NULL || fromTag === NULL || lengthTag === NULL) {
    answerNull();
    return;
  }
  const units = tag === BLOB ? (value as Uint8Array) : Array.from(textOf(tag, value));
  if (tag === BLOB && units.length === 0) {
    // To SQLite's substr an empty blob is no value.
    answerNull();
    return;
  }
  let start = wholeArgument(fromTag, from);
  let count = lengthTag === undefined ? Number.POSITIVE_INFINITY : wholeArgument(lengthTag, length!);
  if (start < 0) {
    start += units.length;
    if (start < 0) {
      count = count < 0 ? 0 : Math.max(count + start, 0);
      start = 0;
    }
  } else if (start > 0) {
    start--;
  } else if (count > 0) {
    // Position 0 is the place before the first character, and takes one of the length.
    count--;
  }
  if (count < 0) {
    count = Math.min(-count, start);
    start -= count;
  }
  const part = units.slice(start, start + count);
  part instanceof Uint8Array ? answerBlob(part) : answerText(part.join(""));
}

function wholeArgument(tag: Tag, value: SqlValue): number {
  castTo("INTEGER", tag, value);
  return Number(answered());
}

function typeName(tag: Tag): void {
  answerText(TYPE_NAMES[tag]!);
}

function trimmer(atStart: boolean, atEnd: boolean): ScalarFunction["call"] {
  return (tag: Tag, value: SqlValue, setTag: Tag = TEXT, set: SqlValue = " "): void => {
    if (tag === NULL || setTag === NULL) {
      answerNull();
      return;
    }
    const characters = new Set(Array.from(textOf(setTag, set)));
    const units = Array.from(textOf(tag, value));
    let from = 0;
    let to = units.length;
    while (atStart && from < to && characters.has(units[from]!)) {
      from++;
    }
    while (atEnd && to > from && characters.has(units[to - 1]!)) {
      to--;
    }
    answerText(units.slice(from, to).join(""));
  };
}

function replaceText(tag: Tag, value: SqlValue, whatTag: Tag, what: SqlValue, byTag: Tag, by: SqlValue): void {
  if (tag === NULL || whatTag === NULL) {
    answerNull();
    return;
  }
  const text = textOf(tag, value);
  const searched = textOf(whatTag, what);
  if (searched === "") {
    answerText(text);
  } else if (byTag === NULL) {
    answerNull();
  } else {
    const replacement = textOf(byTag, by);
    answerText(text.replaceAll(searched, () => replacement));
  }
}

function positionOf(tag: Tag, value: SqlValue, whatTag: Tag, what: SqlValue): void {
  if (tag === NULL || whatTag === NULL) {
    answerNull();
  } else if (tag === BLOB && whatTag === BLOB) {
    answerInteger(Buffer.from(value as Uint8Array).indexOf(what as Uint8Array) + 1);
  } else {
    const text = textOf(tag, value);
    const at = text.indexOf(textOf(whatTag, what));
    answerInteger(at < 0 ? 0 : codePoints(text.slice(0, at)) + 1);
  }
}

function hexadecimal(tag: Tag, value: SqlValue): void {
  answerText(tag === NULL ? "" : Buffer.from(bytesOf(tag, value)).toString("hex").toUpperCase());
}

/** The smaller of two; NULL if either is. Of equals the second, as SQLite's `min()` has it. */
export function lesser(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
  } else {
    compareValues(aTag, a, bTag, b) < 0 ? answerValue(aTag, a) : answerValue(bTag, b);
  }
}

/** The greater of two; NULL if either is. Of equals the first. */
export function greater(aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): void {
  if (aTag === NULL || bTag === NULL) {
    answerNull();
  } else {
    compareValues(aTag, a, bTag, b) < 0 ? answerValue(bTag, b) : answerValue(aTag, a);
  }
}

export type { ScalarFunction } from "./scalar-function.ts";

const TEXT_OR_NULL = typeSet(TEXT) | NULLABLE;

const FUNCTIONS: readonly ScalarFunction[] = [
  { name: "abs", minimum: 1, maximum: 1, types: NUMERIC_TYPES | NULLABLE, call: absolute },
  { name: "hex", minimum: 1, maximum: 1, types: typeSet(TEXT), call: hexadecimal },
  { name: "instr", minimum: 2, maximum: 2, types: INTEGER_TYPES | NULLABLE, call: positionOf },
  { name: "length", minimum: 1, maximum: 1, types: INTEGER_TYPES | NULLABLE, call: lengthOf },
  { name: "lower", minimum: 1, maximum: 1, types: TEXT_OR_NULL, call: lower },
  { name: "ltrim", minimum: 1, maximum: 2, types: TEXT_OR_NULL, call: trimmer(true, false) },
  { name: "replace", minimum: 3, maximum: 3, types: TEXT_OR_NULL, call: replaceText },
  { name: "round", minimum: 1, maximum: 2, types: typeSet(REAL) | NULLABLE, call: round },
  { name: "rtrim", minimum: 1, maximum: 2, types: TEXT_OR_NULL, call: trimmer(false, true) },
  { name: "substr", minimum: 2, maximum: 3, types: ANY_TYPE, call: substring },
  { name: "substring", minimum: 2, maximum: 3, types: ANY_TYPE, call: substring },
  { name: "trim", minimum: 1, maximum: 2, types: TEXT_OR_NULL, call: trimmer(true, true) },
  { name: "typeof", minimum: 1, maximum: 1, types: typeSet(TEXT), call: typeName },
  { name: "upper", minimum: 1, maximum: 1, types: TEXT_OR_NULL, call: upper },
  ...JSON_FUNCTIONS,
];

const byName = new Map(FUNCTIONS.map((entry) => [entry.name, entry]));

/** The function of this name, in lower case. */
export function scalarFunction(name: string): ScalarFunction | undefined {
  return byName.get(name);
}
