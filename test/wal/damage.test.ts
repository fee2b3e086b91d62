/** Bytes changed, files cut and files lost: what is reported, and what may never happen. */

import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DbError } from "../../src/errors.ts";
import { type Disk, MemoryDisk } from "../../src/pager/index.ts";
import { append, openLog, type ReadRecord, readAll } from "./log-fixture.ts";

const FIRST = "wal.0000000001";
const SECOND = "wal.0000000002";

describe("a log with a damaged byte", () => {
  const { disk, records, ends } = loggedSegments();

  it.each([FIRST, SECOND])("%s: is CORRUPT, or has lost only what no record calls durable", (name) => {
    for (const at of interestingOffsets(ends.get(name)!)) {
      for (const bit of [0x01, 0x80]) {
        const damaged = copyOf(disk);
        flip(damaged, name, at, bit);
        const found = tryOpen(damaged);
        if (found !== "CORRUPT") {
          // The last commit was declared durable by no later record.
          expect(found.length, `byte ${at} of ${name}`).toBeGreaterThanOrEqual(records.length - 1);
          expect(found, `byte ${at} of ${name}`).toEqual(records.slice(0, found.length));
        }
      }
    }
  });

  it("is CORRUPT wherever the segment before another one is hit", () => {
    for (let at = 0; at < ends.get(FIRST)!; at++) {
      const damaged = copyOf(disk);
      flip(damaged, FIRST, at, 0x10);
      expect(tryOpen(damaged), `byte ${at}`).toBe("CORRUPT");
    }
  });
});

describe("a log with a lost or cut file", () => {
  it("is CORRUPT if the file is one in the middle", () => {
    const { disk } = loggedSegments();
    disk.remove(FIRST);
    expect(tryOpen(disk)).toBe("CORRUPT");
  });

  it.each([FIRST, SECOND])("is CORRUPT if %s is cut anywhere below the size that it was made with", (name) => {
    const { disk } = loggedSegments();
    for (const size of [0, 1, 63, 64, 100, 500, 4096, 16383]) {
      const cut = copyOf(disk);
      cut.open(name, "write").truncate(size);
      expect(tryOpen(cut), `cut to ${size}`).toBe("CORRUPT");
    }
  });

  it("is CORRUPT if it does not begin where the checkpoint ends", () => {
    const { disk } = loggedSegments();
    expect(() => openLog(disk, { baseCommit: 3 })).toThrow(/begins after commit 0/);
  });

  it("is UNSUPPORTED in a newer format", () => {
    const { disk } = loggedSegments();
    rewriteVersion(disk, FIRST, 2);
    expect(() => openLog(disk)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });
});

describe("a torn tail", () => {
  it("ends the log, and the commits after it take its numbers", () => {
    const { disk, records, ends } = loggedSegments();
    flip(disk, SECOND, ends.get(SECOND)! - 1, 0xff);
    const { log, records: found } = openLog(disk);
    expect(found).toEqual(records.slice(0, -1));
    expect(append(log, [["again", "1"]])).toBe(records.length);
    flip(disk, SECOND, ends.get(SECOND)! - 1, 0xff);
    // The phantom verifies again, and is not believed: the next segment says where this one ended.
    expect(openLog(disk).records.at(-1)!.entries).toEqual([["again", "1"]]);
  });

  it("is told from the remains of the file's earlier life", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    for (let i = 0; i < 2000; i++) {
      append(log, [[`key ${i % 7}`, "z".repeat(60)]]);
      if (log.segments.length > 1) {
        log.release(log.segments[0]!);
      }
      if (i % 29 === 0) {
        const { number, baseCommit, lastCommit } = log.active;
        const copy = openLog(copyOf(disk), { firstSegment: number, baseCommit });
        expect(copy.log.lastCommit).toBe(lastCommit);
        expect(copy.records.length).toBe(lastCommit - baseCommit);
      }
    }
  });
});

describe("a damaged retained segment", () => {
  it("is CORRUPT to the reader that comes to it, and to nobody else", () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk, { retainBytes: 1 << 20 });
    for (let i = 0; i < 5; i++) {
      append(log, [[`key ${i}`, "1"]]);
    }
    const sealed = log.rotate()!;
    log.release(sealed);
    append(log, [["after", "1"]]);
    flip(disk, FIRST, sealed.end - 1, 1);
    expect(() => readAll(log, 0)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    expect(readAll(log, 5).length).toBe(1);
  });
});

/** Two segments of synced records; `ends` has the offset where the records of each end. */
function loggedSegments(): { disk: MemoryDisk; records: readonly ReadRecord[]; ends: Map<string, number> } {
  const disk = new MemoryDisk();
  const { log } = openLog(disk);
  for (let i = 1; i <= 10; i++) {
    append(
      log,
      [
        [`key ${i}`, "v".repeat(i * 3)],
        ["gone", undefined],
      ].slice(0, 1 + (i % 2)) as [string, string][],
    );
    log.sync();
    if (i === 5) {
      log.rotate();
    }
  }
  const ends = new Map(log.segments.map((segment) => [`wal.000000000${segment.number}`, segment.end]));
  return { disk, records: openLog(copyOf(disk)).records, ends };
}

/** Every byte up to the end of the records, and some of the zeros behind. */
function interestingOffsets(end: number): number[] {
  return [...Array.from({ length: end + 40 }, (_, at) => at), 8192, 16383];
}

function tryOpen(disk: Disk): readonly ReadRecord[] | "CORRUPT" {
  try {
    return openLog(disk).records;
  } catch (error) {
    if (error instanceof DbError && error.code === "CORRUPT") {
      return "CORRUPT";
    }
    throw error;
  }
}

function copyOf(disk: Disk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const name of disk.list()) {
    const bytes = bytesOf(disk, name);
    copy.open(name, "create").write(bytes, 0, bytes.length, 0);
  }
  return copy;
}

function bytesOf(disk: Disk, name: string): Uint8Array {
  const file = disk.open(name, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0, bytes.length, 0);
  return bytes;
}

function flip(disk: Disk, name: string, at: number, mask: number): void {
  const byte = new Uint8Array(1);
  const file = disk.open(name, "write");
  file.read(byte, 0, 1, at);
  byte[0]! ^= mask;
  file.write(byte, 0, 1, at);
}

function rewriteVersion(disk: Disk, name: string, version: number): void {
  const bytes = bytesOf(disk, name);
  bytes[8] = version;
  const data = new DataView(bytes.buffer);
  data.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  disk.open(name, "write").write(bytes, 0, 64, 0);
}
