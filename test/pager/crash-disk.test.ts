/** The disks of the fuzzers: what a crash image may hold, must hold, and that all of it does turn up. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CrashDisk, PowerLoss } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import type { Disk, DiskFile } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const SECTOR = 512;

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function writeAll(file: DiskFile, bytes: Uint8Array, position = 0): void {
  file.write(bytes, 0, bytes.length, position);
}

function contentOf(disk: Disk, name: string): Uint8Array {
  const file = disk.open(name, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  expect(file.read(bytes, 0, bytes.length, 0)).toBe(bytes.length);
  file.close();
  return bytes;
}

/** A durable file "a" of four sectors of 1. */
function diskWithFile(): { readonly disk: CrashDisk; readonly file: DiskFile } {
  const disk = new CrashDisk();
  const file = disk.open("a", "create");
  writeAll(file, filled(4 * SECTOR, 1));
  file.sync();
  disk.syncDirectory();
  return { disk, file };
}

/** What turned up in many images, each written as one string. */
function seen(disk: CrashDisk, show: (image: Disk) => string, after?: number): Set<string> {
  const rng = seededRng(1);
  return new Set(Array.from({ length: 600 }, () => show(disk.image(rng, after))));
}

/** The first byte of each sector. */
function sectors(image: Disk): string {
  const bytes = contentOf(image, "a");
  return Array.from({ length: Math.ceil(bytes.length / SECTOR) }, (_, i) => bytes[i * SECTOR]).join("");
}

