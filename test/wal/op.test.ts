import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_KEY_BYTES } from "../../src/btree/index.ts";
import { MemoryDisk, openDirectory } from "../../src/pager/index.ts";
import {
  firstOp,
  type Log,
  MAX_OP_KEY_BYTES,
  OP_KEY_LENGTH,
  OP_KIND_DELETE,
  OP_KIND_DELETE_RANGE,
  OP_KIND_PUT,
  OP_VALUE_LENGTH,
  opBytes,
  opBytesFor,
  opCommit,
  opExpiry,
  opFlags,
  opKeyLength,
  opKeyOffset,
  opKeyspace,
  opKind,
  opValueLength,
  opValueOffset,
  recordFlags,
  recordOpCount,
  recordTime,
  type Segment,
  setOpPrevious,
  setOpSuperseded,
  visibleOp,
  writeOpHeader,
} from "../../src/wal/index.ts";
import { recordOpsFit } from "../../src/wal/record.ts";
import { checkProperty } from "../support/property.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";
import { openLog } from "./log-fixture.ts";

interface Change {
  readonly kind: number;
  readonly keyspace: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly expiry: number;
}

interface Commit {
  readonly flags: number;
  readonly timeMs: number;
  readonly changes: readonly Change[];
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(OP_KIND_PUT, OP_KIND_DELETE),
  keyspace: fc.integer({ min: 0, max: 0xffff_ffff }),
  key: fc.uint8Array({ maxLength: 2048 }),
  value: fc.uint8Array({ maxLength: 5000 }),
  expiry: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 52 })),
});

const commits: fc.Arbitrary<Commit[]> = fc.array(
  fc.record({
    flags: fc.integer({ min: 0, max: 0xffff_ffff }),
    timeMs: fc.double({ min: 0, max: 1e15, noNaN: true }),
    changes: fc.array(change, { minLength: 1, maxLength: 8 }),
  }),
  { maxLength: 12 },
);

