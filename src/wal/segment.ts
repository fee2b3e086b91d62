/**
 * A segment: a stretch of the log in memory, and the memtable's arena at once.
 *
 *     0        64                         end          tail            capacity
 *     ├ header ┼ record ┬ record ┬ record ┼ open record ┼ free ─────────┤
 *                                         │
 *                    all before it is in the file too, byte for byte
 *
 * The arena is a SharedArrayBuffer, so that the checkpoint worker reads it in place while commits go on. `end` moves only
 * when a record was written; what lies between `end` and `tail` is one transaction's business and may be taken back.
 * Nothing before `end` ever changes, with one exception: `OP_PREVIOUS` and the superseded flag of an op are set while its
 * record is open, before the CRC is taken.
 *
 * `capacity` is a promise to the writer, not the arena's size: an oversized segment, made for a
 * record larger than `segmentBytes`, is declared full when that record is written.
 */
import { assert } from "../assert.ts";
import type { LogBytes } from "./record.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-header.ts";

export class Segment implements LogBytes {
  readonly number: number;
  /** The last commit before this segment. */
  readonly baseCommit: number;
  readonly arena: SharedArrayBuffer;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
  /** The last commit in this segment; `baseCommit` if there is none. */
  lastCommit: number;
  /** Where the last whole record ends. */
  end: number;
  /** The next free byte, behind the operations of the open record. */
  tail: number;
  capacity: number;
  /** Takes no more records. */
  sealed: boolean;
  /** Drawn for this life of the file; records are verified with it. */
  salt: number;
  /** The CRC of the last record, or of the header. */
  crc: number;
  #pins: number;
  #onUnpinned: (() => void) | undefined;

  constructor(number: number, baseCommit: number, arena: SharedArrayBuffer) {
    this.number = number;
    this.baseCommit = baseCommit;
    this.arena = arena;
    this.u8 = new Uint8Array(arena);
    this.u16 = new Uint16Array(arena);
    this.u32 = new Uint32Array(arena);
    this.data = new DataView(arena);
    this.lastCommit = baseCommit;
    this.end = SEGMENT_HEADER_BYTES;
    this.tail = SEGMENT_HEADER_BYTES;
    this.capacity = arena.byteLength;
    this.sealed = false;
    this.salt = 0;
    this.crc = 0;
    this.#pins = 0;
    this.#onUnpinned = undefined;
  }

  get isEmpty(): boolean {
    return this.lastCommit === this.baseCommit;
  }

  /** Keeps the arena from being used again after the segment's release. Log readers pin, and so do snapshots. */
  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    assert(this.#pins > 0, "W9: a segment is unpinned as often as it was pinned");
    this.#pins--;
    this.#callIfUnpinned();
  }

  /** Calls back once, when nobody pins the segment (any more). */
  whenUnpinned(callback: () => void): void {
    this.#onUnpinned = callback;
    this.#callIfUnpinned();
  }

  #callIfUnpinned(): void {
    const callback = this.#onUnpinned;
    if (this.#pins === 0 && callback !== undefined) {
      this.#onUnpinned = undefined;
      callback();
    }
  }

  seal(): void {
    this.sealed = true;
    this.tail = this.end;
  }
}
