/**
 * Rows: the columns of one table row as bytes, each readable without decoding another.
 *
 *    0      2         2 + 2n                                          narrow: up to 4095 bytes
 *   ┌──────┬─────────┬──────────────────────┐
 *   │ head │ n × u16 │ bodies of the columns │      head    u16: number of columns × 2
 *   └──────┴─────────┴──────────────────────┘      column  u16: kind × 4096 + where its body ends
 *
 *    0      2         2 + 4n                                          wide: up to 256 MiB
 *   ┌──────┬─────────┬──────────────────────┐
 *   │ head │ n × u32 │ bodies of the columns │      head    u16: number of columns × 2 + 1
 *   └──────┴─────────┴──────────────────────┘      column  u32: kind × 2^28 + where its body ends
 *
 *   kind   0 NULL      1 the integer 0    2 the integer 1   (no body)
 *          3 int8      4 int16   5 int24   6 int32   7 int48   8 int56     9 int64, beyond ±(2^53 − 1) only
 *         10 float64  11 ASCII  12 UTF-8  13 blob
 *
 * Ends count from the start of the row, everything is little endian, and a body starts where the one before it ends
 * (the first one behind the header); a number's start follows from its end. One 16-bit read tells type and place of a
 * column, two those of a text. Values in JavaScript are at most 2^28 bytes, so 28 bits hold every end.
 *
 * A column is known by its slot, which is never reused. A row with fewer columns than the table was written before the
 * later ones were added, which then have their default: so adding a column rewrites nothing, and no row needs a version.
 * Text that is ASCII says so, which makes it decodable without looking and its length in bytes its length.
 */
import { copyBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { asciiText, utf8Text, writeText } from "./value/text.ts";
import {
  answerNull,
  answerValue,
  BIG,
  BLOB,
  INTEGER,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
} from "./value/value.ts";

/** Kinds of the format; never renumber. */
export const KIND_NULL = 0;
export const KIND_ZERO = 1;
export const KIND_ONE = 2;
export const KIND_INT8 = 3;
export const KIND_INT16 = 4;
export const KIND_INT24 = 5;
export const KIND_INT32 = 6;
export const KIND_INT48 = 7;
export const KIND_INT56 = 8;
export const KIND_INT64 = 9;
export const KIND_REAL = 10;
export const KIND_ASCII = 11;
export const KIND_UTF8 = 12;
export const KIND_BLOB = 13;

/** The tag of each kind: a kind belongs to one tag only, so that a tag is known before the body is read. */
export const TAG_OF_KIND: Uint8Array = Uint8Array.of(
  NULL,
  INTEGER,
  INTEGER,
  INTEGER,
  INTEGER,
  INTEGER,
  INTEGER,
  INTEGER,
  INTEGER,
  BIG,
  REAL,
  TEXT,
  TEXT,
  BLOB,
  // No kinds; reading such a body reports the damage.
  BLOB,
  BLOB,
);

export const HEAD_BYTES = 2;
export const NARROW_BYTES = 2;
const WIDE_BYTES = 4;
/** A narrow row's last possible end. */
const NARROW_LIMIT = 0xfff;
/** The longest row, and so the longest value. */
export const MAX_ROW_BYTES = 0xfff_ffff;

const INITIAL_ROW_BYTES = 4096;

/** The head of a narrow row of so many columns. */
export function narrowHead(columns: number): number {
  return columns * 2;
}

/** Where a column lies; set by `locateColumn`. */
export const place: { kind: number; start: number; end: number } = { kind: 0, start: 0, end: 0 };

/**
 * Finds a column in a row of either form, and sets `place` with offsets into the array. False: the row is older than
 * the column.
 */
export function locateColumn(data: DataView, row: number, slot: number): boolean {
  const head = data.getUint16(row, true);
  const columns = head >>> 1;
  if (slot >= columns) {
    return false;
  }
  if ((head & 1) === 0) {
    const at = row + HEAD_BYTES + slot * NARROW_BYTES;
    const entry = data.getUint16(at, true);
    place.kind = entry >>> 12;
    place.end = row + (entry & NARROW_LIMIT);
    place.start =
      slot === 0 ? row + HEAD_BYTES + columns * NARROW_BYTES : row + (data.getUint16(at - 2, true) & NARROW_LIMIT);
  } else {
    const at = row + HEAD_BYTES + slot * WIDE_BYTES;
    const entry = data.getUint32(at, true);
    place.kind = entry >>> 28;
    place.end = row + (entry & MAX_ROW_BYTES);
    place.start =
      slot === 0 ? row + HEAD_BYTES + columns * WIDE_BYTES : row + (data.getUint32(at - 4, true) & MAX_ROW_BYTES);
  }
  return true;
}

/** The number in a body whose tag is INTEGER or REAL; 0 for every other. */
export function readNumberBody(u8: Uint8Array, data: DataView, kind: number, end: number): number {
  switch (kind) {
    case KIND_ONE:
      return 1;
    case KIND_INT8:
      return data.getInt8(end - 1);
    case KIND_INT16:
      return data.getInt16(end - 2, true);
    case KIND_INT24:
      return data.getInt16(end - 2, true) * 256 + u8[end - 3]!;
    case KIND_INT32:
      return data.getInt32(end - 4, true);
    case KIND_INT48:
      return data.getInt32(end - 4, true) * 65_536 + data.getUint16(end - 6, true);
    case KIND_INT56:
      return data.getInt32(end - 4, true) * 0x100_0000 + data.getUint16(end - 6, true) * 256 + u8[end - 7]!;
    case KIND_REAL:
      return data.getFloat64(end - 8, true);
    default:
      return 0;
  }
}

/** What is in a body that is not a number: the caller's own copy. null for NULL. */
export function readOtherBody(u8: Uint8Array, data: DataView, kind: number, start: number, end: number): SqlValue {
  switch (kind) {
    case KIND_NULL:
      return null;
    case KIND_ASCII:
      return asciiText(u8, start, end);
    case KIND_UTF8:
      return utf8Text(u8, start, end);
    case KIND_BLOB:
      return u8.slice(start, end);
    case KIND_INT64:
      return data.getBigInt64(end - 8, true);
    default:
      throw new DbError("CORRUPT", `a row has a column of kind ${kind}, which is none. Run nacre check`, { kind });
  }
}

/** Answers the value of a column; NULL for one that the row is older than. */
export function readColumn(u8: Uint8Array, data: DataView, row: number, slot: number): void {
  if (!locateColumn(data, row, slot)) {
    answerNull();
    return;
  }
  const { kind, start, end } = place;
  const tag = (TAG_OF_KIND[kind] ?? BLOB) as Tag;
  const isNumber = tag === INTEGER || tag === REAL;
  answerValue(tag, isNumber ? readNumberBody(u8, data, kind, end) : readOtherBody(u8, data, kind, start, end));
}

/** Builds rows in one buffer: `begin`, `add` once a column, `finish`, then `bytes[0, length)`. */
export class RowWriter {
  bytes: Uint8Array;
  length: number;
  #data: DataView;
  #columns: number;
  #slot: number;
  /** Kind and end of each column, for rows that turn out wide. */
  #kinds: Uint8Array;
  #ends: Uint32Array;

  constructor() {
    this.bytes = new Uint8Array(INITIAL_ROW_BYTES);
    this.length = 0;
    this.#data = new DataView(this.bytes.buffer);
    this.#columns = 0;
    this.#slot = 0;
    this.#kinds = new Uint8Array(16);
    this.#ends = new Uint32Array(16);
  }

  begin(columns: number): void {
    if (columns > this.#kinds.length) {
      this.#kinds = new Uint8Array(columns);
      this.#ends = new Uint32Array(columns);
    }
    this.#columns = columns;
    this.#slot = 0;
    this.length = HEAD_BYTES + columns * NARROW_BYTES;
    this.#reserve(0);
  }

  add(tag: Tag, value: SqlValue): void {
    switch (tag) {
      case NULL:
        this.addNull();
        break;
      case INTEGER:
        this.addInteger(value as number);
        break;
      case REAL:
        this.addReal(value as number);
        break;
      case BIG:
        this.#reserve(8);
        this.#data.setBigInt64(this.length, value as bigint, true);
        this.#close(KIND_INT64, 8);
        break;
      case BLOB:
        this.#addBlob(value as Uint8Array);
        break;
      default:
        this.addText(value as string);
    }
  }

  addNull(): void {
    this.#close(KIND_NULL, 0);
  }

  /** A safe integer in as few bytes as hold it. */
  addInteger(value: number): void {
    this.#reserve(8);
    const { length } = this;
    const data = this.#data;
    if (value === (value | 0)) {
      if (value === 0 || value === 1) {
        this.#close(KIND_ZERO + value, 0);
      } else if (value >= -0x80 && value < 0x80) {
        data.setInt8(length, value);
        this.#close(KIND_INT8, 1);
      } else if (value >= -0x8000 && value < 0x8000) {
        data.setInt16(length, value, true);
        this.#close(KIND_INT16, 2);
      } else if (value >= -0x80_0000 && value < 0x80_0000) {
        data.setUint8(length, value);
        data.setInt16(length + 1, value >> 8, true);
        this.#close(KIND_INT24, 3);
      } else {
        data.setInt32(length, value, true);
        this.#close(KIND_INT32, 4);
      }
    } else if (value >= -(2 ** 47) && value < 2 ** 47) {
      data.setUint16(length, value % 65_536, true);
      data.setInt32(length + 2, Math.floor(value / 65_536), true);
      this.#close(KIND_INT48, 6);
    } else {
      const high = Math.floor(value / 0x100_0000);
      const low = value - high * 0x100_0000;
      data.setUint8(length, low);
      data.setUint16(length + 1, low >> 8, true);
      data.setInt32(length + 3, high, true);
      this.#close(KIND_INT56, 7);
    }
  }

  addReal(value: number): void {
    this.#reserve(8);
    this.#data.setFloat64(this.length, value, true);
    this.#close(KIND_REAL, 8);
  }

  addText(value: string): void {
    this.#reserve(value.length * 3);
    const lengthBytes = writeText(value, this.bytes, this.length);
    this.#close(lengthBytes === value.length ? KIND_ASCII : KIND_UTF8, lengthBytes);
  }

  /** A column taken over as it is stored in another row. */
  addBody(u8: Uint8Array, kind: number, start: number, end: number): void {
    this.#reserve(end - start);
    copyBytes(u8, start, this.bytes, this.length, end - start);
    this.#close(kind, end - start);
  }

  /** Writes the header; the row's length. */
  finish(): number {
    const columns = this.#columns;
    if (this.length > NARROW_LIMIT) {
      return this.#finishWide();
    }
    const data = this.#data;
    data.setUint16(0, narrowHead(columns), true);
    for (let slot = 0; slot < columns; slot++) {
      data.setUint16(HEAD_BYTES + slot * NARROW_BYTES, (this.#kinds[slot]! << 12) | this.#ends[slot]!, true);
    }
    return this.length;
  }

  #addBlob(value: Uint8Array): void {
    this.#reserve(value.length);
    this.bytes.set(value, this.length);
    this.#close(KIND_BLOB, value.length);
  }

  #finishWide(): number {
    const columns = this.#columns;
    const growth = columns * (WIDE_BYTES - NARROW_BYTES);
    this.#reserve(growth);
    const bodies = HEAD_BYTES + columns * NARROW_BYTES;
    this.bytes.copyWithin(bodies + growth, bodies, this.length);
    this.length += growth;
    this.#data.setUint16(0, narrowHead(columns) + 1, true);
    for (let slot = 0; slot < columns; slot++) {
      const entry = this.#kinds[slot]! * 2 ** 28 + this.#ends[slot]! + growth;
      this.#data.setUint32(HEAD_BYTES + slot * WIDE_BYTES, entry, true);
    }
    return this.length;
  }

  #close(kind: number, lengthBytes: number): void {
    this.length += lengthBytes;
    this.#kinds[this.#slot] = kind;
    this.#ends[this.#slot] = this.length;
    this.#slot++;
  }

  #reserve(lengthBytes: number): void {
    const needed = this.length + lengthBytes;
    if (needed <= this.bytes.length) {
      return;
    }
    if (needed > MAX_ROW_BYTES) {
      throw new DbError("INVALID", `a row may have ${MAX_ROW_BYTES} bytes`, { limit: MAX_ROW_BYTES, length: needed });
    }
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#data = new DataView(larger.buffer);
  }
}
