/**
 * A log segment's arena without the log: ops are appended to it and taken back, record by record.
 *
 * Everything is as in a segment, so that an ArenaIndex cannot tell: offsets are multiples of 4 and never 0, a rewound
 * tail is written anew. `undo` overwrites the bytes at once, so that whoever still reads them shows it.
 */
import {
  OP_COMMIT_DELTA,
  OP_VALUE_LENGTH,
  opBytes,
  opBytesFor,
  opKeyOffset,
  writeOpHeader,
} from "../../src/wal/index.ts";

/** Where the first record's first op lies: behind a segment's header and a record's. */
const FIRST_OP = 104;
const RECORD_HEADER_BYTES = 40;
const UNDONE = 0xdb;

export class OpArena {
  readonly buffer: SharedArrayBuffer;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
  tail: number;
  /** Where the open record's first op is. */
  recordStart: number;
  commitDelta: number;

  constructor(capacityBytes: number) {
    this.buffer = new SharedArrayBuffer(capacityBytes);
    this.u8 = new Uint8Array(this.buffer);
    this.u32 = new Uint32Array(this.buffer);
    this.data = new DataView(this.buffer);
    this.tail = FIRST_OP;
    this.recordStart = FIRST_OP;
    this.commitDelta = 1;
  }

  hasRoom(keyLength: number, valueLength: number): boolean {
    return this.tail + opBytesFor(keyLength, valueLength) + RECORD_HEADER_BYTES <= this.u8.length;
  }

  /** Ends the open record and opens the next. */
  nextRecord(): void {
    this.tail += RECORD_HEADER_BYTES;
    this.recordStart = this.tail;
    this.commitDelta++;
  }

  append(keyspace: number, kind: number, key: Uint8Array, valueLength: number, expiry = 0): number {
    const op = this.tail;
    writeOpHeader(this.u32, this.data, op, kind, keyspace, key.length, expiry);
    this.u32[(op + OP_COMMIT_DELTA) >>> 2] = this.commitDelta;
    this.u32[(op + OP_VALUE_LENGTH) >>> 2] = valueLength;
    const keyOffset = opKeyOffset(this.u32, op);
    for (let i = 0; i < key.length; i++) {
      this.u8[keyOffset + i] = key[i]!;
    }
    this.tail = op + opBytes(this.u32, op);
    return op;
  }

  /** Forgets the ops from `op` on. */
  undo(op: number): void {
    this.u8.fill(UNDONE, op, this.tail);
    this.tail = op;
  }
}
