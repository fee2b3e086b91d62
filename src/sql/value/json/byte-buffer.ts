/** Bytes that grow: what JSON text and JSONB are written into, and edited in. Kept and used again, not made for a call. */
import { DbError } from "../../../errors.ts";

const FIRST_BYTES = 256;
/** Nothing that a row can hold is longer. */
const MOST_BYTES = 2 ** 28;

export class ByteBuffer {
  bytes: Uint8Array;
  length: number;

  constructor() {
    this.bytes = new Uint8Array(FIRST_BYTES);
    this.length = 0;
  }

  /** Makes room for `count` bytes behind the last. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      if (needed > MOST_BYTES) {
        throw new DbError("FULL", `string or blob too big: JSON of more than ${MOST_BYTES} bytes`);
      }
      const larger = new Uint8Array(Math.min(Math.max(needed, this.bytes.length * 2), MOST_BYTES));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
  }

  put(byte: number): void {
    if (this.length === this.bytes.length) {
      this.reserve(1);
    }
    this.bytes[this.length++] = byte;
  }

  /** Appends bytes `[start, end)`: by a loop where they are few, which is faster up to some 60. */
  append(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    copyBytes(from, start, end, this.bytes, this.length);
    this.length += end - start;
  }

  /** Appends a string of ASCII. */
  appendAscii(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      this.bytes[this.length++] = text.charCodeAt(i);
    }
  }

  /** Replaces `[start, end)` by `count` bytes, which the caller then writes. */
  splice(start: number, end: number, count: number): void {
    const difference = count - (end - start);
    if (difference > 0) {
      this.reserve(difference);
    }
    if (difference !== 0) {
      this.bytes.copyWithin(start + count, end, this.length);
      this.length += difference;
    }
  }

  /** A copy of the bytes that is the caller's own. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** Empties it; room beyond what is usual is given back. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) {
      this.bytes = new Uint8Array(FIRST_BYTES);
    }
  }
}

const KEPT_BYTES = 2 ** 20;
const LOOP_BYTES = 48;

export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (end - start <= LOOP_BYTES) {
    for (let i = start; i < end; i++) {
      into[at++] = from[i]!;
    }
  } else {
    into.set(from.subarray(start, end), at);
  }
}
