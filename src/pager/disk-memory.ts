/**
 * A disk in memory: what `:memory:` databases, most tests and the fuzzers' disks stand on.
 *
 * A file is one growing buffer, shared by every handle on it. As on a real file system a handle outlives the
 * removal or renaming of its file. Nothing here survives the process, so `sync` has nothing to do; fuzz/disk holds
 * the disk that models what a crash leaves.
 *
 * With `{ mapped: true }` files can be mapped as those of a directory can: `map` moves the bytes once into a buffer
 * of the asked-for length, so that later writes show through it. The engine's mmap path runs on it without a
 * file system. (The buffer comes zeroed from the system, which backs only the pages that are touched.)
 */
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";
import type { Disk, DiskFile, LockMode, OpenMode } from "./disk.ts";

const FIRST_CAPACITY_BYTES = 4096;

export class MemoryDisk implements Disk {
  readonly path: string = ":memory:";
  readonly worker: undefined = undefined;
  readonly #files = new Map<string, MemoryInode>();
  readonly #mapped: boolean;
  #writers = 0;
  #readers = 0;

  constructor(options: { mapped?: boolean } = {}) {
    this.#mapped = options.mapped ?? false;
  }

  list(): string[] {
    return [...this.#files.keys()].sort();
  }

  open(name: string, mode: OpenMode): DiskFile {
    const known = this.#files.get(name);
    if (mode === "create") {
      if (known !== undefined) {
        throw memoryError("create", name, "it exists");
      }
      const inode = new MemoryInode();
      this.#files.set(name, inode);
      return new MemoryFile(name, inode, true, this.#mapped);
    }
    if (known === undefined) {
      throw memoryError("open", name, "there is no such file");
    }
    return new MemoryFile(name, known, mode === "write", this.#mapped);
  }

  remove(name: string): void {
    if (!this.#files.delete(name)) {
      throw memoryError("remove", name, "there is no such file");
    }
  }

  rename(from: string, to: string): void {
    const inode = this.#files.get(from);
    if (inode === undefined) {
      throw memoryError("rename", from, "there is no such file");
    }
    this.#files.delete(from);
    this.#files.set(to, inode);
  }

  syncDirectory(): void {}

  lock(mode: LockMode): void {
    if (this.#writers > 0 || (mode === "exclusive" && this.#readers > 0)) {
      throw new DbError("LOCKED", "this in-memory disk is open already; close the other handle first", {
        pid: process.pid,
        path: this.path,
      });
    }
    if (mode === "exclusive") {
      this.#writers = 1;
    } else {
      this.#readers++;
    }
  }

  unlock(): void {
    this.#writers = 0;
    this.#readers = Math.max(0, this.#readers - 1);
  }
}

/** The bytes of a file, apart from its name. */
class MemoryInode {
  bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY_BYTES);
  sizeBytes = 0;
  mapped = false;

  reserve(capacityBytes: number): void {
    if (capacityBytes <= this.bytes.length) {
      return;
    }
    assert(!this.mapped, "a mapped file in memory does not outgrow its mapping");
    this.#moveTo(Math.max(capacityBytes, this.bytes.length * 2));
  }

  mapTo(lengthBytes: number): void {
    if (lengthBytes > this.bytes.length) {
      assert(!this.mapped, "a file in memory is mapped with one length");
      this.#moveTo(lengthBytes);
    }
    this.mapped = true;
  }

  #moveTo(capacityBytes: number): void {
    const moved = new Uint8Array(capacityBytes);
    moved.set(this.bytes.subarray(0, this.sizeBytes));
    this.bytes = moved;
  }
}

class MemoryFile implements DiskFile {
  readonly name: string;
  readonly #inode: MemoryInode;
  readonly #writable: boolean;
  readonly #mappable: boolean;
  #open = true;

  constructor(name: string, inode: MemoryInode, writable: boolean, mappable: boolean) {
    this.name = name;
    this.#inode = inode;
    this.#writable = writable;
    this.#mappable = mappable;
  }

  read(into: Uint8Array, intoOffset: number, lengthBytes: number, position: number): number {
    this.#check("read", false);
    assert(intoOffset + lengthBytes <= into.length, "a read lies within its buffer");
    const inode = this.#inode;
    const length = Math.max(0, Math.min(lengthBytes, inode.sizeBytes - position));
    into.set(inode.bytes.subarray(position, position + length), intoOffset);
    return length;
  }

  write(from: Uint8Array, fromOffset: number, lengthBytes: number, position: number): void {
    this.#check("write", true);
    assert(fromOffset + lengthBytes <= from.length, "a write lies within its buffer");
    const inode = this.#inode;
    inode.reserve(position + lengthBytes);
    inode.bytes.set(from.subarray(fromOffset, fromOffset + lengthBytes), position);
    inode.sizeBytes = Math.max(inode.sizeBytes, position + lengthBytes);
  }

  sync(): void {
    this.#check("sync", false);
  }

  async syncSoon(): Promise<void> {
    this.#check("sync", false);
  }

  syncAhead(): void {
    this.#check("sync", false);
  }

  truncate(sizeBytes: number): void {
    this.#check("truncate", true);
    const inode = this.#inode;
    inode.reserve(sizeBytes);
    if (sizeBytes < inode.sizeBytes) {
      inode.bytes.fill(0, sizeBytes, inode.sizeBytes);
    }
    inode.sizeBytes = sizeBytes;
  }

  sizeBytes(): number {
    this.#check("stat", false);
    return this.#inode.sizeBytes;
  }

  map(lengthBytes: number): Uint8Array | undefined {
    this.#check("map", false);
    if (!this.#mappable) {
      return undefined;
    }
    this.#inode.mapTo(lengthBytes);
    return this.#inode.bytes;
  }

  close(): void {
    this.#open = false;
  }

  #check(operation: string, writing: boolean): void {
    if (!this.#open) {
      throw memoryError(operation, this.name, "the file is closed");
    }
    if (writing && !this.#writable) {
      throw new DbError("READONLY", `cannot ${operation} ${this.name}: it was opened for reading`, {
        path: this.name,
        operation,
      });
    }
  }
}

function memoryError(operation: string, name: string, why: string): DbError {
  return new DbError("IO", `cannot ${operation} ${name} in memory: ${why}`, { path: name, operation });
}
