/** Small things that generated code calls once a statement. */
import { DbError } from "../../errors.ts";
import type { KeyWriter } from "../key.ts";
import { toNumericAffinity } from "../value/affinity.ts";
import { answer, answered, BIG, INTEGER, type SqlValue, type Tag } from "../value/value.ts";

/** LIMIT and OFFSET: a whole number; a negative limit is none. */
export function limitOf(tag: Tag, value: SqlValue, whenNegative: number): number {
  toNumericAffinity(tag, value);
  if (answer.tag !== INTEGER && answer.tag !== BIG) {
    throw new DbError("INVALID", "datatype mismatch: LIMIT and OFFSET are integers");
  }
  const limit = Number(answered());
  return limit < 0 ? whenNegative : limit;
}

/**
 * Behind every key that begins with the columns written so far: greater than the code of any further column, less than
 * that of a fraction, which would make the last column another value.
 */
const AFTER_COLUMNS = 0x50;

/** The end of a range: a copy of the key written so far, or the place behind all keys that begin with it. */
export function rangeKey(writer: KeyWriter, after: boolean): Uint8Array {
  const key = new Uint8Array(writer.length + (after ? 1 : 0));
  key.set(writer.bytes.subarray(0, writer.length));
  if (after) {
    key[writer.length] = AFTER_COLUMNS;
  }
  return key;
}

/** A blob that the caller may keep and change. */
export function copyBlob(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? value.slice() : value;
}