describe("any commits", () => {
  it("come back from the arena and from the file as they were written", () => {
    checkProperty(
      fc.property(commits, (written) => {
        const disk = new MemoryDisk();
        const { log } = openLog(disk);
        written.forEach((commit) => {
          write(log, commit);
        });
        const recovered: Commit[] = [];
        openLog(disk, { onRecord: (segment, record) => recovered.push(read(segment, record)) });
        expect(recovered).toEqual(written);
        const reader = log.read(0);
        for (const commit of written) {
          expect(reader.next()).toBe(true);
          expect(read(reader.segment!, reader.record)).toEqual(commit);
        }
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it("are kept by a directory as well, synced either way", async () => {
    await withTemporaryDirectory(async (directory) => {
      const [first, second] = fc.sample(
        commits.filter((list) => list.length > 1),
        { numRuns: 1, seed: 5 },
      )[0]!;
      const disk = openDirectory(directory, { create: true, readOnly: false });
      const { log } = openLog(disk);
      write(log, first!);
      log.sync();
      write(log, second!);
      await log.syncSoon();
      expect(log.durableCommit).toBe(2);
      log.close();
      const recovered: Commit[] = [];
      const again = openLog(disk, { onRecord: (segment, record) => recovered.push(read(segment, record)) });
      expect(recovered).toEqual([first, second]);
      again.log.close();
    });
  });
});

describe("an op", () => {
  it("has its fields where writeOpHeader put them, with and without an expiry", () => {
    for (const expiry of [0, 1_700_000_000_123]) {
      const bytes = new ArrayBuffer(128);
      const u32 = new Uint32Array(bytes);
      const data = new DataView(bytes);
      writeOpHeader(u32, data, 8, OP_KIND_DELETE, 0xfedc_ba98, 2047, expiry);
      expect(opKind(u32, 8)).toBe(OP_KIND_DELETE);
      expect(opKeyspace(u32, 8)).toBe(0xfedc_ba98);
      expect(opKeyLength(u32, 8)).toBe(2047);
      expect(opValueLength(u32, 8)).toBe(0);
      expect(opExpiry(u32, data, 8)).toBe(expiry);
      expect(opKeyOffset(u32, 8)).toBe(expiry === 0 ? 28 : 36);
      expect(opBytes(u32, 8)).toBeLessThanOrEqual(opBytesFor(2047, 0));
    }
  });

  it("has no key that is longer than a key's successor", () => {
    const bytes = new ArrayBuffer(128);
    const write = (length: number) =>
      writeOpHeader(new Uint32Array(bytes), new DataView(bytes), 8, OP_KIND_DELETE_RANGE, 1, length, 0);
    expect(MAX_OP_KEY_BYTES).toBe(MAX_KEY_BYTES + 1);
    write(MAX_OP_KEY_BYTES);
    expect(() => write(MAX_OP_KEY_BYTES + 1)).toThrow("W11");
    const { log } = openLog(new MemoryDisk());
    log.beginRecord();
    expect(() => log.reserveOp(OP_KIND_DELETE_RANGE, 1, MAX_OP_KEY_BYTES + 1, 0, 0)).toThrow("W11");
  });

  it("with a longer key or bound makes its record unfit", () => {
    const fits = (keyLength: number, boundLength: number) => {
      const { log } = openLog(new MemoryDisk());
      const record = log.active.end;
      log.beginRecord();
      const op = log.reserveOp(OP_KIND_DELETE_RANGE, 1, 0, keyLength + boundLength, 0);
      log.finishOp(op, keyLength + boundLength);
      log.endRecord(0, 0);
      const { data } = log.active;
      data.setUint16(op + OP_KEY_LENGTH, keyLength, true);
      data.setUint32(op + OP_VALUE_LENGTH, boundLength, true);
      return recordOpsFit(log.active, record, 1);
    };
    expect(fits(MAX_OP_KEY_BYTES, MAX_OP_KEY_BYTES)).toBe(true);
    expect(fits(MAX_OP_KEY_BYTES + 1, 0)).toBe(false);
    expect(fits(0, MAX_OP_KEY_BYTES + 1)).toBe(false);
  });

  it("is marked superseded without touching its other flags", () => {
    const bytes = new ArrayBuffer(64);
    const u32 = new Uint32Array(bytes);
    writeOpHeader(u32, new DataView(bytes), 4, OP_KIND_PUT, 1, 3, 99);
    const flags = opFlags(u32, 4);
    setOpSuperseded(u32, 4, true);
    expect(opFlags(u32, 4)).toBe(flags | 2);
    expect(opKind(u32, 4)).toBe(OP_KIND_PUT);
    setOpSuperseded(u32, 4, false);
    expect(opFlags(u32, 4)).toBe(flags);
  });

  it("is found by the commit that a reader sees", () => {
    const { log } = openLog(new MemoryDisk());
    const ops: number[] = [];
    for (let i = 0; i < 3; i++) {
      log.beginRecord();
      const op = log.reserveOp(OP_KIND_PUT, 1, 0, 0, 0);
      log.finishOp(op, 0);
      setOpPrevious(log.active.u32, op, ops.at(-1) ?? 0);
      ops.push(op);
      log.endRecord(0, 0);
    }
    const { u32 } = log.active;
    expect(ops.map((op) => opCommit(log.active, op))).toEqual([1, 2, 3]);
    expect([0, 1, 2, 3, 9].map((delta) => visibleOp(u32, ops[2]!, delta))).toEqual([0, ops[0], ops[1], ops[2], ops[2]]);
  });
});

function write(log: Log, commit: Commit): void {
  log.beginRecord();
  for (const { kind, keyspace, key, value, expiry } of commit.changes) {
    let op = log.reserveOp(kind, keyspace, key.length, value.length, expiry);
    if (op === 0) {
      log.makeRoom(opBytesFor(key.length, value.length));
      op = log.reserveOp(kind, keyspace, key.length, value.length, expiry);
    }
    const { u8, u32 } = log.active;
    u8.set(key, opKeyOffset(u32, op));
    u8.set(value, opValueOffset(u32, op));
    log.finishOp(op, value.length);
  }
  log.endRecord(commit.flags, commit.timeMs);
}

function read(segment: Segment, record: number): Commit {
  const { u8, u32, data } = segment;
  const changes: Change[] = [];
  let op = firstOp(record);
  for (let left = recordOpCount(u32, record); left > 0; left--) {
    const key = opKeyOffset(u32, op);
    const value = opValueOffset(u32, op);
    changes.push({
      kind: opKind(u32, op),
      keyspace: opKeyspace(u32, op),
      key: copyOf(u8, key, opKeyLength(u32, op)),
      value: copyOf(u8, value, opValueLength(u32, op)),
      expiry: opExpiry(u32, data, op),
    });
    op += opBytes(u32, op);
  }
  return { flags: recordFlags(u32, record), timeMs: recordTime(data, record), changes };
}

function copyOf(u8: Uint8Array, offset: number, length: number): Uint8Array {
  return Uint8Array.from(u8.subarray(offset, offset + length));
}
