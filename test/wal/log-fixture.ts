/** A log of small text entries, for tests: write records, read them back, open and reopen. */

import type { Disk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import {
  firstOp,
  Log,
  type LogBytes,
  type LogOptions,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opBytes,
  opKeyLength,
  opKeyOffset,
  opKind,
  opValueLength,
  opValueOffset,
  recordCommit,
  recordOpCount,
  recordTime,
} from "../../src/wal/index.ts";

/** Key and value; a value of undefined deletes. */
export type Entry = readonly [key: string, value: string | undefined];

export interface ReadRecord {
  readonly commit: number;
  readonly timeMs: number;
  readonly entries: readonly Entry[];
}

export const SMALL_SEGMENT_BYTES: number = 16 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface OpenedLog {
  readonly log: Log;
  /** What recovery gave. */
  readonly records: readonly ReadRecord[];
}

export function openLog(disk: Disk, options: Partial<LogOptions> = {}): OpenedLog {
  const records: ReadRecord[] = [];
  const log = Log.open(disk, {
    firstSegment: 1,
    baseCommit: 0,
    segmentBytes: SMALL_SEGMENT_BYTES,
    rng: seededRng(7),
    onRecord: (segment, record) => records.push(readRecord(segment, record)),
    ...options,
  });
  return { log, records };
}

/** Appends one record; makes room as the transactions do. Its commit number. */
export function append(log: Log, entries: readonly Entry[], timeMs = 1000): number {
  log.beginRecord();
  for (const [key, value] of entries) {
    appendOp(log, key, value);
  }
  return log.endRecord(0, timeMs);
}

export function appendOp(log: Log, key: string, value: string | undefined, expiry = 0): number {
  const keyBytes = encoder.encode(key);
  const valueBytes = encoder.encode(value ?? "");
  const kind = value === undefined ? OP_KIND_DELETE : OP_KIND_PUT;
  let op = log.reserveOp(kind, 1, keyBytes.length, valueBytes.length, expiry);
  if (op === 0) {
    log.makeRoom(64 + keyBytes.length + valueBytes.length);
    op = log.reserveOp(kind, 1, keyBytes.length, valueBytes.length, expiry);
  }
  const { u8, u32 } = log.active;
  u8.set(keyBytes, opKeyOffset(u32, op));
  u8.set(valueBytes, opValueOffset(u32, op));
  log.finishOp(op, valueBytes.length);
  return op;
}

export function readRecord(bytes: LogBytes, record: number): ReadRecord {
  const { u8, u32, data } = bytes;
  const entries: Entry[] = [];
  let op = firstOp(record);
  for (let left = recordOpCount(u32, record); left > 0; left--) {
    const key = text(u8, opKeyOffset(u32, op), opKeyLength(u32, op));
    const value = text(u8, opValueOffset(u32, op), opValueLength(u32, op));
    entries.push([key, opKind(u32, op) === OP_KIND_PUT ? value : undefined]);
    op += opBytes(u32, op);
  }
  return { commit: recordCommit(u32, record), timeMs: recordTime(data, record), entries };
}

/** Everything a reader of the log gives after `fromCommit`. */
export function readAll(log: Log, fromCommit: number): ReadRecord[] {
  const reader = log.read(fromCommit);
  const records: ReadRecord[] = [];
  while (reader.next()) {
    records.push(readRecord(reader.segment!, reader.record));
  }
  reader.close();
  return records;
}

function text(u8: Uint8Array, offset: number, length: number): string {
  return decoder.decode(u8.slice(offset, offset + length));
}
