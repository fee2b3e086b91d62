/**
 * Rows that a statement keeps: results of a subquery, of a sort, the inner side of a hash join. They are encoded as a table's
 * rows are (row.ts), one behind the other in one buffer: no objects to collect, and what reads columns of a table in place
 * reads theirs.
 *
 *   const row = arena.add(writer);              // rows are numbered from 0
 *   arena.offsets[row]                          // where it lies in arena.u8 and arena.data; both are replaced as it grows
 *
 * Bounds: `limit` rows and `bytes`; beyond them FULL.
 */
import { copyBytes } from "../../bytes.ts";
import type { RowWriter } from "../row.ts";
import { MOST_HELD_BYTES, tooManyBytes, tooManyRows } from "./holding.ts";

const FIRST_BYTES = 1024;
/** So few that they lie beside their object, and need no memory of their own. */
const FIRST_ROWS = 16;
const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_DATA = new DataView(NO_BYTES.buffer);

export class RowArena {
  u8: Uint8Array;
  data: DataView;
  offsets: Uint32Array;
  /** How many rows there are. */
  count: number;
  readonly #limit: number;
  readonly #bytes: number;
  #used: number;

  constructor(limit: number, bytes: number = MOST_HELD_BYTES) {
    this.u8 = NO_BYTES;
    this.data = NO_DATA;
    this.offsets = new Uint32Array(FIRST_ROWS);
    this.count = 0;
    this.#limit = limit;
    this.#bytes = Math.min(bytes, MOST_HELD_BYTES);
    this.#used = 0;
  }

  /** The number of the row that the writer has finished. */
  add(writer: RowWriter): number {
    const { bytes, length } = writer;
    const row = this.count;
    if (row === this.#limit) {
      throw tooManyRows(this.#limit);
    }
    const at = this.#used;
    this.#reserve(at + length);
    if (row === this.offsets.length) {
      const larger = new Uint32Array(row * 2);
      larger.set(this.offsets);
      this.offsets = larger;
    }
    copyBytes(bytes, 0, this.u8, at, length);
    this.offsets[row] = at;
    this.count = row + 1;
    this.#used = at + length;
    return row;
  }

  #reserve(needed: number): void {
    if (needed <= this.u8.length) {
      return;
    }
    if (needed > this.#bytes) {
      throw tooManyBytes(this.#bytes);
    }
    const larger = new Uint8Array(Math.max(needed, FIRST_BYTES, this.u8.length * 2));
    larger.set(this.u8.subarray(0, this.#used));
    this.u8 = larger;
    this.data = new DataView(larger.buffer);
  }
}
