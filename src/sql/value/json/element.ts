/**
 * JSONB, SQLite's binary JSON (https://sqlite.org/jsonb.html): an element is a header and a payload.
 *
 *   ├ size 4 bits │ type 4 bits ┤ [ size, big endian ] ┤ payload ┤
 *
 *   size 0…11: that many bytes; 12, 13, 14, 15: the size is in the 1, 2, 4 or 8 bytes that follow
 *   NULL, TRUE, FALSE       no payload
 *   INT, INT5, FLOAT, …     the number as it was written; the 5 marks what only JSON5 allows
 *   TEXT, TEXTJ, TEXT5      the string between its quotes: without escapes; with those of JSON; with those of JSON5
 *   TEXTRAW                 a string of SQL, in which nothing is an escape
 *   ARRAY, OBJECT           elements one behind the other; in an object label and value by turns
 *
 * A size may be written longer than it must; what nacre writes is the shortest, save where an edit fills a gap as SQLite does.
 */
import type { ByteBuffer } from "./byte-buffer.ts";

// Part of the format; never renumber.
export const JSON_NULL = 0;
export const JSON_TRUE = 1;
export const JSON_FALSE = 2;
export const JSON_INT = 3;
export const JSON_INT5 = 4;
export const JSON_FLOAT = 5;
export const JSON_FLOAT5 = 6;
export const JSON_TEXT = 7;
export const JSON_TEXTJ = 8;
export const JSON_TEXT5 = 9;
export const JSON_TEXTRAW = 10;
export const JSON_ARRAY = 11;
export const JSON_OBJECT = 12;

/** What json_type() calls each; the types that there are not yet have no name. */
const TYPE_NAMES: readonly string[] = [
  "null",
  "true",
  "false",
  "integer",
  "integer",
  "real",
  "real",
  "text",
  "text",
  "text",
  "text",
  "array",
  "object",
  "",
  "",
  "",
];

export const MOST_DEPTH = 1000;

/** Where the element that was read last has its payload: `[start, end)`. */
export const element = { start: 0, end: 0 };

export function elementType(bytes: Uint8Array, at: number): number {
  return bytes[at]! & 15;
}

export function typeNameAt(bytes: Uint8Array, at: number): string {
  return TYPE_NAMES[elementType(bytes, at)]!;
}

export function isLabelType(type: number): boolean {
  return type >= JSON_TEXT && type <= JSON_TEXTRAW;
}

/** Whether the payload of a label or string is free of escapes. */
export function isRawType(type: number): boolean {
  return type === JSON_TEXT || type === JSON_TEXTRAW;
}

/** Reads the header at `at` into `element`; false where the document, which ends at `limit`, has no whole element there. */
export function readElement(bytes: Uint8Array, at: number, limit: number): boolean {
  if (at < limit) {
    const size = bytes[at]! >>> 4;
    if (size <= 11) {
      element.start = at + 1;
      element.end = at + 1 + size;
      if (element.end <= limit) {
        return true;
      }
    } else {
      const start = at + HEADER_BYTES[size - 12]!;
      if (start <= limit && (size !== 15 || readU32(bytes, at + 1) === 0)) {
        element.start = start;
        element.end = start + longSize(bytes, at, size);
        if (element.end <= limit) {
          return true;
        }
      }
    }
  }
  element.start = at;
  element.end = at;
  return false;
}

const HEADER_BYTES = [2, 3, 5, 9];

function readU32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

function longSize(bytes: Uint8Array, at: number, size: number): number {
  switch (size) {
    case 12:
      return bytes[at + 1]!;
    case 13:
      return (bytes[at + 1]! << 8) + bytes[at + 2]!;
    case 14:
      return readU32(bytes, at + 1);
    default:
      return readU32(bytes, at + 5);
  }
}

/** How many bytes the shortest header of such a payload has. */
function headerBytes(size: number): number {
  return size <= 11 ? 1 : size <= 0xff ? 2 : size <= 0xffff ? 3 : 5;
}

/** Writes the shortest header over the bytes at `at`. */
export function writeHeader(bytes: Uint8Array, at: number, type: number, size: number): void {
  if (size <= 11) {
    bytes[at] = type | (size << 4);
  } else if (size <= 0xff) {
    bytes[at] = type | 0xc0;
    bytes[at + 1] = size;
  } else if (size <= 0xffff) {
    bytes[at] = type | 0xd0;
    bytes[at + 1] = size >>> 8;
    bytes[at + 2] = size;
  } else {
    bytes[at] = type | 0xe0;
    bytes[at + 1] = size >>> 24;
    bytes[at + 2] = size >>> 16;
    bytes[at + 3] = size >>> 8;
    bytes[at + 4] = size;
  }
}

export function appendHeader(into: ByteBuffer, type: number, size: number): void {
  into.reserve(5);
  writeHeader(into.bytes, into.length, type, size);
  into.length += headerBytes(size);
}

export function appendElement(into: ByteBuffer, type: number, payload: Uint8Array, start: number, end: number): void {
  const size = end - start;
  if (size > 11) {
    appendHeader(into, type, size);
    into.append(payload, start, end);
    return;
  }
  // Most labels and numbers: a third of the time of the general way.
  into.reserve(12);
  const { bytes } = into;
  let at = into.length;
  bytes[at++] = type | (size << 4);
  for (let i = start; i < end; i++) {
    bytes[at++] = payload[i]!;
  }
  into.length = at;
}

/** Begins an element whose size is not known yet; its payload is most likely short. Answers where the payload starts. */
export function openElement(into: ByteBuffer, type: number): number {
  into.reserve(2);
  into.bytes[into.length] = type | 0xc0;
  into.length += 2;
  return into.length;
}

/** Ends what `openElement` began: writes the size, and moves the payload where the header is not two bytes. */
export function closeElement(into: ByteBuffer, start: number): void {
  const size = into.length - start;
  const at = start - 2;
  const type = into.bytes[at]! & 15;
  const shift = headerBytes(size) - 2;
  if (shift > 0) {
    into.splice(start, start, shift);
  } else if (shift < 0) {
    const { bytes } = into;
    for (let i = start; i < start + size; i++) {
      bytes[i - 1] = bytes[i]!;
    }
    into.length--;
  }
  writeHeader(into.bytes, at, type, size);
}

/**
 * Changes the size that the header at `at` tells by `change`, whatever the document's length says, and answers by how many bytes
 * the header grew.
 */
export function resizeElement(into: ByteBuffer, at: number, change: number): number {
  const { bytes } = into;
  const code = bytes[at]! >>> 4;
  const before = code <= 11 ? 1 : HEADER_BYTES[code - 12]!;
  const size = (code <= 11 ? code : longSize(bytes, at, code)) + change;
  const growth = headerBytes(size) - before;
  into.splice(at + 1, at + before, before - 1 + growth);
  writeHeader(into.bytes, at, into.bytes[at]! & 15, size);
  return growth;
}

/** How many elements the array (or object) at `at` has. */
export function countElements(bytes: Uint8Array, at: number, limit: number): number {
  let whole = readElement(bytes, at, limit);
  const { end } = element;
  let count = 0;
  for (let next = element.start; whole && next < end; next = element.end) {
    whole = readElement(bytes, next, limit);
    count++;
  }
  return count;
}
