/**
 * Values between SQL and JavaScript as better-sqlite3 has them.
 *
 *                from JavaScript                              to JavaScript
 *   REAL         every number                                 number
 *   INTEGER      bigint of 64 bits                            number, rounded beyond 2^53; bigint with safe integers
 *   TEXT         string                                       string
 *   BLOB         Buffer, or another view of memory            Buffer
 *   NULL         null, undefined, NaN                         null
 */
import {
  answerBlob,
  answerInt64,
  answerNull,
  answerReal,
  answerText,
  BIG,
  BLOB,
  INTEGER,
  MAX_INT64,
  MIN_INT64,
  type SqlValue,
  type Tag,
} from "../value/value.ts";

export type SqliteValue = null | number | bigint | string | Buffer;

export function isInt64(value: bigint): boolean {
  return value >= MIN_INT64 && value <= MAX_INT64;
}

/** A copy of what a Buffer or another view shows. */
export function copyOfView({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
}

/** A value of a result, which is the caller's own already. */
export function toSqlite(value: SqlValue): SqliteValue {
  if (typeof value === "bigint") {
    return Number(value);
  }
  return value instanceof Uint8Array ? bufferOver(value) : value;
}

/** The same where every INTEGER is a bigint already. */
export function toExactSqlite(value: SqlValue): SqliteValue {
  return value instanceof Uint8Array ? bufferOver(value) : value;
}

/** An argument of a function of the application's. */
export function argumentOf(tag: Tag, value: SqlValue, safeIntegers: boolean): SqliteValue {
  switch (tag) {
    case INTEGER:
    case BIG:
      return safeIntegers ? BigInt(value as number | bigint) : Number(value);
    case BLOB:
      return Buffer.from(value as Uint8Array);
    default:
      return value as SqliteValue;
  }
}

/** Leaves what the application's code gave in `answer`; `giver` begins the message where that is no value of SQL's. */
export function answerOf(value: unknown, giver: string): void {
  switch (typeof value) {
    case "number":
      answerReal(value);
      return;
    case "string":
      answerText(value);
      return;
    case "undefined":
      answerNull();
      return;
    case "bigint":
      if (!isInt64(value)) {
        throw new RangeError(`${giver} a bigint that was too big`);
      }
      answerInt64(value);
      return;
    default:
      if (value === null) {
        answerNull();
      } else if (ArrayBuffer.isView(value)) {
        answerBlob(copyOfView(value));
      } else {
        throw new TypeError(`${giver} an invalid value`);
      }
  }
}

/** The same memory. */
function bufferOver({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
