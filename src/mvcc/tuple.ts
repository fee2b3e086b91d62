/**
 * Tuples as keys: `["user", 42, null]` becomes bytes that sort as the tuple does, element by element.
 *
 * The encoding is that of FoundationDB's tuple layer (https://github.com/apple/foundationdb/blob/main/design/tuple.md):
 *
 *     00                        null
 *     01 …bytes… 00             Uint8Array; a 00 inside is 00 ff
 *     02 …UTF-8… 00             string, same escape; code point order
 *     05 …elements… 00          nested tuple; a null inside is 00 ff
 *     0b n̄ …  0c–13 …           negative bigint: (length,) one's complement, big endian
 *     14                        0n
 *     15–1c …  1d n …           positive bigint, big endian; 9 to 255 bytes with the length before them
 *     21 + 8 bytes              number: IEEE double, sign bit flipped; all bits if negative
 *     26 / 27                   false / true
 *
 * Elements of different kinds sort in that order. Every JavaScript number is a double and every bigint an integer,
 * so [1.5] sorts between [1] and [2], and what is decoded is what was encoded. The other reading of the
 * specification (whole numbers as integers) would put [2] before [1.5]. The price: 9 bytes a number, and 1n and 1 are
 * different elements, all bigints before all numbers; keep to one of them at one place in the tuple.
 *
 * T1. One value, one encoding: -0 is written as 0, integers in the fewest bytes; NaN has no place in an order (INVALID).
 * T2. Bytes that this encoder cannot have written are CORRUPT. Excepted, to read keys that came from elsewhere:
 *     20 + 4 bytes (float) is read as a number, 30 + 16 bytes as a UUID string. Both are written back in another form.
 * T3. No element starts with ff. So the tuples that begin with the tuple t are those in [t, t ff).
 *
 * Versionstamps (32, 33) are UNSUPPORTED: nacre's commit numbers are not known before the commit.
 */

