/**
 * Keys and values in the three forms that abstract-level hands to a database: text (utf8), Buffer, Uint8Array (view).
 *
 * All three are native here: text is written to where it stays, and read from where it lies, without a Buffer in between.
 * As in LevelDB any bytes can be read as text, U+FFFD in place of what is not UTF-8, and text with half a surrogate pair
 * is stored with U+FFFD for that half.
 *
 * V6. What is returned shares no memory with the database.
 * V7. Keys longer than MAX_KEY_BYTES do not exist: putting one is LEVEL_INVALID_KEY, every other use finds nothing.
 */
import { Buffer } from "node:buffer";
import { copyBytes } from "../bytes.ts";
import { MAX_KEY_BYTES, MAX_VALUE_BYTES, ownedCopy, readLossyText, writeText } from "../mvcc/index.ts";
import { LevelError } from "./errors.ts";

export type Encoded = string | Buffer | Uint8Array;
export type Format = "utf8" | "buffer" | "view";

/** A UTF-16 unit takes three bytes of UTF-8 at the most. */
const UNIT_BYTES = 3;
/** Up to this many characters, room for three bytes each is reserved rather than the exact number counted. */
const COUNT_CHARACTERS = 2048;

export const TOO_LONG = -1;

/** Writes a key into `into`, which has room for any; its length, or TOO_LONG. */
export function writeKey(key: Encoded, into: Uint8Array): number {
  if (typeof key === "string") {
    return key.length * UNIT_BYTES > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES
      ? TOO_LONG
      : writeText(key, into, 0);
  }
  if (isTooLong(key)) {
    return TOO_LONG;
  }
  into.set(key, 0);
  return key.length;
}

/** Whether a key in bytes is longer than any can be. */
export function isTooLong(key: Uint8Array): boolean {
  return key.length > MAX_KEY_BYTES;
}

/** Room that `writeValue` needs. Throws LEVEL_INVALID_VALUE. */
export function valueRoom(value: Encoded): number {
  if (typeof value === "string" && value.length <= COUNT_CHARACTERS) {
    return value.length * UNIT_BYTES;
  }
  const bytes = typeof value === "string" ? Buffer.byteLength(value) : value.length;
  checkValueBytes(bytes);
  return bytes;
}

/** Throws LEVEL_INVALID_VALUE. */
export function checkValueBytes(bytes: number): void {
  if (bytes > MAX_VALUE_BYTES) {
    throw new LevelError(
      "LEVEL_INVALID_VALUE",
      `a value of ${bytes} bytes is too long: the limit is ${MAX_VALUE_BYTES}`,
    );
  }
}

/** Writes a value; its length. */
export function writeValue(value: Encoded, into: Uint8Array, offset: number): number {
  if (typeof value === "string") {
    return writeText(value, into, offset);
  }
  into.set(value, offset);
  return value.length;
}

/** The caller's own copy of bytes that lie in the database; `data`, if there is one, is a view of the same memory. */
export function readAs(format: Format, u8: Uint8Array, offset: number, length: number, data?: DataView): Encoded {
  switch (format) {
    case "utf8":
      return readLossyText(u8, offset, length);
    case "buffer": {
      const copy = Buffer.allocUnsafe(length);
      copyBytes(u8, offset, copy, 0, length);
      return copy;
    }
    default:
      return ownedCopy(u8, offset, length, data);
  }
}

/** The bytes of a key or value, which may be the caller's own memory. */
export function bytesOf(encoded: Encoded): Uint8Array {
  return typeof encoded === "string" ? Buffer.from(encoded) : encoded;
}

/** Bytes that the caller owns, in another form. */
export function ownedAs(format: Format, bytes: Uint8Array): Encoded {
  switch (format) {
    case "utf8":
      return readLossyText(bytes, 0, bytes.length);
    case "buffer":
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    default:
      return bytes;
  }
}

/**
 * A bound that is longer than any key is between the same two keys when it is cut to the longest and one zero byte: what
 * follows the first MAX_KEY_BYTES of it makes no difference to keys that end there.
 */
export function cut(bound: Uint8Array): Uint8Array {
  if (bound.length <= MAX_KEY_BYTES) {
    return bound;
  }
  const bytes = new Uint8Array(MAX_KEY_BYTES + 1);
  bytes.set(bound.subarray(0, MAX_KEY_BYTES), 0);
  return bytes;
}

export function keyTooLong(key: Encoded): LevelError {
  const bytes = bytesOf(key).length;
  return new LevelError("LEVEL_INVALID_KEY", `a key of ${bytes} bytes is too long: the limit is ${MAX_KEY_BYTES}`);
}
