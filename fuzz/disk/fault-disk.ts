/**
 * A disk that fails: the n-th call, or when it is full.
 *
 *     new FaultDisk(inner, { failAt: 12 })              the 12th call throws IO, once; `failsOn: true`: and all after it
 *     new FaultDisk(inner, { capacityBytes: 1 << 20 })  growth beyond throws FULL, after writing what fits
 *
 * A failing write has written a part (half of it, cut at any byte): a caller may not take a throw for "nothing
 * happened". A failing sync loses what it should have written, if the disk inside is a CrashDisk: the program still
 * reads its bytes, a later sync returns, and after a crash they are gone (as Linux does it). Each other handle that the file
 * has open is told of it once, by its next sync.
 *
 * `calls` counts every call that a real disk could fail, so that a fuzzer runs a workload once without faults and then
 * again for each n up to that count.
 */
import { DbError } from "../../src/errors.ts";
import type { Disk, DiskFile, LockMode, OpenMode } from "../../src/pager/index.ts";
import { CrashDisk } from "./crash-disk.ts";

export interface FaultPlan {
  /** The number of the call that fails, counted from 1. */
  readonly failAt?: number;
  /** All calls after that fail too. */
  readonly failsOn?: boolean;
  /** The bytes that all files together may have. */
  readonly capacityBytes?: number;
}

export class FaultDisk implements Disk {
  readonly path: string;
  readonly worker: undefined = undefined;
  readonly #inner: Disk;
  readonly #open = new Set<FaultFile>();
  #plan: FaultPlan;
  #calls = 0;
  #lastCall = "";

  constructor(inner: Disk, plan: FaultPlan) {
    this.path = inner.path;
    this.#inner = inner;
    this.#plan = plan;
  }

  get calls(): number {
    return this.#calls;
  }

  /** The call that failed, for a failing test's message; empty: none did. */
  failed = "";

  /** From now on nothing fails. */
  heal(): void {
    this.#plan = {};
  }

  list(): string[] {
    this.#call("list", this.path);
    return this.#inner.list();
  }

  open(name: string, mode: OpenMode): DiskFile {
    this.#call("open", name);
    const inner = this.#inner.open(name, mode);
    const file = new FaultFile(inner, {
      fails: (operation) => this.#fails(operation, name),
      grow: (growthBytes) => this.#grow(name, growthBytes),
      loseUnsynced: (fault) => this.#loseUnsynced(inner, file, fault),
      closed: () => this.#open.delete(file),
    });
    this.#open.add(file);
    return file;
  }

  remove(name: string): void {
    this.#call("remove", name);
    this.#inner.remove(name);
  }

  rename(from: string, to: string): void {
    this.#call("rename", from);
    this.#inner.rename(from, to);
  }

  syncDirectory(): void {
    this.#call("sync", this.path);
    this.#inner.syncDirectory();
  }

  lock(mode: LockMode): void {
    this.#call("lock", this.path);
    this.#inner.lock(mode);
  }

  unlock(): void {
    this.#inner.unlock();
  }

  #call(operation: string, name: string): void {
    const fault = this.#fails(operation, name);
    if (fault !== undefined) {
      throw fault;
    }
  }

  #fails(operation: string, name: string): DbError | undefined {
    this.#calls++;
    this.#lastCall = `${operation} ${name} (call ${this.#calls})`;
    const failAt = this.#plan.failAt ?? Number.POSITIVE_INFINITY;
    if (this.#calls < failAt || (this.#calls > failAt && this.#plan.failsOn !== true)) {
      return undefined;
    }
    this.failed = this.#lastCall;
    return new DbError("IO", `cannot ${this.#lastCall}: a planned fault; see the test`, { path: name, operation });
  }

  /** How far a file may grow by `growthBytes`: all of it, or less and the error that goes with it. */
  #grow(name: string, growthBytes: number): Growth {
    const capacity = this.#plan.capacityBytes;
    if (capacity === undefined || growthBytes <= 0) {
      return { shortBytes: 0, fault: undefined };
    }
    const used = this.#inner.list().reduce((sum, other) => sum + sizeOf(this.#inner, other), 0);
    const shortBytes = Math.min(growthBytes, Math.max(0, used + growthBytes - capacity));
    if (shortBytes === 0) {
      return { shortBytes, fault: undefined };
    }
    this.failed = this.#lastCall;
    const message = `cannot write ${name}: the planned capacity of ${capacity} bytes is used up; see the test`;
    return { shortBytes, fault: new DbError("FULL", message, { path: name, capacity }) };
  }

  #loseUnsynced(inner: DiskFile, file: FaultFile, fault: DbError): void {
    if (this.#inner instanceof CrashDisk) {
      this.#inner.failSync(inner);
    }
    for (const other of this.#open) {
      if (other !== file && other.name === file.name) {
        other.owed = fault;
      }
    }
  }
}

