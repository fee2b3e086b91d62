/**
 * A record: one atomic commit, a header followed by its operations. At a multiple of 4; the first at 64, behind the
 * segment's header; each begins where the one before it ends.
 *
 *     +0   u32  length in bytes, header included
 *     +4   u32  CRC-32 of [8, length), begun with the segment's salt as the initial value
 *     +8   u32  commit number, low      +12  u32  high
 *     +16  u32  flags, the caller's
 *     +20  u32  number of operations
 *     +24  u32  durable lag: commit number less the last commit known to be on disk when this was written
 *     +28  u32  the CRC of the record before it (of the segment's header, for the first)
 *     +32  f64  time of the commit, milliseconds since the epoch
 *     +40  operations
 *
 * The salt makes a record of this life of the file verify by itself, wherever it is found, and a record of an earlier
 * life fail always (CRC-32 is linear: two initial values never lead to the same sum). The CRC of the predecessor makes
 * the records a chain, so that the end of a segment, once named by the next one's header, stands for all of it.
 */
import { crc32 } from "node:zlib";
import { highWord, joinWords, lowWord } from "../bytes.ts";
import {
  MAX_OP_KEY_BYTES,
  OP_FLAG_EXPIRY,
  OP_FLAG_SUPERSEDED,
  OP_HEADER_BYTES,
  OP_KIND_DELETE_RANGE,
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opBytes,
  opCommitDelta,
  opFlags,
  opKeyLength,
  opKind,
  opValueLength,
} from "./op.ts";

/** Byte offsets of the fields within a record. Part of the format; never renumber. */
export const RECORD_LENGTH = 0;
export const RECORD_CRC = 4;
export const RECORD_COMMIT = 8;
export const RECORD_FLAGS = 16;
export const RECORD_OP_COUNT = 20;
export const RECORD_DURABLE_LAG = 24;
export const RECORD_PREVIOUS_CRC = 28;
export const RECORD_TIME = 32;
export const RECORD_HEADER_BYTES = 40;

const RECORD_CRC_FROM = 8;
const MAX_U32 = 0xffff_ffff;

/** The arrays over one buffer of log bytes. */
export interface LogBytes {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
}

export function recordLength(u32: Uint32Array, record: number): number {
  return u32[record >>> 2]!;
}

export function recordCrc(u32: Uint32Array, record: number): number {
  return u32[(record + RECORD_CRC) >>> 2]!;
}

export function recordCommit(u32: Uint32Array, record: number): number {
  return joinWords(u32[(record + RECORD_COMMIT) >>> 2]!, u32[(record + RECORD_COMMIT + 4) >>> 2]!);
}

export function recordFlags(u32: Uint32Array, record: number): number {
  return u32[(record + RECORD_FLAGS) >>> 2]!;
}

export function recordOpCount(u32: Uint32Array, record: number): number {
  return u32[(record + RECORD_OP_COUNT) >>> 2]!;
}

/** The last commit that was known to be on disk when the record was written. */
export function recordDurableCommit(u32: Uint32Array, record: number): number {
  return recordCommit(u32, record) - u32[(record + RECORD_DURABLE_LAG) >>> 2]!;
}

export function recordPreviousCrc(u32: Uint32Array, record: number): number {
  return u32[(record + RECORD_PREVIOUS_CRC) >>> 2]!;
}

/** When the commit was made, in milliseconds since the epoch. */
export function recordTime(data: DataView, record: number): number {
  return data.getFloat64(record + RECORD_TIME, true);
}

/** The record's first operation; the others follow at `op + opBytes(op)`, `recordOpCount` in all. */
export function firstOp(record: number): number {
  return record + RECORD_HEADER_BYTES;
}

/** Fills in a record's header over the operations that lie behind it, and returns its CRC. */
export function sealRecord(
  bytes: LogBytes,
  record: number,
  lengthBytes: number,
  fields: {
    readonly commit: number;
    readonly flags: number;
    readonly opCount: number;
    readonly durableCommit: number;
    readonly previousCrc: number;
    readonly timeMs: number;
    readonly salt: number;
  },
): number {
  const { u32, data } = bytes;
  const word = record >>> 2;
  u32[word] = lengthBytes;
  u32[word + 2] = lowWord(fields.commit);
  u32[word + 3] = highWord(fields.commit);
  u32[word + 4] = fields.flags;
  u32[word + 5] = fields.opCount;
  u32[word + 6] = Math.min(fields.commit - fields.durableCommit, MAX_U32);
  u32[word + 7] = fields.previousCrc;
  data.setFloat64(record + RECORD_TIME, fields.timeMs, true);
  const crc = crcOf(bytes, record, lengthBytes, fields.salt);
  u32[word + 1] = crc;
  return crc;
}

/** Whether a whole record of this life of the segment lies at `record` and ends at or before `end`. */
export function recordVerifies(bytes: LogBytes, record: number, end: number, salt: number): boolean {
  const { u32 } = bytes;
  if (record + RECORD_HEADER_BYTES > end) {
    return false;
  }
  const length = recordLength(u32, record);
  return (
    length >= RECORD_HEADER_BYTES &&
    length % 4 === 0 &&
    length <= end - record &&
    recordCrc(u32, record) === crcOf(bytes, record, length, salt)
  );
}

/**
 * Whether the operations of a record fill it exactly and are ones that this version can apply. A CRC says that the
 * bytes are those that were written; this says that walking them stays inside the record.
 */
export function recordOpsFit(bytes: LogBytes, record: number, commitDelta: number): boolean {
  const { u32 } = bytes;
  const end = record + recordLength(u32, record);
  let op = firstOp(record);
  for (let left = recordOpCount(u32, record); left > 0; left--) {
    if (op + OP_HEADER_BYTES > end || opCommitDelta(u32, op) !== commitDelta) {
      return false;
    }
    const kind = opKind(u32, op);
    if (kind < OP_KIND_PUT || kind > OP_KIND_MERGE || opFlags(u32, op) > KNOWN_FLAGS) {
      return false;
    }
    const boundBytes = kind === OP_KIND_DELETE_RANGE ? opValueLength(u32, op) : 0;
    if (opKeyLength(u32, op) > MAX_OP_KEY_BYTES || boundBytes > MAX_OP_KEY_BYTES) {
      return false;
    }
    op += opBytes(u32, op);
  }
  return op === end;
}

const KNOWN_FLAGS = OP_FLAG_EXPIRY | OP_FLAG_SUPERSEDED;

function crcOf(bytes: LogBytes, record: number, lengthBytes: number, salt: number): number {
  return crc32(bytes.u8.subarray(record + RECORD_CRC_FROM, record + lengthBytes), salt);
}
