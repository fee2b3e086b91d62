/** JSONB as text: minified, or indented. Both fail with "malformed JSON" or "JSON nested too deep". */
import { DbError } from "../../../errors.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import { HEX_DIGIT, hexValue, isClass, isDigit } from "./characters.ts";
import {
  element,
  elementType,
  JSON_ARRAY,
  JSON_FALSE,
  JSON_FLOAT,
  JSON_FLOAT5,
  JSON_INT,
  JSON_INT5,
  JSON_NULL,
  JSON_OBJECT,
  JSON_TEXT,
  JSON_TEXT5,
  JSON_TEXTJ,
  JSON_TEXTRAW,
  JSON_TRUE,
  MOST_DEPTH,
  readElement,
} from "./element.ts";
import { appendNormalized, appendQuoted } from "./escape.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const NEW_LINE = 0x0a;

export function malformed(): DbError {
  return new DbError("INVALID", "malformed JSON");
}

export function tooDeep(): DbError {
  return new DbError("INVALID", "JSON nested too deep");
}

/** Appends the text of the element at `at`; answers where the element ends. */
export function appendText(into: ByteBuffer, bytes: Uint8Array, at: number, limit: number, depth = 0): number {
  if (!readElement(bytes, at, limit)) {
    throw malformed();
  }
  const { start, end } = element;
  switch (elementType(bytes, at)) {
    case JSON_NULL:
      into.appendAscii("null");
      return at + 1;
    case JSON_TRUE:
      into.appendAscii("true");
      return at + 1;
    case JSON_FALSE:
      into.appendAscii("false");
      return at + 1;
    case JSON_INT:
    case JSON_FLOAT:
      requirePayload(start, end);
      into.append(bytes, start, end);
      return end;
    case JSON_INT5:
      appendHexadecimal(into, bytes, start, end);
      return end;
    case JSON_FLOAT5:
      appendCompleted(into, bytes, start, end);
      return end;
    case JSON_TEXT:
    case JSON_TEXTJ:
      into.put(QUOTE);
      into.append(bytes, start, end);
      into.put(QUOTE);
      return end;
    case JSON_TEXT5:
      if (!appendNormalized(into, bytes, start, end)) {
        throw malformed();
      }
      return end;
    case JSON_TEXTRAW:
      appendQuoted(into, bytes, start, end);
      return end;
    case JSON_ARRAY:
    case JSON_OBJECT:
      appendContainer(into, bytes, at, start, end, limit, depth + 1);
      return end;
    default:
      throw malformed();
  }
}

function requirePayload(start: number, end: number): void {
  if (start === end) {
    throw malformed();
  }
}

function appendContainer(
  into: ByteBuffer,
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
  limit: number,
  depth: number,
): void {
  if (depth > MOST_DEPTH) {
    throw tooDeep();
  }
  const isObject = elementType(bytes, at) === JSON_OBJECT;
  into.put(isObject ? 0x7b : 0x5b);
  let count = 0;
  for (let next = start; next < end; count++) {
    if (count > 0) {
      into.put(isObject && (count & 1) === 1 ? COLON : COMMA);
    }
    next = appendText(into, bytes, next, limit, depth);
    if (next > end) {
      throw malformed();
    }
  }
  if (isObject && (count & 1) === 1) {
    throw malformed();
  }
  into.put(isObject ? 0x7d : 0x5d);
}

/** A hexadecimal number is written in decimal; one that is too large for 64 bits as an infinity. */
function appendHexadecimal(into: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  requirePayload(start, end);
  let at = start + 2;
  if (bytes[start] === MINUS) {
    into.put(MINUS);
    at++;
  } else if (bytes[start] === 0x2b) {
    at++;
  }
  let value = 0n;
  let overflows = false;
  for (; at < end; at++) {
    if (!isClass(bytes[at], HEX_DIGIT)) {
      throw malformed();
    }
    if (value >> 60n !== 0n) {
      overflows = true;
    } else {
      value = value * 16n + BigInt(hexValue(bytes[at]));
    }
  }
  into.appendAscii(overflows ? "9.0e999" : String(value));
}

/** A number gets the digits that JSON5 lets it leave out on either side of its point. */
function appendCompleted(into: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  requirePayload(start, end);
  let at = start;
  if (bytes[at] === MINUS) {
    into.put(MINUS);
    at++;
  }
  if (at < bytes.length && bytes[at] === POINT) {
    into.put(0x30);
  }
  for (; at < end; at++) {
    into.put(bytes[at]!);
    if (bytes[at] === POINT && (at + 1 === end || !isDigit(bytes[at + 1]))) {
      into.put(0x30);
    }
  }
}

/** What is indented, and by what. */
export interface Indentation {
  readonly into: ByteBuffer;
  readonly bytes: Uint8Array;
  readonly limit: number;
  readonly indent: Uint8Array;
}

/** Appends the element at `at` with a line for each part; answers where it ends. `depth` is that of the lines around it. */
export function appendIndented(work: Indentation, at: number, depth = 0): number {
  const { into, bytes, limit } = work;
  if (!readElement(bytes, at, limit)) {
    throw malformed();
  }
  const { start, end } = element;
  const type = elementType(bytes, at);
  if (type !== JSON_ARRAY && type !== JSON_OBJECT) {
    return appendText(into, bytes, at, limit, depth);
  }
  into.put(type === JSON_OBJECT ? 0x7b : 0x5b);
  if (start < end) {
    if (depth + 1 >= MOST_DEPTH) {
      throw tooDeep();
    }
    for (let next = start; next < end; ) {
      if (next !== start) {
        into.put(COMMA);
      }
      beginLine(work, depth + 1);
      if (type === JSON_OBJECT) {
        next = appendText(into, bytes, next, limit, depth + 1);
        if (next > end) {
          throw malformed();
        }
        into.put(COLON);
        into.put(0x20);
      }
      next = appendIndented(work, next, depth + 1);
    }
    beginLine(work, depth);
  }
  into.put(type === JSON_OBJECT ? 0x7d : 0x5d);
  return end;
}

function beginLine({ into, indent }: Indentation, depth: number): void {
  into.put(NEW_LINE);
  for (let i = 0; i < depth; i++) {
    into.append(indent, 0, indent.length);
  }
}
