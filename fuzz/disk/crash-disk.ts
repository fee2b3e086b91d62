/**
 * A disk that can lose its power at any moment.
 *
 * It behaves as a memory disk, and keeps a record of every operation that changes something. After any number of them
 * `image` makes a disk as a crash at that point may leave it: which unsynced changes are kept, lost or torn is drawn
 * from an Rng, within what crash-model.ts calls legal. So one run of a workload gives crash states of all its moments:
 *
 *     const disk = new CrashDisk();
 *     … run, noting disk.operations whenever something was acknowledged …
 *     for (let at = 0; at <= disk.operations; at++) {
 *       for (const image of disk.images(rng, 3, at)) { open(image) shows all that was acknowledged by then }
 *     }
 *
 * With `crashAt(n)` the n-th operation, and all after it, throw `PowerLoss`: the run ends there, and code that
 * swallows errors is found out. An image is a plain MemoryDisk; `new CrashDisk({ from: image })` goes on from it.
 */
import { DbError } from "../../src/errors.ts";
import { type Disk, type DiskFile, type LockMode, MemoryDisk, type OpenMode } from "../../src/pager/index.ts";
import type { Rng } from "../../src/random.ts";
import { DirectoryModel, FileModel } from "./crash-model.ts";

/** Thrown instead of doing the operation. Not a DbError: no code above may take it for a failure to deal with. */
export class PowerLoss extends Error {
  override readonly name = "PowerLoss";
}

/** `file` counts the files in the order in which they came to be, those placed at the start first. */
type Operation =
  | { readonly kind: "write"; readonly file: number; readonly bytes: Uint8Array; readonly position: number }
  | { readonly kind: "truncate"; readonly file: number; readonly sizeBytes: number }
  | { readonly kind: "sync"; readonly file: number; readonly upTo: number }
  | { readonly kind: "failed sync"; readonly file: number }
  | { readonly kind: "create"; readonly name: string }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "sync directory" };

export interface CrashDiskOptions {
  /** Its files are there, and synced, from the start; copied. */
  readonly from?: Disk;
  /** Passed on to the images. */
  readonly mapped?: boolean;
}

export class CrashDisk implements Disk {
  readonly path: string = ":crash:";
  readonly worker: undefined = undefined;
  readonly #mapped: boolean;
  readonly #initial: ReadonlyMap<string, Uint8Array>;
  readonly #history: Operation[] = [];
  readonly #state: Replay;
  #earlier: Replay;
  #crashAt = Number.POSITIVE_INFINITY;
  #writers = 0;
  #readers = 0;

  constructor(options: CrashDiskOptions = {}) {
    this.#mapped = options.mapped ?? false;
    this.#initial = new Map(options.from?.list().map((name) => [name, bytesIn(options.from!, name)]));
    this.#state = new Replay(this.#initial);
    this.#earlier = new Replay(this.#initial);
  }

  /** Operations so far; an operation's own number is the count before it. */
  get operations(): number {
    return this.#history.length;
  }

  /** What was done, for a failing test's message. */
  describe(operation: number): string {
    const entry = this.#history[operation];
    return entry === undefined
      ? "nothing"
      : Object.entries(entry)
          .map(([name, value]) => (value instanceof Uint8Array ? `${value.length} bytes` : `${name} ${value}`))
          .join(", ");
  }

  /** The operation with this number, and all after it, throw PowerLoss. */
  crashAt(operation: number): void {
    this.#crashAt = operation;
  }

  /** A disk as a crash after the first `after` operations may leave it. */
  image(rng: Rng, after: number = this.operations): MemoryDisk {
    return toDisk(this.#stateAfter(after).directory.image(rng), this.#mapped);
  }

  images(rng: Rng, count: number, after: number = this.operations): MemoryDisk[] {
    return Array.from({ length: count }, () => this.image(rng, after));
  }

  /** A sync of this file failed: what it should have written is gone, though the program still reads it. */
  failSync(file: DiskFile): void {
    if (file instanceof CrashFile) {
      this.#do({ kind: "failed sync", file: file.id });
    }
  }

  list(): string[] {
    return [...this.#state.directory.live.keys()].sort();
  }

  open(name: string, mode: OpenMode): DiskFile {
    const exists = this.#state.directory.live.has(name);
    if ((mode === "create") === exists) {
      throw new DbError("IO", `cannot open ${name} to ${mode}: it ${exists ? "exists" : "does not exist"}`, { name });
    }
    if (mode === "create") {
      this.#do({ kind: "create", name });
    }
    return new CrashFile(name, this.#state.idOf(name), mode !== "read", this.#access());
  }

  remove(name: string): void {
    this.#checkExists(name);
    this.#do({ kind: "remove", name });
  }

  rename(from: string, to: string): void {
    this.#checkExists(from);
    this.#do({ kind: "rename", from, to });
  }

  syncDirectory(): void {
    this.#do({ kind: "sync directory" });
  }

  lock(mode: LockMode): void {
    if (this.#writers > 0 || (mode === "exclusive" && this.#readers > 0)) {
      throw new DbError("LOCKED", "this crash disk is open already", { pid: process.pid });
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

  #access(): FileAccess {
    return {
      perform: (operation) => this.#do(operation),
      newest: () => this.#history.length - 1,
      bytesOf: (id) => this.#state.files[id]!.live,
    };
  }

  #do(operation: Operation): void {
    if (this.#history.length >= this.#crashAt) {
      throw new PowerLoss(`the power failed at operation ${this.#crashAt}`);
    }
    this.#history.push(operation);
    this.#state.apply(operation);
  }

  /** Asking for ascending moments costs one replay in all. */
  #stateAfter(count: number): Replay {
    if (count === this.operations) {
      return this.#state;
    }
    if (this.#earlier.done > count) {
      this.#earlier = new Replay(this.#initial);
    }
    while (this.#earlier.done < count) {
      this.#earlier.apply(this.#history[this.#earlier.done]!);
    }
    return this.#earlier;
  }

  #checkExists(name: string): void {
    if (!this.#state.directory.live.has(name)) {
      throw new DbError("IO", `there is no file ${name}`, { name });
    }
  }
}

/** Operations applied to the models, live or again. */
class Replay {
  readonly directory: DirectoryModel = new DirectoryModel();
  readonly files: FileModel[] = [];
  /** How many operations were applied. */
  done = 0;

