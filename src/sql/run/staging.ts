/**
 * Changes that an UPDATE or DELETE has decided on while it reads, to be made when nothing points into the rows any more.
 *
 * Keys and rows are copied into one arena. Changes that leave keys alone are made after each batch of rows, and the scan
 * goes on behind it; where the key itself is updated they wait until all rows were read, so that no row is met twice. Bound: MAX_STAGED_BYTES.
 */
import { DbError } from "../../errors.ts";

const MAX_STAGED_BYTES = 2 ** 30;
const INITIAL_BYTES = 65_536;
/** Numbers per change: old key, new key, row: offset and length each. */
const FIELDS = 6;

export class Staging {
  bytes: Uint8Array;
  count: number;
  #used: number;
  #fields: Float64Array;

  constructor() {
    this.bytes = new Uint8Array(INITIAL_BYTES);
    this.count = 0;
    this.#used = 0;
    this.#fields = new Float64Array(FIELDS * 256);
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
  }

  /** Begins the next change with the key of the row as it is, in two parts. */
  addKey(
    prefix: Uint8Array,
    prefixOffset: number,
    prefixLength: number,
    rest: Uint8Array,
    restOffset: number,
    restLength: number,
  ): void {
    this.#reserve(prefixLength + restLength);
    const at = this.count * FIELDS;
    if (at === this.#fields.length) {
      const larger = new Float64Array(at * 2);
      larger.set(this.#fields);
      this.#fields = larger;
    }
    this.#fields[at] = this.#used;
    this.#copy(prefix, prefixOffset, prefixLength);
    this.#copy(rest, restOffset, restLength);
    this.#fields[at + 1] = prefixLength + restLength;
    this.#fields.fill(0, at + 2, at + FIELDS);
    this.count++;
  }

  /** The key that the row of this change moves to. */
  addNewKey(bytes: Uint8Array, length: number): void {
    this.#reserve(length);
    const at = (this.count - 1) * FIELDS + 2;
    this.#fields[at] = this.#used;
    this.#fields[at + 1] = length;
    this.#copy(bytes, 0, length);
  }

  /** The new row of this change. */
  addRow(bytes: Uint8Array, length: number): void {
    this.#reserve(length);
    const at = (this.count - 1) * FIELDS + 4;
    this.#fields[at] = this.#used;
    this.#fields[at + 1] = length;
    this.bytes.set(bytes.subarray(0, length), this.#used);
    this.#used += length;
  }

  keyOffset(change: number): number {
    return this.#fields[change * FIELDS]!;
  }

  keyLength(change: number): number {
    return this.#fields[change * FIELDS + 1]!;
  }

  newKeyOffset(change: number): number {
    return this.#fields[change * FIELDS + 2]!;
  }

  /** 0: the row stays where it is. */
  newKeyLength(change: number): number {
    return this.#fields[change * FIELDS + 3]!;
  }

  rowOffset(change: number): number {
    return this.#fields[change * FIELDS + 4]!;
  }

  /** 0: the row is deleted. */
  rowLength(change: number): number {
    return this.#fields[change * FIELDS + 5]!;
  }

  #copy(from: Uint8Array, offset: number, length: number): void {
    const { bytes } = this;
    let used = this.#used;
    for (let i = 0; i < length; i++) {
      bytes[used++] = from[offset + i]!;
    }
    this.#used = used;
  }

  #reserve(lengthBytes: number): void {
    const needed = this.#used + lengthBytes;
    if (needed <= this.bytes.length) {
      return;
    }
    if (needed > MAX_STAGED_BYTES) {
      throw new DbError("FULL", `one UPDATE of keys may hold ${MAX_STAGED_BYTES} bytes of rows; do it in parts`, {
        limit: MAX_STAGED_BYTES,
      });
    }
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.#used));
    this.bytes = larger;
  }
}
