/**
 * An operation: one key changed by one commit, as it lies in a segment's arena and in its file.
 *
 *     +0   u32  previous version of this key in the same arena: an op offset, 0 for none
 *     +4   u32  commit number, less the segment's base commit
 *     +8   u32  keyspace
 *     +12  u16  key length      +14  u8  kind      +15  u8  flags
 *     +16  u32  value length
 *     +20  f64  expiry, milliseconds since the epoch; present only with OP_FLAG_EXPIRY
 *     then the key, the value, and zeros up to a multiple of 4
 *
 * An op is named by its byte offset in the arena: a multiple of 4, below 2^30, never 0. The functions here are the
 * innermost of every lookup, so they take the arena's u32 words (key length, kind and flags are one word) and allocate
 * nothing. They verify nothing either: recovery checks a record's ops once (`recordOpsFit`), then the arena is trusted.
 */
import { assert } from "../assert.ts";

/** Byte offsets of the fields within an op. Part of the format; never renumber. */
export const OP_PREVIOUS = 0;
export const OP_COMMIT_DELTA = 4;
export const OP_KEYSPACE = 8;
export const OP_KEY_LENGTH = 12;
export const OP_KIND = 14;
export const OP_FLAGS = 15;
export const OP_VALUE_LENGTH = 16;
export const OP_EXPIRY = 20;
export const OP_HEADER_BYTES = 20;
export const OP_EXPIRY_BYTES = 8;

/** Of a key, or of a bound of a range delete: that of the longest key and one byte, which makes the key's successor. */
export const MAX_OP_KEY_BYTES = 2049;

/** What an op does. Part of the format; never renumber. */
export const OP_KIND_PUT = 1;
export const OP_KIND_DELETE = 2;
/** Everything from the key up to, not including, the value; a value of no bytes is no end. */
export const OP_KIND_DELETE_RANGE = 3;
/** The value is operands, to be applied to what the key has by then. */
export const OP_KIND_MERGE = 4;

/** Bits of the flags byte. Part of the format; never renumber. */
export const OP_FLAG_EXPIRY = 1;
/** A later op of the same record changes the same key, so that no reader ever sees this one. */
export const OP_FLAG_SUPERSEDED = 2;

const SUPERSEDED_BIT = OP_FLAG_SUPERSEDED << 24;

export function opPrevious(u32: Uint32Array, op: number): number {
  return u32[op >>> 2]!;
}

export function opCommitDelta(u32: Uint32Array, op: number): number {
  return u32[(op + OP_COMMIT_DELTA) >>> 2]!;
}

/** The commit number of an op; while its record is open, the number that it will get. */
export function opCommit(segment: { readonly u32: Uint32Array; readonly baseCommit: number }, op: number): number {
  return segment.baseCommit + segment.u32[(op + OP_COMMIT_DELTA) >>> 2]!;
}

export function opKeyspace(u32: Uint32Array, op: number): number {
  return u32[(op + OP_KEYSPACE) >>> 2]!;
}

export function opKeyLength(u32: Uint32Array, op: number): number {
  return u32[(op + OP_KEY_LENGTH) >>> 2]! & 0xffff;
}

export function opKind(u32: Uint32Array, op: number): number {
  return (u32[(op + OP_KEY_LENGTH) >>> 2]! >>> 16) & 0xff;
}

export function opFlags(u32: Uint32Array, op: number): number {
  return u32[(op + OP_KEY_LENGTH) >>> 2]! >>> 24;
}

export function opValueLength(u32: Uint32Array, op: number): number {
  return u32[(op + OP_VALUE_LENGTH) >>> 2]!;
}

export function opKeyOffset(u32: Uint32Array, op: number): number {
  return op + OP_HEADER_BYTES + ((opFlags(u32, op) & OP_FLAG_EXPIRY) << 3);
}

export function opValueOffset(u32: Uint32Array, op: number): number {
  return opKeyOffset(u32, op) + opKeyLength(u32, op);
}

/** The deadline of an entry in milliseconds since the epoch, 0 for none. */
export function opExpiry(u32: Uint32Array, data: DataView, op: number): number {
  return (opFlags(u32, op) & OP_FLAG_EXPIRY) === 0 ? 0 : data.getFloat64(op + OP_EXPIRY, true);
}

/** Bytes that an op takes in the arena, padding included: the next op of the record is at `op + opBytes`. */
export function opBytes(u32: Uint32Array, op: number): number {
  return (opValueOffset(u32, op) - op + opValueLength(u32, op) + 3) & ~3;
}

/** Bytes that are enough for an op with such a key and value, with or without an expiry. */
export function opBytesFor(keyLength: number, valueLength: number): number {
  return (OP_HEADER_BYTES + OP_EXPIRY_BYTES + keyLength + valueLength + 3) & ~3;
}

/** The newest version at or before `newest` whose commit delta is at most `commitDelta`; 0 if there is none here. */
export function visibleOp(u32: Uint32Array, newest: number, commitDelta: number): number {
  let op = newest;
  while (op !== 0 && u32[(op + OP_COMMIT_DELTA) >>> 2]! > commitDelta) {
    op = u32[op >>> 2]!;
  }
  return op;
}

/** Writes all of a header but the commit delta and the value length, which are 0; `expiry` 0 for none. */
export function writeOpHeader(
  u32: Uint32Array,
  data: DataView,
  op: number,
  kind: number,
  keyspace: number,
  keyLength: number,
  expiry: number,
): void {
  assert(keyLength <= MAX_OP_KEY_BYTES, "W11: an op's key is no longer than a key's successor");
  const word = op >>> 2;
  u32[word] = 0;
  u32[word + 1] = 0;
  u32[word + 2] = keyspace;
  u32[word + 4] = 0;
  if (expiry === 0) {
    u32[word + 3] = keyLength | (kind << 16);
  } else {
    u32[word + 3] = keyLength | (kind << 16) | (OP_FLAG_EXPIRY << 24);
    data.setFloat64(op + OP_EXPIRY, expiry, true);
  }
}

export function setOpPrevious(u32: Uint32Array, op: number, previous: number): void {
  u32[op >>> 2] = previous;
}

export function setOpSuperseded(u32: Uint32Array, op: number, superseded: boolean): void {
  const word = (op + OP_KEY_LENGTH) >>> 2;
  u32[word] = superseded ? u32[word]! | SUPERSEDED_BIT : u32[word]! & ~SUPERSEDED_BIT;
}