  constructor(initial: ReadonlyMap<string, Uint8Array>) {
    for (const [name, bytes] of initial) {
      const file = FileModel.withBytes(bytes);
      this.files.push(file);
      this.directory.place(name, file);
    }
  }

  idOf(name: string): number {
    return this.files.indexOf(this.directory.live.get(name)!);
  }

  apply(operation: Operation): void {
    const number = this.done++;
    switch (operation.kind) {
      case "write":
        this.files[operation.file]!.write(number, operation.bytes, operation.position);
        break;
      case "truncate":
        this.files[operation.file]!.truncate(number, operation.sizeBytes);
        break;
      case "sync":
        this.files[operation.file]!.sync(operation.upTo);
        break;
      case "failed sync":
        this.files[operation.file]!.loseUnsynced();
        break;
      case "create":
        this.files.push(this.directory.create(operation.name));
        break;
      case "remove":
        this.directory.remove(operation.name);
        break;
      case "rename":
        this.directory.rename(operation.from, operation.to);
        break;
      case "sync directory":
        this.directory.sync();
        break;
    }
  }
}

interface FileAccess {
  perform(operation: Operation): void;
  /** The number of the last operation. */
  newest(): number;
  bytesOf(id: number): { readonly bytes: Uint8Array; readonly size: number };
}

class CrashFile implements DiskFile {
  readonly name: string;
  readonly id: number;
  readonly #writable: boolean;
  readonly #access: FileAccess;
  #open = true;

  constructor(name: string, id: number, writable: boolean, access: FileAccess) {
    this.name = name;
    this.id = id;
    this.#writable = writable;
    this.#access = access;
  }

  read(into: Uint8Array, intoOffset: number, lengthBytes: number, position: number): number {
    this.#check(false);
    const { bytes, size } = this.#access.bytesOf(this.id);
    const length = Math.max(0, Math.min(lengthBytes, size - position));
    into.set(bytes.subarray(position, position + length), intoOffset);
    return length;
  }

  write(from: Uint8Array, fromOffset: number, lengthBytes: number, position: number): void {
    this.#check(true);
    const bytes = Uint8Array.from(from.subarray(fromOffset, fromOffset + lengthBytes));
    this.#access.perform({ kind: "write", file: this.id, bytes, position });
  }

  sync(): void {
    this.#check(false);
    this.#access.perform({ kind: "sync", file: this.id, upTo: Number.POSITIVE_INFINITY });
  }

  /** Counts from when it resolves, for what was there when it was called. */
  async syncSoon(): Promise<void> {
    this.#check(false);
    const upTo = this.#access.newest();
    await Promise.resolve();
    this.#access.perform({ kind: "sync", file: this.id, upTo });
  }

  /** Whether a write that was not synced survives is drawn in any case. */
  syncAhead(): void {
    this.#check(false);
  }

  truncate(sizeBytes: number): void {
    this.#check(true);
    this.#access.perform({ kind: "truncate", file: this.id, sizeBytes });
  }

  sizeBytes(): number {
    this.#check(false);
    return this.#access.bytesOf(this.id).size;
  }

  map(): undefined {
    return undefined;
  }

  close(): void {
    this.#open = false;
  }

  #check(writing: boolean): void {
    if (!this.#open) {
      throw new DbError("CLOSED", `${this.name} was closed`, { path: this.name });
    }
    if (writing && !this.#writable) {
      throw new DbError("READONLY", `${this.name} was opened for reading`, { path: this.name });
    }
  }
}

function bytesIn(disk: Disk, name: string): Uint8Array {
  const file = disk.open(name, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes;
}

function toDisk(files: ReadonlyMap<string, Uint8Array>, mapped: boolean): MemoryDisk {
  const disk = new MemoryDisk({ mapped });
  for (const [name, bytes] of files) {
    const file = disk.open(name, "create");
    file.write(bytes, 0, bytes.length, 0);
    file.close();
  }
  return disk;
}
