/** Functions of bytes: hex and unhex, and blobs of zeros. (randomblob is with the other functions of chance.) */
import { textOf } from "../affinity.ts";
import {
  answerBlob,
  answerNull,
  answerText,
  BLOB,
  NULL,
  NULLABLE,
  type SqlValue,
  type Tag,
  TEXT,
  typeSet,
} from "../value.ts";
import { refuseTooLong, stringOf, wholeArgument } from "./argument.ts";
import { skipCodePoints } from "./code-points.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

function hexadecimal(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerText("");
    return;
  }
  answerText(hexOf(tag === BLOB ? (value as Uint8Array) : Buffer.from(textOf(tag, value))));
}

/** In capital letters. */
export function hexOf(bytes: Uint8Array): string {
  refuseTooLong(bytes.length * 2);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex").toUpperCase();
}

/** What a hexadecimal digit is worth; −1 for other units. */
export function hexDigit(unit: number): number {
  if (unit >= 48 && unit <= 57) {
    return unit - 48;
  }
  const letter = unit | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Pairs of digits, and between them any of the characters to be passed over; NULL where there is something else. */
function fromHexadecimal(tag: Tag, value: SqlValue, passedTag: Tag = TEXT, passed: SqlValue = ""): void {
  if (tag === NULL || passedTag === NULL) {
    answerNull();
    return;
  }
  const text = stringOf(tag, value);
  const skipped = stringOf(passedTag, passed);
  const bytes = new Uint8Array(text.length >> 1);
  let length = 0;
  let at = 0;
  while (at < text.length) {
    const high = hexDigit(text.charCodeAt(at));
    if (high >= 0) {
      const low = hexDigit(text.charCodeAt(at + 1));
      if (low < 0) {
        answerNull();
        return;
      }
      bytes[length++] = (high << 4) | low;
      at += 2;
      continue;
    }
    const next = skipCodePoints(text, at, 1);
    if (!skipped.includes(text.slice(at, next))) {
      answerNull();
      return;
    }
    at = next;
  }
  answerBlob(length === bytes.length ? bytes : bytes.slice(0, length));
}

function zeros(tag: Tag, value: SqlValue): void {
  answerBlob(new Uint8Array(blobLength(tag, value, 0)));
}

/** A length that a blob may have. */
export function blobLength(tag: Tag, value: SqlValue, least: number): number {
  const length = Math.max(wholeArgument(tag, value), least);
  refuseTooLong(length);
  return length;
}

export const BLOB_FUNCTIONS: readonly ScalarFunction[] = [
  pure("hex", 1, 1, typeSet(TEXT), hexadecimal),
  pure("unhex", 1, 2, typeSet(BLOB) | NULLABLE, fromHexadecimal),
  pure("zeroblob", 1, 1, typeSet(BLOB), zeros),
];
