/**
 * The ends of range deletes, where they lie in an arena. One number names an end: the offset of the operation stands for its
 * lower end (its key), the offset and one for its upper end (its value). Nothing is copied: an end takes 4 bytes.
 *
 * An upper end of no bytes is none: the range goes on to the last key. Callers ask `hasUpper` before they compare with it.
 */
import { compareBytes } from "../bytes.ts";
import { opKeyLength, opKeyOffset, opValueLength, opValueOffset } from "../wal/index.ts";

const IS_UPPER = 1;

export function upperEnd(op: number): number {
  return op | IS_UPPER;
}

export function hasUpper(u32: Uint32Array, op: number): boolean {
  return opValueLength(u32, op) !== 0;
}

export function endOffset(u32: Uint32Array, end: number): number {
  return (end & IS_UPPER) === 0 ? opKeyOffset(u32, end) : opValueOffset(u32, end & ~IS_UPPER);
}

export function endLength(u32: Uint32Array, end: number): number {
  return (end & IS_UPPER) === 0 ? opKeyLength(u32, end) : opValueLength(u32, end & ~IS_UPPER);
}

export function copyOfEnd(u8: Uint8Array, u32: Uint32Array, end: number): Uint8Array {
  const offset = endOffset(u32, end);
  return u8.slice(offset, offset + endLength(u32, end));
}

/** Negative, zero or positive as the key sorts before, with or after the end. */
export function compareWithEnd(
  u8: Uint8Array,
  u32: Uint32Array,
  end: number,
  key: Uint8Array,
  offset: number,
  length: number,
): number {
  return compareBytes(key, offset, length, u8, endOffset(u32, end), endLength(u32, end));
}

export function compareEnds(u8: Uint8Array, u32: Uint32Array, a: number, b: number): number {
  return compareWithEnd(u8, u32, b, u8, endOffset(u32, a), endLength(u32, a));
}

/** Whether a key lies before the upper end of an operation. */
export function isBelowUpper(
  u8: Uint8Array,
  u32: Uint32Array,
  op: number,
  key: Uint8Array,
  offset: number,
  length: number,
): boolean {
  return !hasUpper(u32, op) || compareWithEnd(u8, u32, upperEnd(op), key, offset, length) < 0;
}
