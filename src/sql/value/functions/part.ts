/**
 * Parts of text and blobs, and places in them: substr, instr and the three trims.
 *
 * Text counts in code points, blobs in bytes. To `substr` text ends at a NUL character, and so do the characters that a
 * trim takes off.
 */
import { textOf } from "../affinity.ts";
import { asciiText, utf8Text } from "../text.ts";
import {
  answerBlob,
  answerInteger,
  answerNull,
  answerText,
  BLOB,
  INTEGER,
  INTEGER_TYPES,
  NULL,
  NULLABLE,
  type SqlValue,
  type Tag,
  TEXT,
  typeSet,
} from "../value.ts";
import { exactArgument, MAX_LENGTH, stringOf } from "./argument.ts";
import { codePointCount, skipCodePoints } from "./code-points.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

/** Where a part begins, from 0, and how long it is; set by `place`. */
let start = 0;
let count = 0;

/** Positions count from 1, negative ones from the end; a negative length takes what lies before. */
function place(from: number | bigint, length: number | bigint, total: number): void {
  start = Number(from);
  count = Number(length);
  if (start < 0) {
    start += total;
    if (start < 0) {
      // Two numbers of 64 bits may cancel each other out to the last digit.
      const exact = typeof from === "bigint" && typeof length === "bigint";
      count = count < 0 ? 0 : exact ? Number(from + length) + total : count + start;
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
}

function substring(tag: Tag, value: SqlValue, fromTag: Tag, from: SqlValue, lengthTag?: Tag, length?: SqlValue): void {
  if (tag === NULL || fromTag === NULL || lengthTag === NULL) {
    answerNull();
    return;
  }
  const first = exactArgument(fromTag, from);
  const most = lengthTag === undefined ? MAX_LENGTH : exactArgument(lengthTag, length!);
  if (tag === BLOB) {
    const bytes = value as Uint8Array;
    if (bytes.length === 0) {
      // To SQLite's substr an empty blob is no value.
      answerNull();
    } else {
      place(first, most, bytes.length);
      answerBlob(bytes.slice(start, start + count));
    }
    return;
  }
  const text = stringOf(tag, value);
  place(first, most, first < 0 ? codePointCount(text) : 0);
  const begin = skipCodePoints(text, 0, start);
  answerText(text.slice(begin, skipCodePoints(text, begin, count)));
}

/**
 * The same of text where it lies. Of plain characters counted from the first one, as nearly all are, no string is made but of
 * the part.
 */
function substringInPlace(
  bytes: Uint8Array,
  begin: number,
  end: number,
  fromTag: Tag,
  from: SqlValue,
  lengthTag: Tag = INTEGER,
  length: SqlValue = MAX_LENGTH,
): void {
  if (fromTag === INTEGER && lengthTag === INTEGER && (from as number) > 0 && (length as number) >= 0) {
    const first = Math.min(end, begin + (from as number) - 1);
    const stop = Math.min(end, first + (length as number));
    if (isPlain(bytes, begin, stop)) {
      answerText(asciiText(bytes, first, stop));
      return;
    }
  }
  substring(TEXT, utf8Text(bytes, begin, end), fromTag, from, lengthTag, length);
}

/** Whether bytes `[start, end)` are characters of one byte each, and none of them NUL. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0 || byte >= 128) {
      return false;
    }
  }
  return true;
}

function positionOf(tag: Tag, value: SqlValue, whatTag: Tag, what: SqlValue): void {
  if (tag === NULL || whatTag === NULL) {
    answerNull();
  } else if (tag === BLOB && whatTag === BLOB) {
    const { buffer, byteOffset, length } = value as Uint8Array;
    answerInteger(Buffer.from(buffer, byteOffset, length).indexOf(what as Uint8Array) + 1);
  } else {
    const text = textOf(tag, value);
    const at = text.indexOf(textOf(whatTag, what));
    answerInteger(at <= 0 ? at + 1 : codePointCount(text.slice(0, at)) + 1);
  }
}

/** Where the text begins that is left when all characters of `set` are taken off its start. */
function trimmedStart(text: string, set: string): number {
  let at = 0;
  while (at < text.length) {
    const next = skipCodePoints(text, at, 1);
    if (!set.includes(text.slice(at, next))) {
      break;
    }
    at = next;
  }
  return at;
}

function trimmedEnd(text: string, set: string, from: number): number {
  let at = text.length;
  while (at > from) {
    const isPair = at - 2 >= from && skipCodePoints(text, at - 2, 1) === at;
    const previous = at - (isPair ? 2 : 1);
    if (!set.includes(text.slice(previous, at))) {
      break;
    }
    at = previous;
  }
  return at;
}

function trimmer(atStart: boolean, atEnd: boolean): ScalarFunction["call"] {
  return (tag: Tag, value: SqlValue, setTag: Tag = TEXT, set: SqlValue = " "): void => {
    if (tag === NULL || setTag === NULL) {
      answerNull();
      return;
    }
    const characters = stringOf(setTag, set);
    const text = textOf(tag, value);
    const from = atStart ? trimmedStart(text, characters) : 0;
    const to = atEnd ? trimmedEnd(text, characters, from) : text.length;
    answerText(text.slice(from, to));
  };
}

const TEXT_OR_NULL = typeSet(TEXT) | NULLABLE;
const PART = typeSet(TEXT, BLOB) | NULLABLE;

export const PART_FUNCTIONS: readonly ScalarFunction[] = [
  pure("instr", 2, 2, INTEGER_TYPES | NULLABLE, positionOf),
  pure("ltrim", 1, 2, TEXT_OR_NULL, trimmer(true, false)),
  pure("rtrim", 1, 2, TEXT_OR_NULL, trimmer(false, true)),
  { ...pure("substr", 2, 3, PART, substring), callInPlace: substringInPlace },
  { ...pure("substring", 2, 3, PART, substring), callInPlace: substringInPlace },
  pure("trim", 1, 2, TEXT_OR_NULL, trimmer(true, true)),
];