import { Buffer } from "node:buffer";
import { MAX_KEY_BYTES } from "../btree/index.ts";
import { copyBytes, isBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { ownedCopy } from "./owned-bytes.ts";
import { isWellFormed, readText, writeText } from "./text.ts";

export type TupleElement = null | Uint8Array | string | Tuple | bigint | number | boolean;
export type Tuple = readonly TupleElement[];

// Type codes: part of the format; never renumber.
const NULL = 0x00;
const BYTES = 0x01;
const TEXT = 0x02;
const NESTED = 0x05;
const LONG_NEGATIVE = 0x0b;
const ZERO = 0x14;
const LONG_POSITIVE = 0x1d;
const FLOAT = 0x20;
const DOUBLE = 0x21;
const FALSE = 0x26;
const TRUE = 0x27;
const UUID = 0x30;
const VERSIONSTAMP_80 = 0x32;
const VERSIONSTAMP_96 = 0x33;
const ESCAPE = 0xff;

/** Part of the format as far as it limits what is written; generous for a key, and bounds the recursion. */
export const MAX_TUPLE_DEPTH = 64;
const MAX_INTEGER_BYTES = 255;

const double = new Float64Array(1);
const float = new Float32Array(double.buffer, 0, 1);
const integer = new BigUint64Array(double.buffer);
/** Both words of whichever of the above was set: [low, high]. */
const words = new Uint32Array(double.buffer);

/**
 * Writes `tuple` and returns the number of bytes, at most MAX_KEY_BYTES.
 * INVALID for what a tuple cannot hold and for a tuple that is longer.
 */
export function encodeTuple(tuple: Tuple, into: Uint8Array, offset: number): number {
  if (!Array.isArray(tuple)) {
    throw new DbError("INVALID", `a tuple key must be an array, not ${nameOf(tuple)}`);
  }
  const limit = offset + MAX_KEY_BYTES;
  let at = offset;
  for (let i = 0; i < tuple.length; i++) {
    at = writeElement(tuple[i]!, into, at, limit, 1);
  }
  return at - offset;
}

/** The tuple that these bytes spell; CORRUPT if they spell none. */
export function decodeTuple(bytes: Uint8Array, offset: number, length: number): Tuple {
  const end = offset + length;
  const tuple: TupleElement[] = [];
  position = offset;
  while (position < end) {
    tuple.push(readElement(bytes, end, offset, 1));
  }
  return tuple;
}

/** Writes an integer as a tuple holds it and returns where it ends. INVALID beyond 255 bytes. */
export function writeInteger(value: bigint, into: Uint8Array, at: number, limit: number): number {
  const isNegative = value < 0n;
  if (value > 0xffff_ffff_ffff_ffffn || value < -0xffff_ffff_ffff_ffffn) {
    return writeLongInteger(isNegative ? -value : value, isNegative, into, at, limit);
  }
  integer[0] = value;
  let low = words[0]!;
  let high = words[1]!;
  if (isNegative) {
    // Two's complement of -m is one less than the one's complement of m, which is what the format holds.
    high = low === 0 ? high - 1 : high;
    low = (low - 1) >>> 0;
  }
  const length = isNegative ? significantBytes(~low, ~high) : significantBytes(low, high);
  checkRoom(at + 1 + length, limit);
  into[at] = isNegative ? ZERO - length : ZERO + length;
  for (let i = length - 1, to = at + 1; i >= 0; i--, to++) {
    into[to] = i >= 4 ? high >>> ((i - 4) << 3) : low >>> (i << 3);
  }
  return at + 1 + length;
}

/** Reads one integer that takes up `length` bytes exactly; CORRUPT otherwise. */
export function decodeInteger(bytes: Uint8Array, offset: number, length: number): bigint {
  const code = length > 0 ? bytes[offset]! : NULL;
  if (code < LONG_NEGATIVE || code > LONG_POSITIVE) {
    throw damaged("an integer was expected", 0);
  }
  position = offset + 1;
  const value = readInteger(code, bytes, offset + length, offset);
  if (position !== offset + length) {
    throw damaged("bytes follow the integer", position - offset);
  }
  return value;
}

/** Writes 8 bytes that sort as the number does (tuple.md, "IEEE Binary Floating Point"). INVALID for NaN. */
export function writeDouble(value: number, into: Uint8Array, at: number): void {
  if (Number.isNaN(value)) {
    throw new DbError("INVALID", "NaN cannot be a key: it has no place in an order");
  }
  double[0] = value + 0; // turns -0 into 0 (T1)
  let low = words[0]!;
  let high = words[1]!;
  if (high >>> 31 === 1) {
    low = ~low;
    high = ~high;
  } else {
    high |= 0x8000_0000;
  }
  into[at] = high >>> 24;
  into[at + 1] = high >>> 16;
  into[at + 2] = high >>> 8;
  into[at + 3] = high;
  into[at + 4] = low >>> 24;
  into[at + 5] = low >>> 16;
  into[at + 6] = low >>> 8;
  into[at + 7] = low;
}

/** The number in the 8 bytes at `at` of a key that begins at `start`; CORRUPT for NaN and -0 (T1). */
export function readDouble(bytes: Uint8Array, at: number, start: number): number {
  const high = readWord(bytes, at);
  const low = readWord(bytes, at + 4);
  const isNegative = high >>> 31 === 0;
  words[0] = isNegative ? ~low : low;
  words[1] = isNegative ? ~high : high ^ 0x8000_0000;
  const value = double[0]!;
  if (Number.isNaN(value) || Object.is(value, -0)) {
    throw damaged("NaN and -0 are never written", at - start);
  }
  return value;
}

/** Where the element that was read last ends. A cursor of the module's, so that reading allocates no result pairs. */
let position = 0;

function writeElement(element: TupleElement, into: Uint8Array, at: number, limit: number, depth: number): number {
  switch (typeof element) {
    case "string":
      return writeTextElement(element, into, at, limit);
    case "number":
      checkRoom(at + 9, limit);
      into[at] = DOUBLE;
      writeDouble(element, into, at + 1);
      return at + 9;
    case "bigint":
      return writeInteger(element, into, at, limit);
    case "boolean":
      checkRoom(at + 1, limit);
      into[at] = element ? TRUE : FALSE;
      return at + 1;
    default:
      break;
  }
  if (element === null) {
    checkRoom(at + 1, limit);
    into[at] = NULL;
    return at + 1;
  }
  if (isBytes(element)) {
    checkRoom(at + 2 + element.length, limit);
    into[at] = BYTES;
    return writeEscaped(element, into, at + 1, limit);
  }
  if (!Array.isArray(element)) {
    throw new DbError("INVALID", `a tuple key cannot hold ${nameOf(element)}`);
  }
  return writeNested(element, into, at, limit, depth);
}

function writeNested(tuple: Tuple, into: Uint8Array, start: number, limit: number, depth: number): number {
  if (depth >= MAX_TUPLE_DEPTH) {
    throw new DbError("INVALID", `a tuple key nests deeper than ${MAX_TUPLE_DEPTH} levels`, { limit: MAX_TUPLE_DEPTH });
  }
  checkRoom(start + 2, limit);
  into[start] = NESTED;
  let at = start + 1;
  for (let i = 0; i < tuple.length; i++) {
    const element = tuple[i]!;
    at = writeElement(element, into, at, limit, depth + 1);
    if (element === null) {
      checkRoom(at + 1, limit);
      into[at++] = ESCAPE;
    }
  }
  checkRoom(at + 1, limit);
  into[at] = NULL;
  return at + 1;
}

function writeTextElement(text: string, into: Uint8Array, at: number, limit: number): number {
  if (!isWellFormed(text)) {
    throw new DbError("INVALID", "a tuple key holds a string with half a surrogate pair, which UTF-8 cannot hold");
  }
  const mostBytes = text.length * 3;
  checkRoom(at + 2 + (at + 2 + mostBytes <= limit ? mostBytes : Buffer.byteLength(text)), limit);
  into[at] = TEXT;
  if (text.includes("\0")) {
    return writeEscaped(Buffer.from(text), into, at + 1, limit);
  }
  const end = at + 1 + writeText(text, into, at + 1);
  into[end] = NULL;
  return end + 1;
}

function writeEscaped(bytes: Uint8Array, into: Uint8Array, start: number, limit: number): number {
  let at = start;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    checkRoom(at + 2, limit);
    into[at++] = byte;
    if (byte === 0) {
      into[at++] = ESCAPE;
    }
  }
  checkRoom(at + 1, limit);
  into[at] = NULL;
  return at + 1;
}