describe("CrashDisk", () => {
  test("what was synced is in every image", () => {
    const { disk } = diskWithFile();
    expect(seen(disk, sectors)).toEqual(new Set(["1111"]));
  });

  test("an unsynced write is lost, kept or torn between sectors, each sector by itself", () => {
    const { disk, file } = diskWithFile();
    writeAll(file, filled(2 * SECTOR, 2), SECTOR);
    expect(seen(disk, sectors)).toEqual(new Set(["1111", "1211", "1121", "1221"]));
    file.sync();
    expect(seen(disk, sectors)).toEqual(new Set(["1221"]));
  });

  test("writes to one sector reach the disk in any state between, never out of order within it", () => {
    const { disk, file } = diskWithFile();
    writeAll(file, filled(SECTOR, 2), 0);
    writeAll(file, filled(2 * SECTOR, 3), 0);
    expect(seen(disk, sectors)).toEqual(new Set(["1111", "2111", "3111", "1311", "2311", "3311"]));
  });

  test("an extension is there or not, with or without its bytes", () => {
    const { disk, file } = diskWithFile();
    writeAll(file, filled(SECTOR, 2), 4 * SECTOR);
    expect(seen(disk, sectors)).toEqual(new Set(["1111", "11110", "11112"]));
  });

  test("a cut takes its bytes with it, and only when it is there", () => {
    const { disk, file } = diskWithFile();
    file.truncate(2 * SECTOR);
    expect(seen(disk, sectors)).toEqual(new Set(["1111", "11"]));
    file.truncate(3 * SECTOR);
    expect(seen(disk, sectors)).toEqual(new Set(["1111", "11", "110"]));
    file.sync();
    expect(seen(disk, sectors)).toEqual(new Set(["110"]));
  });

  test("an entry is certain after the directory was synced, and may be missing before", () => {
    const disk = new CrashDisk();
    const names = (image: Disk): string => image.list().join();
    const file = disk.open("a", "create");
    writeAll(file, filled(10, 1));
    file.sync();
    expect(seen(disk, names)).toEqual(new Set(["", "a"]));
    disk.syncDirectory();
    expect(seen(disk, names)).toEqual(new Set(["a"]));
    disk.rename("a", "b");
    disk.open("c", "create");
    expect(seen(disk, names)).toEqual(new Set(["a", "b", "a,c", "b,c"]));
    disk.remove("c");
    disk.syncDirectory();
    expect(seen(disk, names)).toEqual(new Set(["b"]));
  });

  test("a rename over a file leaves the old or the new one, entire", () => {
    const { disk } = diskWithFile();
    const other = disk.open("b", "create");
    writeAll(other, filled(SECTOR, 7));
    other.sync();
    disk.syncDirectory();
    disk.rename("b", "a");
    expect(seen(disk, (image) => `${image.list().join()} ${sectors(image)}`)).toEqual(new Set(["a,b 1111", "a 7"]));
  });

  test("syncSoon covers the writes before it, not those made meanwhile", async () => {
    const { disk, file } = diskWithFile();
    writeAll(file, filled(SECTOR, 2), 0);
    const synced = file.syncSoon();
    writeAll(file, filled(SECTOR, 3), SECTOR);
    await synced;
    expect(seen(disk, sectors)).toEqual(new Set(["2111", "2311"]));
  });

  test("images of earlier moments are those of that moment", () => {
    const { disk, file } = diskWithFile();
    const before = disk.operations;
    writeAll(file, filled(SECTOR, 2), 0);
    file.sync();
    writeAll(file, filled(SECTOR, 3), 0);
    expect(seen(disk, sectors, before)).toEqual(new Set(["1111"]));
    expect(seen(disk, sectors, before + 1)).toEqual(new Set(["1111", "2111"]));
    expect(seen(disk, sectors, before + 2)).toEqual(new Set(["2111"]));
    expect(seen(disk, sectors)).toEqual(new Set(["2111", "3111"]));
  });

  test("from crashAt on every change throws, and nothing of it is kept", () => {
    const { disk, file } = diskWithFile();
    disk.crashAt(disk.operations + 1);
    writeAll(file, filled(SECTOR, 2), 0);
    expect(() => file.sync()).toThrow(PowerLoss);
    expect(() => disk.open("b", "create")).toThrow(PowerLoss);
    expect(seen(disk, sectors)).toEqual(new Set(["1111", "2111"]));
  });

  test("an image is a disk to go on from", () => {
    const { disk } = diskWithFile();
    const next = new CrashDisk({ from: disk.image(seededRng(1)) });
    writeAll(next.open("a", "write"), filled(SECTOR, 5), 3 * SECTOR);
    expect(seen(next, sectors)).toEqual(new Set(["1111", "1115"]));
  });

  test("random operations: synced sectors survive, and every byte was once written there", () => {
    const operation = fc.record({
      kind: fc.constantFrom("write", "write", "write", "sync", "truncate"),
      position: fc.integer({ min: 0, max: 3000 }),
      length: fc.integer({ min: 1, max: 1500 }),
      byte: fc.integer({ min: 1, max: 255 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
        const disk = new CrashDisk();
        const file = disk.open("a", "create");
        disk.syncDirectory();
        const everWritten: Set<number>[] = Array.from({ length: 5000 }, () => new Set([0]));
        let synced = new Uint8Array(0);
        let isSynced = true;
        for (const { kind, position, length, byte, seed } of operations) {
          if (kind === "write") {
            writeAll(file, filled(length, byte), position);
            for (let i = position; i < position + length; i++) {
              everWritten[i]!.add(byte);
            }
          } else if (kind === "truncate") {
            file.truncate(position);
          } else {
            file.sync();
          }
          isSynced = kind === "sync";
          synced = isSynced ? new Uint8Array(contentOf(disk, "a")) : synced;
          const image = contentOf(disk.image(seededRng(seed)), "a");
          expect(image.every((value, i) => everWritten[i]!.has(value))).toBe(true);
          expect(!isSynced || Buffer.compare(image, synced) === 0).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("FaultDisk", () => {
  test("the n-th call fails, and the ones after it as planned", () => {
    for (const failsOn of [false, true]) {
      const disk = new FaultDisk(new CrashDisk(), { failAt: 3, failsOn });
      const file = disk.open("a", "create");
      writeAll(file, filled(10, 1));
      expect(() => disk.list()).toThrow(/planned fault/);
      expect(disk.failed).toContain("list");
      if (failsOn) {
        expect(() => disk.list()).toThrow(/planned fault/);
        disk.heal();
      }
      expect(disk.list()).toEqual(["a"]);
    }
  });

  test("a failing write has written a part", () => {
    const disk = new FaultDisk(new CrashDisk(), { failAt: 2 });
    const file = disk.open("a", "create");
    expect(() => writeAll(file, filled(10, 1))).toThrow(/planned fault/);
    expect(contentOf(disk, "a")).toEqual(filled(5, 1));
  });

  test("a full disk takes what fits and says FULL", () => {
    const disk = new FaultDisk(new CrashDisk(), { capacityBytes: 1000 });
    const file = disk.open("a", "create");
    writeAll(file, filled(900, 1));
    expect(() => writeAll(file, filled(200, 2), 900)).toThrow(expect.objectContaining({ code: "FULL" }));
    expect(contentOf(disk, "a").length).toBe(1000);
    writeAll(file, filled(1000, 3));
    expect(() => file.truncate(1001)).toThrow(expect.objectContaining({ code: "FULL" }));
  });

  test("after a failed sync the bytes are read but never reach the disk, unless written again", () => {
    const { disk: inner } = diskWithFile();
    const disk = new FaultDisk(inner, { failAt: 3 });
    const file = disk.open("a", "write");
    writeAll(file, filled(SECTOR, 2), 0);
    expect(() => file.sync()).toThrow(/planned fault/);
    file.sync();
    expect(contentOf(disk, "a")[0]).toBe(2);
    expect(seen(inner, sectors)).toEqual(new Set(["1111"]));
    writeAll(file, filled(1, 2), 1);
    file.sync();
    expect(seen(inner, sectors)).toEqual(new Set(["2111"]));
  });
});