interface Growth {
  /** The bytes for which there is no room. */
  readonly shortBytes: number;
  readonly fault: DbError | undefined;
}

interface FaultSource {
  /** Counts a call; the error that it is to throw, if any. */
  fails(operation: string): DbError | undefined;
  grow(growthBytes: number): Growth;
  loseUnsynced(fault: DbError): void;
  closed(): void;
}

class FaultFile implements DiskFile {
  readonly name: string;
  /** The failure of another handle's sync, of which this one's next sync tells. */
  owed: DbError | undefined;
  readonly #inner: DiskFile;
  readonly #source: FaultSource;

  constructor(inner: DiskFile, source: FaultSource) {
    this.name = inner.name;
    this.owed = undefined;
    this.#inner = inner;
    this.#source = source;
  }

  read(into: Uint8Array, intoOffset: number, lengthBytes: number, position: number): number {
    this.#call("read");
    return this.#inner.read(into, intoOffset, lengthBytes, position);
  }

  write(from: Uint8Array, fromOffset: number, lengthBytes: number, position: number): void {
    const fault = this.#source.fails("write");
    if (fault !== undefined) {
      this.#inner.write(from, fromOffset, lengthBytes >>> 1, position);
      throw fault;
    }
    const growth = this.#source.grow(position + lengthBytes - this.#inner.sizeBytes());
    if (lengthBytes > growth.shortBytes) {
      this.#inner.write(from, fromOffset, lengthBytes - growth.shortBytes, position);
    }
    if (growth.fault !== undefined) {
      throw growth.fault;
    }
  }

  sync(): void {
    const fault = this.#source.fails("sync");
    if (fault !== undefined) {
      this.#source.loseUnsynced(fault);
      throw fault;
    }
    this.#tellOwed();
    this.#inner.sync();
  }

  async syncSoon(): Promise<void> {
    const fault = this.#source.fails("sync");
    if (fault !== undefined) {
      await Promise.resolve();
      this.#source.loseUnsynced(fault);
      throw fault;
    }
    this.#tellOwed();
    await this.#inner.syncSoon();
  }

  syncAhead(): void {
    this.#inner.syncAhead();
  }

  truncate(sizeBytes: number): void {
    this.#call("truncate");
    const growth = this.#source.grow(sizeBytes - this.#inner.sizeBytes());
    if (growth.fault !== undefined) {
      throw growth.fault;
    }
    this.#inner.truncate(sizeBytes);
  }

  sizeBytes(): number {
    this.#call("stat");
    return this.#inner.sizeBytes();
  }

  map(lengthBytes: number): Uint8Array | undefined {
    return this.#inner.map(lengthBytes);
  }

  close(): void {
    this.#source.closed();
    this.#inner.close();
  }

  #tellOwed(): void {
    const { owed } = this;
    this.owed = undefined;
    if (owed !== undefined) {
      throw owed;
    }
  }

  #call(operation: string): void {
    const fault = this.#source.fails(operation);
    if (fault !== undefined) {
      throw fault;
    }
  }
}

function sizeOf(disk: Disk, name: string): number {
  const file = disk.open(name, "read");
  const size = file.sizeBytes();
  file.close();
  return size;
}