function writeLongInteger(magnitude: bigint, isNegative: boolean, into: Uint8Array, at: number, limit: number): number {
  const digits = magnitude.toString(16);
  const length = (digits.length + 1) >>> 1;
  if (length > MAX_INTEGER_BYTES) {
    throw new DbError("INVALID", `an integer of ${length} bytes is too long for a key: at most ${MAX_INTEGER_BYTES}`, {
      bytes: length,
      limit: MAX_INTEGER_BYTES,
    });
  }
  checkRoom(at + 2 + length, limit);
  const flip = isNegative ? 0xff : 0;
  into[at] = isNegative ? LONG_NEGATIVE : LONG_POSITIVE;
  into[at + 1] = length ^ flip;
  const padded = digits.padStart(length * 2, "0");
  for (let i = 0; i < length; i++) {
    into[at + 2 + i] = Number.parseInt(padded.slice(i * 2, i * 2 + 2), 16) ^ flip;
  }
  return at + 2 + length;
}

function readElement(bytes: Uint8Array, end: number, start: number, depth: number): TupleElement {
  const code = bytes[position]!;
  position++;
  if (code >= LONG_NEGATIVE && code <= LONG_POSITIVE) {
    return readInteger(code, bytes, end, start);
  }
  switch (code) {
    case NULL:
      return null;
    case BYTES:
      return readEscaped(bytes, end, start, ownedCopy);
    case TEXT:
      return readEscaped(bytes, end, start, readText);
    case NESTED:
      return readNested(bytes, end, start, depth);
    case FLOAT:
      return readFloat(bytes, take(4, end, start));
    case DOUBLE:
      return readDouble(bytes, take(8, end, start), start);
    case FALSE:
      return false;
    case TRUE:
      return true;
    case UUID:
      return readUuid(bytes, take(16, end, start));
    case VERSIONSTAMP_80:
    case VERSIONSTAMP_96:
      throw new DbError("UNSUPPORTED", "a tuple key holds a versionstamp, which nacre does not read", {
        offset: position - 1 - start,
      });
    default:
      throw damaged(`no element has the type code 0x${code.toString(16)}`, position - 1 - start);
  }
}

function readNested(bytes: Uint8Array, end: number, start: number, depth: number): Tuple {
  if (depth >= MAX_TUPLE_DEPTH) {
    throw damaged(`tuples nest deeper than ${MAX_TUPLE_DEPTH} levels`, position - start);
  }
  const tuple: TupleElement[] = [];
  while (position < end) {
    if (bytes[position] !== NULL) {
      tuple.push(readElement(bytes, end, start, depth + 1));
    } else if (position + 1 < end && bytes[position + 1] === ESCAPE) {
      tuple.push(null);
      position += 2;
    } else {
      position++;
      return tuple;
    }
  }
  throw damaged("a nested tuple has no end", position - start);
}

