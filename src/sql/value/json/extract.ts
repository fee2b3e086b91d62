/** `json_extract`, `->` and `->>`: what a path leads to, found in the text where that is the first one to ask, else in its JSONB. */
import { answerBlob, answerInteger, answerNull, answerText, NULL, type SqlValue, type Tag, TEXT } from "../value.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { document, isFirstMet, parseInto, readDocument } from "./document.ts";
import { elementType, JSON_ARRAY } from "./element.ts";
import { failLookup, lookUp, NOT_FOUND } from "./lookup.ts";
import { arrowPathOf, badPath, type Path, pathOf } from "./path.ts";
import { answerElement, answerIntegerText, answerRealText, decode, textAt, unescapedText } from "./scalar.ts";
import { ABSENT, FOUND, match, scan, UNKNOWN } from "./scan.ts";
import { copySource, encodeSource, source } from "./source.ts";
import { appendText, malformed } from "./write-text.ts";

/**
 * What is answered for an element:
 *
 *   value          an SQL value; arrays and objects as text
 *   jsonb          an SQL value; arrays and objects as JSONB, byte for byte
 *   text           JSON text, whatever the element is
 *   nested-value   as value, for a function that takes JSON: text that is JSON is given as its JSONB
 *   nested-text    as text, for a function that takes JSON
 */
export type Form = "value" | "jsonb" | "text" | "nested-value" | "nested-text";

/** Answers what the path leads to; NULL for nothing. */
export function extract(form: Form, tag: Tag, value: SqlValue, path: Path): void {
  if (tag === TEXT && path.isPlain && isFirstMet(value as string)) {
    encodeSource(value as string);
    if (answerScanned(form, source.bytes, 0, source.length, path)) {
      return;
    }
  }
  extractParsed(form, tag, value, path);
}

function extractParsed(form: Form, tag: Tag, value: SqlValue, path: Path): void {
  readDocument(tag, value);
  const at = find(path);
  if (at === NOT_FOUND) {
    answerNull();
    return;
  }
  const { bytes, limit } = document;
  switch (form) {
    case "text":
      answerText(textAt(bytes, at, limit));
      break;
    case "nested-text":
      answerJsonb(textAt(bytes, at, limit));
      break;
    case "nested-value":
      isContainer(bytes, at) ? answerJsonb(textAt(bytes, at, limit)) : answerElement(bytes, at, limit, false);
      break;
    default:
      answerElement(bytes, at, limit, form === "jsonb");
  }
}

/** Answers what the path leads to in the text that is in bytes `[start, end)`, if a scan can tell. */
function answerScanned(form: Form, bytes: Uint8Array, start: number, end: number, path: Path): boolean {
  const found = scan(bytes, start, end, path);
  if (found === FOUND) {
    answerMatch(form, bytes);
  } else if (found === ABSENT) {
    answerNull();
  }
  return found !== UNKNOWN;
}

/** As `extract` of the text that is in bytes `[start, end)`, which are read in place. */
export function extractInPlace(form: Form, bytes: Uint8Array, start: number, end: number, path: Path): void {
  if (!path.isPlain || !answerScanned(form, bytes, start, end, path)) {
    extractParsed(form, TEXT, decode(bytes, start, end), path);
  }
}

/** Where the path leads in the document that was read last; NOT_FOUND, or throws. */
export function find(path: Path): number {
  if (!path.isRooted) {
    throw badPath(path);
  }
  const at = lookUp(document.bytes, document.limit, path);
  failLookup(at, path);
  return at;
}

const built = new ByteBuffer();
const list = new ByteBuffer();

/** Answers the part of the text that a scan has found. */
function answerMatch(form: Form, bytes: Uint8Array): void {
  const { start, end } = match;
  const first = bytes[start]!;
  const isList = first === 0x7b || first === 0x5b;
  if (form === "nested-text" || (isList && (form === "jsonb" || form === "nested-value"))) {
    answerParsed(bytes, start, end);
    return;
  }
  if (form === "text" || isList) {
    answerText(match.hasSpaces ? minified(bytes, start, end) : decode(bytes, start, end));
    return;
  }
  switch (first) {
    case 0x22:
      answerText(match.hasEscapes ? unescapedText(bytes, start + 1, end - 1) : decode(bytes, start + 1, end - 1));
      break;
    case 0x6e:
      answerNull();
      break;
    case 0x74:
    case 0x66:
      answerInteger(first === 0x74 ? 1 : 0);
      break;
    default:
      isInteger(bytes, start, end) ? answerIntegerText(bytes, start, end) : answerRealText(bytes, start, end);
  }
}

