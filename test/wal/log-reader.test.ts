import { describe, expect, it } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { append, appendOp, openLog, readAll, SMALL_SEGMENT_BYTES } from "./log-fixture.ts";

const VALUE = "v".repeat(500);

describe("a log reader", () => {
  it("follows the log through rotation, release and transactions larger than a segment", () => {
    const { log } = openLog(new MemoryDisk(), { retainBytes: 4 * SMALL_SEGMENT_BYTES });
    const reader = log.read(0);
    const seen: number[] = [];
    for (let i = 1; i <= 400; i++) {
      append(log, i % 60 === 0 ? Array.from({ length: 60 }, (_, n) => [`key ${n}`, VALUE]) : [["key", VALUE]]);
      while (log.segments.length > 2) {
        log.release(log.segments[0]!);
      }
      while (i % 17 === 0 && reader.next()) {
        seen.push(reader.commit);
      }
    }
    while (reader.next()) {
      seen.push(reader.commit);
    }
    expect(seen).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
    expect(reader.next()).toBe(false);
  });

  it("does not see the open record", () => {
    const { log } = openLog(new MemoryDisk());
    const reader = log.read(0);
    log.beginRecord();
    appendOp(log, "a", "1");
    expect(reader.next()).toBe(false);
    log.endRecord(0, 0);
    expect(reader.next()).toBe(true);
    expect(reader.next()).toBe(false);
  });

  it("stands in an empty segment that is replaced by a larger one", () => {
    const { log } = openLog(new MemoryDisk());
    append(log, [["a", "1"]]);
    log.rotate();
    const reader = log.read(0);
    while (reader.next()) {}
    append(
      log,
      Array.from({ length: 100 }, (_, i) => [`key ${i}`, VALUE] as const),
    );
    expect(reader.next()).toBe(true);
    expect(reader.commit).toBe(2);
  });

  it("keeps the arena that it stands in from being used again", () => {
    const { log } = openLog(new MemoryDisk());
    append(log, [["a", "1"]]);
    append(log, [["a", "2"]]);
    const reader = log.read(0);
    reader.next();
    const sealed = log.rotate()!;
    log.release(sealed);
    expect(log.rotate()).toBeUndefined();
    append(log, [["b", "3"]]);
    log.rotate();
    expect(log.active.arena).not.toBe(sealed.arena);
    expect(reader.next()).toBe(true);
    expect(reader.commit).toBe(2);
    expect(reader.next()).toBe(true);
    append(log, [["b", "4"]]);
    log.rotate();
    expect(log.active.arena).toBe(sealed.arena);
  });

  it("is told INVALID when what it wants is no longer retained, or not there yet", () => {
    const { log } = openLog(new MemoryDisk());
    const reader = log.read(0);
    append(log, [["a", "1"]]);
    log.release(log.rotate()!);
    append(log, [["a", "2"]]);
    expect(() => reader.next()).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(() => log.read(0)).toThrow(/retainLogBytes/);
    expect(log.oldestCommit).toBe(1);
    expect(() => log.read(3)).toThrow(expect.objectContaining({ code: "INVALID" }));
  });
});

describe("retained segments", () => {
  it("are kept up to retainBytes, oldest dropped first", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk, { retainBytes: 2 * SMALL_SEGMENT_BYTES });
    for (let i = 1; i <= 6; i++) {
      append(log, [["a", String(i)]]);
      log.release(log.rotate()!);
    }
    expect(log.oldestCommit).toBe(4);
    expect(readAll(log, 4).map((record) => record.commit)).toEqual([5, 6]);
    expect(disk.list()).toEqual(["spare.0000000004", "wal.0000000005", "wal.0000000006"]);
  });

  it("are found again after reopening, also in a log without live segments, and without those before a gap", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk, { retainBytes: 1 << 20 });
    for (let i = 1; i <= 6; i++) {
      append(log, [["a", String(i)]]);
      log.release(log.rotate()!);
    }
    log.close();
    const options = { firstSegment: 7, baseCommit: 6, retainBytes: 1 << 20 };
    const again = openLog(disk, options);
    expect(again.records).toEqual([]);
    expect(readAll(again.log, 0).map((record) => record.commit)).toEqual([1, 2, 3, 4, 5, 6]);
    again.log.close();
    disk.remove("wal.0000000003");
    const gap = openLog(disk, options);
    expect(gap.log.oldestCommit).toBe(3);
    gap.log.close();
    openLog(disk, { ...options, retainBytes: 0 }).log.close();
    expect(disk.list()).toEqual([]);
  });

  it("are dropped where a checkpoint overtook the sync of the log and a crash took the rest", () => {
    const disk = new CrashDisk();
    const { log } = openLog(disk);
    append(log, [["a", "1"]]);
    log.sync();
    append(log, [["a", "2"]]);
    const lost = new CrashDisk({ from: disk });
    lost.open("wal.0000000001", "write").write(new Uint8Array(4096), 0, 4096, log.active.end - 8);
    const reopened = openLog(lost, { firstSegment: 2, baseCommit: 2, retainBytes: 1 << 20 });
    expect(reopened.log.oldestCommit).toBe(2);
    expect(lost.list()).toEqual([]);
  });
});
