import { describe, expect, it } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import {
  MAX_OVERSIZED_BYTES,
  OP_KIND_PUT,
  opCommit,
  opFlags,
  opPrevious,
  setOpPrevious,
  setOpSuperseded,
} from "../../src/wal/index.ts";
import { append, appendOp, openLog, readAll, SMALL_SEGMENT_BYTES } from "./log-fixture.ts";

describe("a log", () => {
  it("gives back what was committed, in order, after reopening", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    expect(append(log, [["a", "1"]], 5)).toBe(1);
    expect(
      append(
        log,
        [
          ["a", undefined],
          ["b", "2"],
        ],
        6,
      ),
    ).toBe(2);
    log.close();

    const reopened = openLog(disk);
    expect(reopened.records).toEqual([
      { commit: 1, timeMs: 5, entries: [["a", "1"]] },
      {
        commit: 2,
        timeMs: 6,
        entries: [
          ["a", undefined],
          ["b", "2"],
        ],
      },
    ]);
    expect(reopened.log.lastCommit).toBe(2);
    expect(append(reopened.log, [["c", "3"]])).toBe(3);
    expect(readAll(reopened.log, 1).map((record) => record.commit)).toEqual([2, 3]);
  });

  it("has no file before the first record", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    log.beginRecord();
    appendOp(log, "a", "1");
    expect(disk.list()).toEqual([]);
    log.endRecord(0, 0);
    expect(disk.list()).toEqual(["wal.0000000001"]);
  });

  it("moves to a new segment when one is full, and recycles released ones", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    for (let i = 0; i < 1000; i++) {
      append(log, [[`key ${i}`, "x".repeat(100)]]);
      while (log.segments.length > 2) {
        log.release(log.segments[0]!);
      }
    }
    expect(disk.list().length).toBeLessThanOrEqual(4);
    expect(log.active.number).toBeGreaterThan(8);
    const first = log.segments[0]!;
    const { records } = openLog(disk, { firstSegment: first.number, baseCommit: first.baseCommit });
    expect(records.map((record) => record.commit)).toEqual(
      Array.from({ length: 1000 - first.baseCommit }, (_, i) => first.baseCommit + 1 + i),
    );
  });

  it("takes a transaction larger than a segment", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    append(log, [["small", "1"]]);
    const entries = Array.from({ length: 2000 }, (_, i) => [`key ${i}`, "y".repeat(i % 90)] as const);
    append(log, entries);
    append(log, [["after", "2"]]);
    expect(log.segments.map((segment) => segment.end > SMALL_SEGMENT_BYTES)).toEqual([false, true, false]);
    expect(openLog(disk).records.map((record) => record.entries)).toEqual([
      [["small", "1"]],
      entries,
      [["after", "2"]],
    ]);
  });
});

describe("an open record", () => {
  it("can be taken back to a mark, and altogether", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    log.beginRecord();
    appendOp(log, "a", "1");
    const mark = log.tail;
    appendOp(log, "b", "2");
    appendOp(log, "c", "3", 12_345);
    log.rewindTo(mark);
    appendOp(log, "d", "4");
    log.endRecord(0, 0);
    log.beginRecord();
    appendOp(log, "e", "5");
    log.abortRecord();
    expect(append(log, [["f", "6"]])).toBe(2);
    expect(openLog(disk).records.map((record) => record.entries)).toEqual([
      [
        ["a", "1"],
        ["d", "4"],
      ],
      [["f", "6"]],
    ]);
  });

  it("takes no more room than its values need, whatever was reserved", () => {
    const { log } = openLog(new MemoryDisk());
    log.beginRecord();
    const start = log.tail;
    const op = log.reserveOp(OP_KIND_PUT, 1, 3, 10_000, 0);
    log.finishOp(op, 5);
    expect(log.tail - start).toBe(28);
    expect(log.reserveOp(OP_KIND_PUT, 1, 3, SMALL_SEGMENT_BYTES, 0)).toBe(0);
  });

  it("moves to the next segment unlinked from the versions it leaves behind", () => {
    const { log } = openLog(new MemoryDisk());
    append(log, [["a", "1"]]);
    log.beginRecord();
    const op = appendOp(log, "a", "2");
    setOpPrevious(log.active.u32, op, 104);
    setOpSuperseded(log.active.u32, op, true);
    const before = log.tail;
    const sealed = log.makeRoom(100)!;
    const moved = op + log.tail - before;
    expect(sealed.lastCommit).toBe(1);
    expect(opPrevious(log.active.u32, moved)).toBe(0);
    expect(opFlags(log.active.u32, moved)).toBe(0);
    expect(opCommit(log.active, moved)).toBe(2);
    expect(log.endRecord(0, 0)).toBe(2);
  });

  it("is FULL beyond the limit of one transaction, which the message names", () => {
    const { log } = openLog(new MemoryDisk());
    log.beginRecord();
    appendOp(log, "a", "1");
    expect(() => log.makeRoom(MAX_OVERSIZED_BYTES)).toThrow(/1073741824/);
    expect(log.endRecord(0, 0)).toBe(1);
  });
});

describe("a log opened read-only", () => {
  it("recovers, writes nothing, and refuses to", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    append(log, [["a", "1"]]);
    const crash = new CrashDisk({ from: disk });
    const reader = openLog(crash, { readOnly: true });
    expect(reader.records.length).toBe(1);
    expect(readAll(reader.log, 0).length).toBe(1);
    expect(() => reader.log.beginRecord()).toThrow(expect.objectContaining({ code: "READONLY" }));
    reader.log.close();
    expect(crash.operations).toBe(0);
    expect(() => reader.log.read(0)).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });
});

describe("segmentBytes", () => {
  it.each([0, 4096, 20_000, 128 * 1024 * 1024])("%d is INVALID", (segmentBytes) => {
    expect(() => openLog(new MemoryDisk(), { segmentBytes })).toThrow(expect.objectContaining({ code: "INVALID" }));
  });
});