function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    // A point or an exponent.
    if (bytes[i] === 0x2e || (bytes[i]! | 0x20) === 0x65) {
      return false;
    }
  }
  return true;
}

/** The same text without the white space outside of its strings. */
function minified(bytes: Uint8Array, start: number, end: number): string {
  built.clear();
  for (let at = start; at < end; ) {
    const from = at;
    while (at < end && bytes[at]! > 0x20) {
      at = bytes[at] === 0x22 ? stringEnd(bytes, at) : at + 1;
    }
    built.append(bytes, from, at);
    while (at < end && bytes[at]! <= 0x20) {
      at++;
    }
  }
  return decode(built.bytes, 0, built.length);
}

function stringEnd(bytes: Uint8Array, at: number): number {
  at++;
  while (bytes[at] !== 0x22) {
    at += bytes[at] === 0x5c ? 2 : 1;
  }
  return at + 1;
}

function answerParsed(bytes: Uint8Array, start: number, end: number): void {
  copySource(bytes, start, end);
  answerSource();
}

function answerSource(): void {
  built.clear();
  if (!parseInto(built)) {
    throw malformed();
  }
  answerBlob(built.take());
}

/** The type's name of what the path leads to, by its first byte; for json_type(). */
export function scannedType(tag: Tag, value: SqlValue, path: Path): string | undefined {
  if (tag !== TEXT || !path.isPlain || !isFirstMet(value as string)) {
    return undefined;
  }
  encodeSource(value as string);
  const { bytes, length } = source;
  if (scan(bytes, 0, length, path) !== FOUND) {
    return undefined;
  }
  switch (bytes[match.start]) {
    case 0x7b:
      return "object";
    case 0x5b:
      return "array";
    case 0x22:
      return "text";
    case 0x6e:
      return "null";
    case 0x74:
      return "true";
    case 0x66:
      return "false";
    default:
      return isInteger(bytes, match.start, match.end) ? "integer" : "real";
  }
}

/** `json_extract(json, path, …)`; with several paths an array of what each leads to. */
export function extractPaths(form: "value" | "jsonb" | "nested-value", pairs: readonly unknown[]): void {
  if (pairs.length < 4) {
    answerNull();
    return;
  }
  const tag = pairs[0] as Tag;
  const value = pairs[1] as SqlValue;
  if (tag === NULL || pairs[2] === NULL) {
    if (tag !== NULL) {
      // Malformed JSON is an error even where the path is NULL.
      readDocument(tag, value);
    }
    answerNull();
    return;
  }
  if (pairs.length === 4) {
    extract(form, tag, value, pathOf(pairs[2] as Tag, pairs[3] as SqlValue));
    return;
  }
  readDocument(tag, value);
  list.clear();
  list.put(0x5b);
  for (let i = 2; i < pairs.length; i += 2) {
    if (pairs[i] === NULL) {
      answerNull();
      return;
    }
    const at = find(pathOf(pairs[i] as Tag, pairs[i + 1] as SqlValue));
    if (i > 2) {
      list.put(0x2c);
    }
    at === NOT_FOUND ? list.appendAscii("null") : appendText(list, document.bytes, at, document.limit);
  }
  list.put(0x5d);
  if (form === "value") {
    answerText(decode(list.bytes, 0, list.length));
  } else {
    copySource(list.bytes, 0, list.length);
    answerSource();
  }
}

/** Answers JSON that was just written as JSONB. */
export function answerJsonb(text: string): void {
  encodeSource(text);
  answerSource();
}

/** `json -> path` and `json ->> path`. */
export function extractArrow(form: Form, tag: Tag, value: SqlValue, pathTag: Tag, path: SqlValue): void {
  if (tag === NULL || pathTag === NULL) {
    if (tag !== NULL) {
      readDocument(tag, value);
    }
    answerNull();
    return;
  }
  extract(form, tag, value, arrowPathOf(pathTag, path));
}

function isContainer(bytes: Uint8Array, at: number): boolean {
  return elementType(bytes, at) >= JSON_ARRAY;
}
