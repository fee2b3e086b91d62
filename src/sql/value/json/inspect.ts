/** What functions tell of a document: its type, its length, whether it is well formed and where it is not; and it indented. */
import { DbError } from "../../../errors.ts";
import { castTo, textOf } from "../affinity.ts";
import { encodeText } from "../text.ts";
import {
  answered,
  answerInteger,
  answerNull,
  answerText,
  BLOB,
  NULL,
  type SqlValue,
  type Tag,
  TEXT,
} from "../value.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { document, isFirstMet, isJsonb, readDocument, tryDocument } from "./document.ts";
import { countElements, elementType, JSON_ARRAY, typeNameAt } from "./element.ts";
import { find, scannedType } from "./extract.ts";
import { NOT_FOUND } from "./lookup.ts";
import { pathOf, ROOT } from "./path.ts";
import { decode } from "./scalar.ts";
import { FOUND, scan } from "./scan.ts";
import { encodeSource, source } from "./source.ts";
import { checkElement } from "./validity.ts";
import { appendIndented } from "./write-text.ts";

/** `json_type(json[, path])`. */
export function typeOfElement(tag: Tag, value: SqlValue, pathTag?: Tag, pathValue?: SqlValue): void {
  if (pathTag !== NULL) {
    const path = pathTag === undefined ? ROOT : pathOf(pathTag, pathValue!);
    const scanned = scannedType(tag, value, path);
    if (scanned !== undefined) {
      answerText(scanned);
      return;
    }
  }
  const at = locate(tag, value, pathTag, pathValue);
  at < 0 ? answerNull() : answerText(typeNameAt(document.bytes, at));
}

/** Reads the document and finds the element; NOT_FOUND for a NULL as well. */
function locate(tag: Tag, value: SqlValue, pathTag?: Tag, pathValue?: SqlValue): number {
  if (!readDocument(tag, value) || pathTag === NULL) {
    return NOT_FOUND;
  }
  return pathTag === undefined ? 0 : find(pathOf(pathTag, pathValue!));
}

/** `json_array_length(json[, path])`: 0 for what is no array. */
export function arrayLength(tag: Tag, value: SqlValue, pathTag?: Tag, pathValue?: SqlValue): void {
  const at = locate(tag, value, pathTag, pathValue);
  if (at < 0) {
    answerNull();
    return;
  }
  const { bytes, limit } = document;
  answerInteger(elementType(bytes, at) === JSON_ARRAY ? countElements(bytes, at, limit) : 0);
}

// The flags of json_valid(): what counts as well formed.
const STRICT_TEXT = 1;
const JSON5_TEXT = 2;
const LIKELY_JSONB = 4;
const STRICT_JSONB = 8;
const ALL_FLAGS = 15;

/** `json_valid(json[, flags])`. */
export function isValid(tag: Tag, value: SqlValue, flagsTag?: Tag, flagsValue?: SqlValue): void {
  const flags = flagsTag === undefined ? STRICT_TEXT : flagsOf(flagsTag, flagsValue!);
  if (flags < 1 || flags > ALL_FLAGS) {
    throw new DbError("INVALID", "FLAGS parameter to json_valid() must be between 1 and 15");
  }
  if (tag === NULL) {
    answerNull();
  } else if (tag === BLOB && isJsonb(value as Uint8Array)) {
    const blob = value as Uint8Array;
    const isRight =
      (flags & LIKELY_JSONB) !== 0 || ((flags & STRICT_JSONB) !== 0 && checkElement(blob, 0, blob.length, 1) === 0);
    answerInteger(isRight ? 1 : 0);
  } else {
    answerInteger((flags & (STRICT_TEXT | JSON5_TEXT)) !== 0 && isValidText(tag, value, flags) ? 1 : 0);
  }
}

function flagsOf(tag: Tag, value: SqlValue): number {
  if (tag === NULL) {
    return 0;
  }
  castTo("INTEGER", tag, value);
  return Number(answered());
}

function isValidText(tag: Tag, value: SqlValue, flags: number): boolean {
  if (tag === TEXT && isFirstMet(value as string)) {
    encodeSource(value as string);
    if (scan(source.bytes, 0, source.length, ROOT) === FOUND) {
      return true;
    }
  }
  return tryDocument(tag, value) && ((flags & JSON5_TEXT) !== 0 || !document.isExtended);
}

/** `json_error_position(json)`: 0, or the character of a text, the byte of a blob, at which it goes wrong; from 1. */
export function errorPosition(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
  } else if (tag === BLOB && isJsonb(value as Uint8Array)) {
    const blob = value as Uint8Array;
    answerInteger(checkElement(blob, 0, blob.length, 1));
  } else if (tryDocument(tag, value)) {
    answerInteger(0);
  } else {
    const bytes = tag === BLOB ? (value as Uint8Array) : encodeText(textOf(tag, value));
    let position = 1;
    for (let i = 0; i < document.errorAt; i++) {
      position += (bytes[i]! & 0xc0) === 0x80 ? 0 : 1;
    }
    answerInteger(position);
  }
}

const DEFAULT_INDENT = encodeText("    ");
const indented = new ByteBuffer();

/** `json_pretty(json[, indent])`. */
export function pretty(tag: Tag, value: SqlValue, indentTag: Tag = NULL, indentValue: SqlValue = null): void {
  if (!readDocument(tag, value)) {
    answerNull();
    return;
  }
  const { bytes, limit } = document;
  indented.clear();
  const indent = indentTag === NULL ? DEFAULT_INDENT : untilNul(encodeText(textOf(indentTag, indentValue)));
  appendIndented({ into: indented, bytes, limit, indent }, 0);
  answerText(decode(indented.bytes, 0, indented.length));
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