/** Finds the end of escaped bytes and reads what is before it, from a copy without the escapes if there are any. */
function readEscaped<T>(
  bytes: Uint8Array,
  end: number,
  start: number,
  read: (bytes: Uint8Array, offset: number, length: number) => T,
): T {
  const first = position;
  let at = first;
  let escapes = 0;
  for (; at < end; at++) {
    if (bytes[at] === NULL) {
      if (at + 1 >= end || bytes[at + 1] !== ESCAPE) {
        break;
      }
      escapes++;
      at++;
    }
  }
  if (at >= end) {
    throw damaged("a string or byte string has no end", first - start);
  }
  position = at + 1;
  if (escapes === 0) {
    return read(bytes, first, at - first);
  }
  const plain = new Uint8Array(at - first - escapes);
  for (let from = first, to = 0; to < plain.length; from++, to++) {
    plain[to] = bytes[from]!;
    from += bytes[from] === NULL ? 1 : 0;
  }
  return read(plain, 0, plain.length);
}

function readInteger(code: number, bytes: Uint8Array, end: number, start: number): bigint {
  if (code === LONG_NEGATIVE || code === LONG_POSITIVE) {
    return readLongInteger(code === LONG_NEGATIVE, bytes, end, start);
  }
  const isNegative = code < ZERO;
  const length = isNegative ? ZERO - code : code - ZERO;
  const at = take(length, end, start);
  const flip = isNegative ? 0xff : 0;
  let low = 0;
  let high = 0;
  for (let i = 0; i < length; i++) {
    high = (high << 8) | (low >>> 24);
    low = (low << 8) | (bytes[at + i]! ^ flip);
  }
  if (significantBytes(low, high) !== length) {
    throw damaged("an integer starts with a zero byte", at - start);
  }
  words[0] = low;
  words[1] = high;
  return isNegative ? -integer[0]! : integer[0]!;
}

function readLongInteger(isNegative: boolean, bytes: Uint8Array, end: number, start: number): bigint {
  const flip = isNegative ? 0xff : 0;
  const length = bytes[take(1, end, start)]! ^ flip;
  const at = take(length, end, start);
  if (length <= 8 || bytes[at] === flip) {
    throw damaged("a long integer is not in its shortest form", at - start);
  }
  const digits = new Uint8Array(length);
  copyBytes(bytes, at, digits, 0, length);
  for (let i = 0; i < length; i++) {
    digits[i] = digits[i]! ^ flip;
  }
  const magnitude = BigInt(`0x${Buffer.from(digits.buffer).toString("hex")}`);
  return isNegative ? -magnitude : magnitude;
}

function readFloat(bytes: Uint8Array, at: number): number {
  const word = readWord(bytes, at);
  words[0] = word >>> 31 === 0 ? ~word : word ^ 0x8000_0000;
  return float[0]!;
}

function readUuid(bytes: Uint8Array, at: number): string {
  const hex = Buffer.from(ownedCopy(bytes, at, 16)).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** How many bytes the unsigned integer takes up without its leading zeros: 0 to 8. */
function significantBytes(low: number, high: number): number {
  return high === 0 ? (39 - Math.clz32(low)) >>> 3 : 4 + ((39 - Math.clz32(high)) >>> 3);
}

/** Steps over `length` bytes and returns where they begin; CORRUPT if they are not all there. */
function take(length: number, end: number, start: number): number {
  const at = position;
  position = at + length;
  if (position > end) {
    throw damaged("the last element is cut off", at - start);
  }
  return at;
}

function checkRoom(end: number, limit: number): void {
  if (end > limit) {
    const bytes = MAX_KEY_BYTES + end - limit;
    throw new DbError("INVALID", `a tuple key takes at least ${bytes} bytes: the limit is ${MAX_KEY_BYTES}`, {
      bytes,
      limit: MAX_KEY_BYTES,
    });
  }
}

function damaged(what: string, offset: number): DbError {
  return new DbError("CORRUPT", `a stored key is damaged at its byte ${offset}: ${what}; run \`nacre check\``, {
    offset,
  });
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `a ${value.constructor?.name ?? "object"}`
    : String(typeof value);
}
