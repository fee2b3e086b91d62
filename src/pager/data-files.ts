/**
 * The files that pages lie in: pages.000, pages.001, …, of one whole size but for the last; which of them are open, what of them
 * is not on disk yet, and what a crash has left behind the last.
 *
 * P6: every file but the last is full: growing into the next one extends the one before (sparsely) to its whole size.
 */
import { DbError } from "../errors.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { PAGE_SIZE } from "./page.ts";

export interface DataFilesOptions {
  readonly readOnly: boolean;
  /** Others make the files before they are written to here. */
  readonly joins: boolean;
  /** Of a full one. */
  readonly fileBytes: number;
}

/** What was written is on its way to the disk at the latest when there is so much of it, so that a sync has little to wait for. */
const AHEAD_BYTES = 8 * 1024 * 1024;

export class DataFiles {
  readonly #disk: Disk;
  readonly #readOnly: boolean;
  readonly #joins: boolean;
  readonly #fileBytes: number;
  readonly #open: DiskFile[];
  readonly #unsynced: Set<DiskFile>;
  #directoryUnsynced: boolean;
  /** Written since the disk was last told to begin. */
  #waitingBytes: number;

  constructor(disk: Disk, { readOnly, joins, fileBytes }: DataFilesOptions) {
    this.#disk = disk;
    this.#readOnly = readOnly;
    this.#joins = joins;
    this.#fileBytes = fileBytes;
    this.#open = [];
    this.#unsynced = new Set();
    this.#directoryUnsynced = false;
    this.#waitingBytes = 0;
  }

  get count(): number {
    return this.#open.length;
  }

  pathOf(index: number): string {
    return `${this.#disk.path}/${nameOf(index)}`;
  }

  /** 0: it is not open. */
  sizeOf(index: number): number {
    return this.#open[index]?.sizeBytes() ?? 0;
  }

  /** Opens the files up to the first that is not full, and gives the pages in them; later ones are what a crash left over. */
  open(): number {
    const names = new Set(this.#disk.list());
    let index = Math.max(0, this.#open.length - 1);
    let pages = index * (this.#fileBytes / PAGE_SIZE);
    for (; index < this.#open.length || names.has(nameOf(index)); index++) {
      const file = this.#open[index] ?? this.#openOne(index);
      const sizeBytes = file.sizeBytes();
      pages += Math.floor(Math.min(sizeBytes, this.#fileBytes) / PAGE_SIZE);
      if (sizeBytes < this.#fileBytes) {
        break;
      }
    }
    return pages;
  }

  /** Makes the files up to this one, if need be, all before it at full size (P6). */
  make(index: number): void {
    this.#forWriting(index);
  }

  map(index: number): Uint8Array | undefined {
    return this.#open[index]!.map(this.#fileBytes);
  }

  /** Reads bytes of one file, which `page` is in; throws CORRUPT { page } where they are not there. `position` counts from page 0. */
  read(page: number, position: number, length: number, into: Uint8Array, intoOffset: number): void {
    const file = this.#open[Math.floor(position / this.#fileBytes)]!;
    const offset = position % this.#fileBytes;
    const read = file.read(into, intoOffset, length, offset);
    if (read !== length) {
      const path = `${this.#disk.path}/${file.name}`;
      throw new DbError(
        "CORRUPT",
        `${path} ends within page ${page}: it was cut off while it was open; restore it from a backup`,
        { path, page, expected: offset + length, actual: offset + read },
      );
    }
  }

  /** Writes bytes of one file, which is made if need be. */
  write(from: Uint8Array, fromOffset: number, length: number, position: number): void {
    const file = this.#forWriting(Math.floor(position / this.#fileBytes));
    this.#unsynced.add(file);
    file.write(from, fromOffset, length, position % this.#fileBytes);
    this.#waitingBytes += length;
    if (this.#waitingBytes >= AHEAD_BYTES) {
      this.#waitingBytes = 0;
      file.syncAhead();
    }
  }

  /** Whoever wrote what is in the files may not have come to sync it. */
  distrust(): void {
    for (const file of this.#open) {
      this.#unsynced.add(file);
    }
  }

  sync(): void {
    this.#waitingBytes = 0;
    for (const file of this.#unsynced) {
      file.sync();
    }
    this.#unsynced.clear();
    this.#syncDirectory();
  }

  async syncSoon(): Promise<void> {
    const files = [...this.#unsynced];
    this.#waitingBytes = 0;
    this.#unsynced.clear();
    this.#syncDirectory();
    try {
      await Promise.all(files.map((file) => file.syncSoon()));
    } catch (error) {
      for (const file of files.filter((each) => this.#open.includes(each))) {
        this.#unsynced.add(file);
      }
      throw error;
    }
  }

  /** Closes the files that so many pages do not need, and gives their names. */
  closeBehind(pageCount: number): readonly string[] {
    const closed = this.#open.splice(Math.ceil((pageCount * PAGE_SIZE) / this.#fileBytes));
    for (const file of closed) {
      this.#unsynced.delete(file);
      file.close();
    }
    return closed.map(({ name }) => name);
  }

  /** Removes files that were closed, the last one first, and cuts what is then the last one to the pages that it needs. */
  cut(closed: readonly string[], pageCount: number): void {
    for (const name of closed.toReversed()) {
      this.#remove(name);
    }
    const last = this.#open.at(-1);
    if (last !== undefined) {
      last.truncate(pageCount * PAGE_SIZE - (this.#open.length - 1) * this.#fileBytes);
      this.#unsynced.add(last);
    }
  }

  /** Removes the files that a crash left behind the last one: growth would write over them, but it may never come. */
  removeLeftOver(): void {
    const names = new Set(this.#disk.list());
    for (let index = this.#open.length; names.has(nameOf(index)); index++) {
      this.#remove(nameOf(index));
    }
  }

  /** Does not sync. */
  close(): void {
    for (const file of this.#open.splice(0)) {
      file.close();
    }
  }

  #forWriting(index: number): DiskFile {
    while (this.#open.length <= index) {
      this.#joins ? this.#openOne(this.#open.length) : this.#makeNext();
    }
    return this.#open[index]!;
  }

  #makeNext(): void {
    const before = this.#open.at(-1);
    if (before !== undefined) {
      // Whoever made it full may not have come to sync it.
      this.#unsynced.add(before);
      if (before.sizeBytes() < this.#fileBytes) {
        before.truncate(this.#fileBytes);
      }
    }
    const name = nameOf(this.#open.length);
    const isLeftOver = this.#disk.list().includes(name);
    const file = this.#disk.open(name, isLeftOver ? "write" : "create");
    if (isLeftOver) {
      file.truncate(0);
    }
    this.#open.push(file);
    this.#unsynced.add(file);
    this.#directoryUnsynced = true;
  }

  /** One that was made by somebody else, who may not have come to sync it, nor the one before, which was made full. */
  #openOne(index: number): DiskFile {
    const file = this.#disk.open(nameOf(index), this.#readOnly ? "read" : "write");
    this.#open[index] = file;
    if (!this.#readOnly) {
      for (const each of this.#open.slice(Math.max(0, index - 1))) {
        this.#unsynced.add(each);
      }
      this.#directoryUnsynced = true;
    }
    return file;
  }

  #remove(name: string): void {
    this.#disk.remove(name);
    this.#directoryUnsynced = true;
  }

  #syncDirectory(): void {
    if (this.#directoryUnsynced) {
      this.#disk.syncDirectory();
      this.#directoryUnsynced = false;
    }
  }
}

function nameOf(index: number): string {
  return `pages.${String(index).padStart(3, "0")}`;
}
