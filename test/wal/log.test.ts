import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../../src/pager/index.ts";
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
