/** A page file that could not be opened, or made, left the files open that had been: a server that tries again runs out. */
import { expect, it } from "vitest";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import { openOn } from "../../src/mvcc/index.ts";
import { type Disk, type DiskFile, MemoryDisk, type OpenMode, PAGE_SIZE, PageFile } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { Simulated } from "./simulated.ts";

/** Counts the files that are open. */
class CountingDisk extends MemoryDisk {
  readonly opened: Set<DiskFile> = new Set();

  override open(name: string, mode: OpenMode): DiskFile {
    const file = super.open(name, mode);
    const close = file.close.bind(file);
    this.opened.add(file);
    file.close = () => {
      this.opened.delete(file);
      close();
    };
    return file;
  }
}

function openDatabase(disk: Disk): void {
  const seams = { disk, clock: new Simulated().clock, rng: seededRng(7) };
  openOn(seams, { backend: "pread", checkpoints: "inline" }).close();
}

it("whatever fails while a database is made and opened, no file stays open", () => {
  const counting = new FaultDisk(new MemoryDisk(), {});
  openDatabase(counting);
  for (let failAt = 1; failAt <= counting.calls; failAt++) {
    const memory = new CountingDisk();
    const disk = new FaultDisk(memory, { failAt });
    expect(() => openDatabase(disk)).toThrow(/a planned fault/);
    expect(
      [...memory.opened].map(({ name }) => name),
      disk.failed,
    ).toEqual([]);
  }
});

it("nor where the second of several page files cannot be opened", () => {
  const options = { backend: "pread", cacheBytes: 1 << 20, readOnly: false, fileBytes: 8 * PAGE_SIZE } as const;
  const memory = new CountingDisk();
  const pages = PageFile.open(memory, options);
  pages.writePages(new Uint8Array(12 * PAGE_SIZE), 0, 0, 12);
  pages.close();
  for (let failAt = 1; failAt <= 5; failAt++) {
    const disk = new FaultDisk(memory, { failAt });
    expect(() => PageFile.open(disk, options)).toThrow(/a planned fault/);
    expect(
      [...memory.opened].map(({ name }) => name),
      disk.failed,
    ).toEqual([]);
  }
});
