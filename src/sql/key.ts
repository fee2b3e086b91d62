/**
 * Keys: one or more values as bytes whose `memcmp` order is the order of the values, column by column.
 *
 *   NULL      05
 *   number    a code for sign and size, then the whole part, then the fraction if there is one
 *   TEXT      30 | UTF-8 with every 00 written 00 FF | 00
 *   BLOB      40 | bytes, likewise | 00
 *
 *   whole part n ≥ 0   18 + k | k bytes, big endian, no leading zero          0 → 18      300 → 1A 01 2C
 *   whole part n < 0   18 − k | k bytes of n + 256^k                         −1 → 17 FF −300 → 16 FE D4
 *   fraction           FE | 8 bytes of the double that it is                  2.5 → 19 02 FE 3F E0 00 …
 *   below, above ±2^63 0F | 21, then 8 bytes of the double, order-preserving
 *
 *   in descending order the bytes complemented, those of whole numbers, TEXT and BLOB with F0 behind them
 *
 * The whole part of a real is its floor, so −2.5 is −3 and a fraction: the double is then that of 1 − the rest, written
 * complemented. A whole real has the key of the integer that it equals, so a unique key treats 1 and 1.0 as one, as SQL
 * does; what the value was is read from the row.
 *
 * A rowid's key is its whole part: 2 bytes up to 255, 4 up to 16 million. The first byte tells the length, so keys of
 * one page share it, the four bytes that pages and segments search by hold all of a rowid below 2^24, and decoding is
 * one small loop. (Eight bytes fixed: the first four are the same in every rowid below 2^32, and tell nothing.)
 */
import { copyBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import type { Collation } from "./value/collation.ts";
import { writeText } from "./value/text.ts";
import { answerInt64, answerInteger, BIG, INTEGER, NULL, REAL, type SqlValue, type Tag, TEXT } from "./value/value.ts";

/** Codes of the format; never renumber. */
const KEY_NULL = 0x05;
const KEY_BELOW = 0x0f;
const KEY_ZERO = 0x18;
const KEY_ABOVE = 0x21;
const KEY_FRACTION = 0xfe;
const KEY_TEXT = 0x30;
const KEY_BLOB = 0x40;
/** Behind a value in descending order, and complemented like it. */
const DESCENDING_END = 0xf0;

/** The longest key that storage takes. */
export const MAX_KEY_BYTES = 2048;

/** Bytes of the longest rowid key. */
export const MAX_ROWID_KEY_BYTES = 9;

/** A double, and its bytes the other way round where the least significant comes first, as it does everywhere that Node runs. */
const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** Writes the key of a safe integer at `offset`; the offset behind it. */
export function writeIntegerKey(value: number, into: Uint8Array, offset: number): number {
  if (value >= 0 && value <= 0xffff_ffff) {
    return value <= 0xffff ? writeShort(value, into, offset) : writeWord(value, into, offset);
  }
  return writeLong(value, into, offset);
}

function writeShort(value: number, into: Uint8Array, offset: number): number {
  if (value === 0) {
    into[offset] = KEY_ZERO;
    return offset + 1;
  }
  if (value <= 0xff) {
    into[offset] = KEY_ZERO + 1;
    into[offset + 1] = value;
    return offset + 2;
  }
  into[offset] = KEY_ZERO + 2;
  into[offset + 1] = value >>> 8;
  into[offset + 2] = value;
  return offset + 3;
}

function writeWord(value: number, into: Uint8Array, offset: number): number {
  if (value <= 0xff_ffff) {
    into[offset] = KEY_ZERO + 3;
    into[offset + 1] = value >>> 16;
    into[offset + 2] = value >>> 8;
    into[offset + 3] = value;
    return offset + 4;
  }
  into[offset] = KEY_ZERO + 4;
  into[offset + 1] = value >>> 24;
  into[offset + 2] = value >>> 16;
  into[offset + 3] = value >>> 8;
  into[offset + 4] = value;
  return offset + 5;
}

/** Negative, or beyond 32 bits: byte by byte. 256^k − |value| is exact up to six bytes. */
function writeLong(value: number, into: Uint8Array, offset: number): number {
  const magnitude = value < 0 ? -value : value;
  if (magnitude >= EXACT_ROWIDS) {
    return writeBigKey(BigInt(value), into, offset);
  }
  let bytes = 1;
  for (let bound = 256; magnitude >= bound; bound *= 256) {
    bytes++;
  }
  into[offset] = value < 0 ? KEY_ZERO - bytes : KEY_ZERO + bytes;
  let rest = value < 0 ? 256 ** bytes - magnitude : value;
  for (let i = bytes; i >= 1; i--) {
    into[offset + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return offset + 1 + bytes;
}

function writeBigKey(value: bigint, into: Uint8Array, offset: number): number {
  const magnitude = value < 0n ? -value : value;
  const bytes = magnitude < 1n << 48n ? 6 : magnitude < 1n << 56n ? 7 : 8;
  into[offset] = value < 0n ? KEY_ZERO - bytes : KEY_ZERO + bytes;
  let rest = value < 0n ? (1n << BigInt(bytes * 8)) - magnitude : magnitude;
  for (let i = bytes; i >= 1; i--) {
    into[offset + i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return offset + 1 + bytes;
}

function writeRealKey(value: number, into: Uint8Array, offset: number): number {
  const whole = Math.floor(value);
  if (whole >= 2 ** 63 || whole < -(2 ** 63)) {
    into[offset] = whole < 0 ? KEY_BELOW : KEY_ABOVE;
    return writeDouble(Math.abs(value), whole < 0, into, offset + 1);
  }
  const end = Number.isSafeInteger(whole)
    ? writeIntegerKey(whole + 0, into, offset)
    : writeBigKey(BigInt(whole), into, offset);
  if (whole === value) {
    return end;
  }
  into[end] = KEY_FRACTION;
  // |value| minus its whole part is exact; 1 minus that would not be.
  const rest = Math.abs(value) - Math.trunc(Math.abs(value));
  return writeDouble(rest, value < 0, into, end + 1);
}

function writeDouble(value: number, complemented: boolean, into: Uint8Array, offset: number): number {
  double[0] = value;
  const mask = complemented ? 0xff : 0;
  for (let i = 0; i < 8; i++) {
    into[offset + i] = doubleBytes[7 - i]! ^ mask;
  }
  return offset + 8;
}

/**
 * Builds keys of any values in one buffer: `begin`, `add` once a column, then `bytes[0, length)`.
 *
 * Of a row's own key too many bytes are an error. One that is looked for is cut off there: no row has it, and what rows have comes
 * before it or behind it as it would the whole of it, since each of their columns ends before.
 */
export class KeyWriter {
  bytes: Uint8Array;
  length: number;
  /** What was written is only the beginning of a key. */
  isCut: boolean;
  readonly #isLookedFor: boolean;

  constructor(use: "own" | "looked for" = "own") {
    this.bytes = new Uint8Array(MAX_KEY_BYTES + 32);
    this.length = 0;
    this.isCut = false;
    this.#isLookedFor = use === "looked for";
  }

  begin(): void {
    this.goBack(0);
  }

  /** Forgets what was written behind `length`, which was whole. */
  goBack(length: number): void {
    this.length = length;
    this.isCut = false;
  }

  /**
   * A column that is compared by a collation, or stands in descending order: its bytes are complemented. What goes on behind the
   * end of another value has to come before it then, and so a whole number, a text and a blob end with a byte of their own: less than
   * the code of a fraction, and than what follows a zero byte.
   */
  addOrdered(tag: Tag, value: SqlValue, { collation, descending }: KeyOrder): void {
    const from = this.length;
    this.add(tag, tag === TEXT && collation !== undefined ? folded(collation, value as string) : value);
    if (!descending) {
      return;
    }
    if (!this.isCut && (tag === REAL ? Math.floor(value as number) === value : tag !== NULL)) {
      this.#reserve(1);
      this.bytes[this.length++] = DESCENDING_END;
      if (this.length > MAX_KEY_BYTES) {
        this.#cut(this.length);
      }
    }
    const { bytes } = this;
    for (let i = from; i < this.length; i++) {
      bytes[i] = ~bytes[i]!;
    }
  }

  /** Bytes as they are: another key, at the end of this one. */
  addRaw(source: Uint8Array, offset: number, lengthBytes: number): void {
    const { bytes, length } = this;
    if (length + lengthBytes > MAX_KEY_BYTES) {
      throw tooLong(length + lengthBytes);
    }
    copyBytes(source, offset, bytes, length, lengthBytes);
    this.length = length + lengthBytes;
  }

  /** Writes what stands behind all keys that begin with these columns, without counting it in; the length with it. */
  markBehind(): number {
    this.bytes[this.length] = BEHIND_COLUMNS;
    return this.length + 1;
  }

  add(tag: Tag, value: SqlValue): void {
    if (this.isCut) {
      return;
    }
    const { bytes, length } = this;
    switch (tag) {
      case NULL:
        bytes[length] = KEY_NULL;
        this.length = length + 1;
        break;
      case INTEGER:
        this.length = writeIntegerKey(value as number, bytes, length);
        break;
      case REAL:
        this.length = writeRealKey(value as number, bytes, length);
        break;
      case BIG:
        this.length = writeBigKey(value as bigint, bytes, length);
        break;
      default:
        this.#addBytes(tag, value as string | Uint8Array);
    }
    if (this.length > MAX_KEY_BYTES) {
      this.#cut(this.length);
    }
  }

  /** The same for one type, without a value in between that could be of any. */
  addInteger(value: number): void {
    const length = writeIntegerKey(value, this.bytes, this.length);
    this.length = length;
    if (length > MAX_KEY_BYTES) {
      this.#cut(length);
    }
  }

  addReal(value: number): void {
    const length = writeRealKey(value, this.bytes, this.length);
    this.length = length;
    if (length > MAX_KEY_BYTES) {
      this.#cut(length);
    }
  }

  /** A text of ASCII, or a blob, as it lies in a row. */
  addStored(tag: Tag, source: Uint8Array, start: number, end: number): void {
    if (end - start > MAX_KEY_BYTES) {
      throw tooLong(end - start);
    }
    this.#reserve(2 * (end - start) + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = tag === TEXT ? KEY_TEXT : KEY_BLOB;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      bytes[at++] = byte;
      if (byte === 0) {
        bytes[at++] = 0xff;
      }
    }
    bytes[at++] = 0;
    this.length = at;
    if (at > MAX_KEY_BYTES) {
      this.#cut(at);
    }
  }

  /** What comes behind is of no more interest, but must stay behind the longest key. */
  #cut(lengthBytes: number): void {
    if (!this.#isLookedFor) {
      throw tooLong(lengthBytes);
    }
    this.length = MAX_KEY_BYTES;
    this.isCut = true;
  }

  #reserve(lengthBytes: number): void {
    const room = this.length + lengthBytes;
    if (room > this.bytes.length) {
      const larger = new Uint8Array(room);
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
  }

  #addBytes(tag: Tag, whole: string | Uint8Array): void {
    if (whole.length > MAX_KEY_BYTES && !this.#isLookedFor) {
      throw tooLong(whole.length);
    }
    // Longer by one, so that a character that is cut in two stands behind all that is used.
    const value = whole.length > MAX_KEY_BYTES ? whole.slice(0, MAX_KEY_BYTES + 1) : whole;
    // A character is up to three bytes, and a zero byte two.
    this.#reserve(value.length * 3 + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = tag === TEXT ? KEY_TEXT : KEY_BLOB;
    if (typeof value === "string" && !value.includes("\0")) {
      at += writeText(value, bytes, at);
    } else {
      const source = typeof value === "string" ? Buffer.from(value) : value;
      for (const byte of source) {
        bytes[at++] = byte;
        if (byte === 0) {
          bytes[at++] = 0xff;
        }
      }
    }
    bytes[at++] = 0;
    this.length = at;
  }
}

function folded({ fold, name }: Collation, text: string): string {
  if (fold === undefined) {
    throw new DbError(
      "UNSUPPORTED",
      `a key with the collation ${name}, which is defined in JavaScript, is not supported`,
    );
  }
  return fold(text);
}

/** How a column stands in a key. */
export interface KeyOrder {
  readonly collation: Collation | undefined;
  readonly descending: boolean;
}

/** Behind all keys that begin with the columns written so far: more than any column's code, less than that of a fraction. */
const BEHIND_COLUMNS = 0xfd;

/** An end of a range: a copy of the columns written so far, or the place behind all keys that begin with them. */
export function rangeEnd(writer: KeyWriter, isBehind: boolean): Uint8Array {
  const end = new Uint8Array(writer.length + (isBehind ? 1 : 0));
  end.set(writer.bytes.subarray(0, writer.length));
  if (isBehind) {
    end[writer.length] = BEHIND_COLUMNS;
  }
  return end;
}

/** Where the first columns of a key end, of which it has at least so many. */
export function endOfColumns(key: Uint8Array, orders: readonly KeyOrder[]): number {
  let at = 0;
  for (const { descending } of orders) {
    at = endOfColumn(key, at, descending ? 0xff : 0);
  }
  return at;
}

function endOfColumn(key: Uint8Array, start: number, complement: number): number {
  const code = key[start]! ^ complement;
  let at = start + 1;
  switch (code) {
    case KEY_NULL:
      return at;
    case KEY_BELOW:
    case KEY_ABOVE:
      return at + (complement === 0 ? 8 : 9);
    case KEY_TEXT:
    case KEY_BLOB:
      for (; at < key.length; at++) {
        if ((key[at]! ^ complement) === 0 && (at + 1 === key.length || (key[at + 1]! ^ complement) !== 0xff)) {
          return at + (complement === 0 ? 1 : 2);
        }
      }
      return at;
    default:
      at += Math.abs(code - KEY_ZERO);
      return (key[at]! ^ complement) === KEY_FRACTION ? at + 9 : at + (complement === 0 ? 0 : 1);
  }
}

/** Behind all keys that begin with the first `length` bytes of this one, which are whole columns. */
export function behindColumns(key: Uint8Array, length: number): Uint8Array {
  const end = new Uint8Array(length + 1);
  end.set(key.subarray(0, length));
  end[length] = BEHIND_COLUMNS;
  return end;
}

function tooLong(lengthBytes: number): DbError {
  return new DbError(
    "INVALID",
    `the key of a row may have ${MAX_KEY_BYTES} bytes; this one has ${lengthBytes} or more`,
    {
      limit: MAX_KEY_BYTES,
      length: lengthBytes,
    },
  );
}

/** `readRowid` is exact below; what it gives from here on (of either sign) is to be read by `answerRowid`. */
export const EXACT_ROWIDS: number = 2 ** 47;

/** A rowid whose key is in two parts: what all keys of a batch share, and the rest. */
export function readRowid(
  prefix: Uint8Array,
  prefixOffset: number,
  prefixLength: number,
  rest: Uint8Array,
  restOffset: number,
  restLength: number,
): number {
  const code = prefixLength > 0 ? prefix[prefixOffset]! : rest[restOffset]!;
  if (code < KEY_ZERO || code > KEY_ZERO + 3) {
    return readLongRowid(prefix, prefixOffset, prefixLength, rest, restOffset, restLength);
  }
  let value = 0;
  for (let i = 1; i < prefixLength; i++) {
    value = (value << 8) | prefix[prefixOffset + i]!;
  }
  for (let i = prefixLength === 0 ? 1 : 0; i < restLength; i++) {
    value = (value << 8) | rest[restOffset + i]!;
  }
  return value;
}

/** One that is negative or has more than three bytes, as most have not. */
function readLongRowid(
  prefix: Uint8Array,
  prefixOffset: number,
  prefixLength: number,
  rest: Uint8Array,
  restOffset: number,
  restLength: number,
): number {
  let value = 0;
  for (let i = 1; i < prefixLength; i++) {
    value = value * 256 + prefix[prefixOffset + i]!;
  }
  for (let i = prefixLength === 0 ? 1 : 0; i < restLength; i++) {
    value = value * 256 + rest[restOffset + i]!;
  }
  const code = prefixLength > 0 ? prefix[prefixOffset]! : rest[restOffset]!;
  return code >= KEY_ZERO ? value : value - 256 ** (KEY_ZERO - code);
}

/** Answers a rowid of any size. */
export function answerRowid(
  prefix: Uint8Array,
  prefixOffset: number,
  prefixLength: number,
  rest: Uint8Array,
  restOffset: number,
  restLength: number,
): void {
  const exact = readRowid(prefix, prefixOffset, prefixLength, rest, restOffset, restLength);
  if (exact < EXACT_ROWIDS && exact > -EXACT_ROWIDS) {
    answerInteger(exact);
    return;
  }
  const bytes = [
    ...prefix.subarray(prefixOffset, prefixOffset + prefixLength),
    ...rest.subarray(restOffset, restOffset + restLength),
  ];
  let value = 0n;
  for (let i = 1; i < bytes.length; i++) {
    value = (value << 8n) + BigInt(bytes[i]!);
  }
  answerInt64(bytes[0]! >= KEY_ZERO ? value : value - (1n << BigInt((KEY_ZERO - bytes[0]!) * 8)));
}
