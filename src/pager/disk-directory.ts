/**
 * A disk that is a directory: the only file of the engine that touches `fs`.
 *
 * Without mmap-io (native.ts) `map` returns undefined, and page files are read with pread. Without fs-ext, or with
 * `useLockFile`, the LOCK file's line is the lock (lock.ts).
 *
 * What a mapping costs (Node 20): 1 GiB is accounted as external memory, which starts one full garbage collection when
 * it is made and none after; 0.05 ms, and address space, no memory. It is unmapped when the collector finds it unused.
 *
 * `fdatasync` does for files: it writes the size with the data where the size changed. A directory is synced through a
 * descriptor of its own (on Windows there is no such thing, and no need).
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";
import { type Disk, type DiskFile, type LockMode, type OpenMode, openUnnamed } from "./disk.ts";
import { diskError, readOnlyError, systemCodeOf } from "./io-error.ts";
import {
  decodeHolder,
  encodeHolder,
  guardedError,
  type Holder,
  isGone,
  lockedError,
  type ProcessState,
  startTimeIn,
} from "./lock.ts";
import { type Flock, loadFlock, loadMapper } from "./native.ts";

export interface DirectoryOptions {
  /** Make the directory if it is not there. */
  readonly create: boolean;
  readonly readOnly: boolean;
  /** Lock without fs-ext even where it is there. */
  readonly useLockFile?: boolean;
  /** Do not map files even where mmap-io is there. */
  readonly withoutMappings?: boolean;
}

const MAX_MAPPING_BYTES = 1 << 30;
const LOCK_NAME = "LOCK";
const GUARD_NAME = "LOCK.guard";
const GUARD_ATTEMPTS = 50;
const GUARD_DELAY_MS = 10;
const isWindows: boolean = process.platform === "win32";
/** Elsewhere a sync that fails may leave nothing to be told to the next one, though that is of another descriptor. */
const canSyncAhead: boolean = process.platform === "linux";
/** A thread that turns no event loop does not hear that they have ended. */
const MOST_SYNCS_AHEAD = 8;

/** Throws INVALID where there is no directory at `directory`, and IO, READONLY or FULL where one cannot be made. */
export function openDirectory(directory: string, options: DirectoryOptions): Disk {
  const absolute = path.resolve(directory);
  const found = attempt("open", absolute, false, () => fs.statSync(absolute, { throwIfNoEntry: false }));
  if (found === undefined) {
    if (!options.create || options.readOnly) {
      throw new DbError("INVALID", `there is no directory ${absolute}; check the path, or open it with create`, {
        path: absolute,
      });
    }
    makeDirectory(absolute);
  } else if (!found.isDirectory()) {
    throw new DbError("INVALID", `${absolute} is not a directory; a nacre database is one`, { path: absolute });
  }
  return new DirectoryDisk(absolute, options);
}

/**
 * A file in the system's directory for temporary ones, of no name: nobody else can open it, and it is gone when it is closed or the
 * process ends.
 */
export function openTemporaryFile(): DiskFile {
  const directory = attempt("create", os.tmpdir(), true, () => fs.mkdtempSync(path.join(os.tmpdir(), "nacre-")));
  try {
    return openUnnamed(new DirectoryDisk(directory, { create: false, readOnly: false }), "spill.0");
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** The directory and what its path lacks; on disk when it returns, and so every directory that got a new entry is synced. */
function makeDirectory(absolute: string): void {
  const first = attempt("create", absolute, true, () => fs.mkdirSync(absolute, { recursive: true })) ?? absolute;
  const top = path.dirname(first);
  for (let made = absolute; made.length > top.length; made = path.dirname(made)) {
    syncDirectoryAt(path.dirname(made));
  }
}

class DirectoryDisk implements Disk {
  readonly path: string;
  readonly worker: { readonly directory: string };
  readonly #options: DirectoryOptions;
  #lock: { readonly release: () => void } | undefined;

  constructor(absolute: string, options: DirectoryOptions) {
    this.path = absolute;
    this.worker = { directory: absolute };
    this.#options = options;
  }

  list(): string[] {
    return attempt("list", this.path, false, () => fs.readdirSync(this.path)).sort();
  }

  open(name: string, mode: OpenMode): DiskFile {
    const writing = mode !== "read";
    this.#checkWritable(writing, "open", name);
    const full = path.join(this.path, name);
    const flags = mode === "read" ? "r" : mode === "write" ? "r+" : "wx+";
    const descriptor = attempt(mode === "create" ? "create" : "open", full, writing, () => fs.openSync(full, flags));
    return new DirectoryFile(name, full, descriptor, this.#options);
  }

  remove(name: string): void {
    this.#checkWritable(true, "remove", name);
    const full = path.join(this.path, name);
    attempt("remove", full, true, () => fs.unlinkSync(full));
  }

  rename(from: string, to: string): void {
    this.#checkWritable(true, "rename", from);
    const full = path.join(this.path, from);
    attempt("rename", full, true, () => fs.renameSync(full, path.join(this.path, to)));
  }

  syncDirectory(): void {
    syncDirectoryAt(this.path);
  }

  lock(mode: LockMode): void {
    assert(this.#lock === undefined, "a disk is locked once");
    this.#checkWritable(mode === "exclusive", "lock", LOCK_NAME);
    const flock = this.#options.useLockFile === true ? undefined : loadFlock();
    this.#lock = flock === undefined ? lockByFile(this.path, mode) : lockByFlock(this.path, mode, flock);
  }

  unlock(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  #checkWritable(writing: boolean, operation: string, name: string): void {
    if (writing && this.#options.readOnly) {
      throw readOnlyError(operation, path.join(this.path, name));
    }
  }
}

class DirectoryFile implements DiskFile {
  readonly name: string;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #options: DirectoryOptions;
  #open = true;
  #syncsInFlight = 0;
  /** For `syncAhead`: to each descriptor the system tells an error once. */
  #aheadDescriptor: number | undefined = undefined;
  #syncsAhead = 0;

  constructor(name: string, full: string, descriptor: number, options: DirectoryOptions) {
    this.name = name;
    this.#path = full;
    this.#descriptor = descriptor;
    this.#options = options;
  }

  read(into: Uint8Array, intoOffset: number, lengthBytes: number, position: number): number {
    this.#checkOpen("read");
    assert(intoOffset + lengthBytes <= into.length, "a read lies within its buffer");
    let done = 0;
    try {
      while (done < lengthBytes) {
        const count = fs.readSync(this.#descriptor, into, intoOffset + done, lengthBytes - done, position + done);
        if (count === 0) {
          break;
        }
        done += count;
      }
    } catch (cause) {
      throw diskError("read", this.#path, cause, false);
    }
    return done;
  }

  write(from: Uint8Array, fromOffset: number, lengthBytes: number, position: number): void {
    this.#checkOpen("write");
    assert(fromOffset + lengthBytes <= from.length, "a write lies within its buffer");
    let done = 0;
    try {
      while (done < lengthBytes) {
        done += fs.writeSync(this.#descriptor, from, fromOffset + done, lengthBytes - done, position + done);
      }
    } catch (cause) {
      throw diskError("write", this.#path, cause, true);
    }
  }

  sync(): void {
    this.#checkOpen("sync");
    attempt("sync", this.#path, true, () => fs.fdatasyncSync(this.#descriptor));
  }

  syncSoon(): Promise<void> {
    this.#checkOpen("sync");
    this.#syncsInFlight++;
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, (cause) => {
        this.#syncsInFlight--;
        this.#closeIfDone();
        if (cause === null) {
          resolve();
        } else {
          reject(diskError("sync", this.#path, cause, true));
        }
      });
    });
  }

  syncAhead(): void {
    this.#checkOpen("sync");
    if (!canSyncAhead || this.#syncsAhead === MOST_SYNCS_AHEAD) {
      return;
    }
    try {
      this.#aheadDescriptor ??= fs.openSync(this.#path, "r+");
    } catch {
      return; // Out of descriptors, say: `sync` does it all.
    }
    this.#syncsAhead++;
    this.#syncsInFlight++;
    fs.fdatasync(this.#aheadDescriptor, () => {
      this.#syncsAhead--;
      this.#syncsInFlight--;
      this.#closeIfDone();
    });
  }

  truncate(sizeBytes: number): void {
    this.#checkOpen("truncate");
    attempt("truncate", this.#path, true, () => fs.ftruncateSync(this.#descriptor, sizeBytes));
  }

  sizeBytes(): number {
    this.#checkOpen("stat");
    return attempt("stat", this.#path, false, () => fs.fstatSync(this.#descriptor).size);
  }

  map(lengthBytes: number): Uint8Array | undefined {
    this.#checkOpen("map");
    assert(lengthBytes <= MAX_MAPPING_BYTES, "mmap-io maps the wrong bytes beyond 2 GiB");
    const mapper = this.#options.withoutMappings === true ? undefined : loadMapper();
    if (mapper === undefined) {
      return undefined;
    }
    try {
      return mapper.map(lengthBytes, mapper.PROT_READ, mapper.MAP_SHARED, this.#descriptor, 0);
    } catch {
      return undefined; // No address space left (ulimit -v), or a file system without mmap: pread does.
    }
  }

  close(): void {
    if (this.#open) {
      this.#open = false;
      this.#closeIfDone();
    }
  }

  /** A sync in the thread pool still uses its descriptor, whose number would go to the next file that is opened. */
  #closeIfDone(): void {
    if (!this.#open && this.#syncsInFlight === 0) {
      attempt("close", this.#path, false, () => {
        fs.closeSync(this.#descriptor);
        if (this.#aheadDescriptor !== undefined) {
          fs.closeSync(this.#aheadDescriptor);
        }
      });
    }
  }

  /** A descriptor's number may belong to another file once it was closed. */
  #checkOpen(operation: string): void {
    if (!this.#open) {
      throw new DbError("CLOSED", `cannot ${operation} ${this.#path}: it was closed`, { path: this.#path, operation });
    }
  }
}

/** Runs `action`; what the system throws becomes a DbError. */
function attempt<T>(operation: string, full: string, writing: boolean, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw diskError(operation, full, cause, writing);
  }
}

function syncDirectoryAt(directory: string): void {
  if (isWindows) {
    return;
  }
  attempt("sync", directory, true, () => {
    const descriptor = fs.openSync(directory, "r");
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });
}

/** flock: the system takes the lock back when the process ends, however it ends. */
function lockByFlock(directory: string, mode: LockMode, flock: Flock): { readonly release: () => void } {
  const full = path.join(directory, LOCK_NAME);
  const descriptor = openLockFile(full, mode);
  if (descriptor === undefined) {
    return { release: () => {} };
  }
  try {
    try {
      flock(descriptor, mode === "exclusive" ? "exnb" : "shnb");
    } catch (cause) {
      const taken = systemCodeOf(cause) === "EAGAIN" || systemCodeOf(cause) === "EWOULDBLOCK";
      throw taken ? lockedError(directory, readHolder(full), os.hostname()) : diskError("lock", full, cause, true);
    }
    const holder = readHolder(full);
    if (holder?.by === "file" && !isHolderGone(holder)) {
      throw lockedError(directory, holder, os.hostname());
    }
    if (mode === "exclusive") {
      writeLine(full, descriptor, encodeHolder(ownHolder("flock", mode)));
    }
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
  return {
    release: () => {
      try {
        if (mode === "exclusive") {
          attempt("unlock", full, true, () => fs.ftruncateSync(descriptor, 0));
        }
      } finally {
        fs.closeSync(descriptor);
      }
    },
  };
}

/** Undefined: a reader found no LOCK file, so no writer ever came here, and cannot make one (a read-only medium). */
function openLockFile(full: string, mode: LockMode): number | undefined {
  if (mode === "exclusive") {
    return attempt("lock", full, true, () => fs.openSync(full, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o666));
  }
  try {
    return fs.openSync(full, "r");
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") {
      return undefined;
    }
    throw diskError("lock", full, cause, false);
  }
}

/**
 * Databases that this process has locked by file, by their real paths: `WRITER`, or how many readers. Its own line does not
 * tell a second handle from the first.
 */
const heldHere: Map<string, number> = sharedInProcess();
const WRITER = -1;

/**
 * The lock file. Whoever changes the line holds the guard file meanwhile, so that two that find a stale line cannot
 * both take it over. A reader only looks: it keeps no writer of another process out, which flock does.
 */
function lockByFile(directory: string, mode: LockMode): { readonly release: () => void } {
  const full = path.join(directory, LOCK_NAME);
  const real = attempt("lock", directory, false, () => fs.realpathSync(directory));
  const check = (): void => {
    const holder = readHolder(full);
    const isOwn = holder !== undefined && holder.pid === process.pid && holder.host === os.hostname();
    const here = heldHere.get(real) ?? 0;
    if (here === WRITER || (here > 0 && mode === "exclusive")) {
      throw lockedError(directory, ownHolder("file", here === WRITER ? "exclusive" : "shared"), os.hostname());
    }
    if (holder !== undefined && !isHolderGone(holder) && !(isOwn && holder.start === "0")) {
      throw lockedError(directory, holder, os.hostname());
    }
  };
  if (mode === "shared") {
    check();
    heldHere.set(real, (heldHere.get(real) ?? 0) + 1);
    return { release: () => letGo(real) };
  }
  withGuard(directory, () => {
    check();
    writeHolder(full, encodeHolder(ownHolder("file", mode)));
  });
  heldHere.set(real, WRITER);
  return {
    release: () => {
      letGo(real);
      withGuard(directory, () => writeHolder(full, ""));
    },
  };
}

function letGo(real: string): void {
  const readers = heldHere.get(real)!;
  if (readers > 1) {
    heldHere.set(real, readers - 1);
  } else {
    heldHere.delete(real);
  }
}

/** One map for all copies of this module that the process may have loaded. */
function sharedInProcess(): Map<string, number> {
  const global = globalThis as { [key: symbol]: Map<string, number> | undefined };
  const key = Symbol.for("nacre.locks");
  const shared = global[key] ?? new Map<string, number>();
  global[key] = shared;
  return shared;
}

function withGuard(directory: string, action: () => void): void {
  const guard = path.join(directory, GUARD_NAME);
  for (let left = GUARD_ATTEMPTS; ; left--) {
    try {
      makeGuard(guard);
      break;
    } catch (cause) {
      if (systemCodeOf(cause) !== "EEXIST") {
        throw diskError("lock", guard, cause, true);
      }
      const holder = readHolder(guard);
      if (holder !== undefined && isHolderGone(holder)) {
        fs.rmSync(guard, { force: true });
      } else if (left === 0) {
        throw guardedError(guard, holder);
      } else {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, GUARD_DELAY_MS);
      }
    }
  }
  try {
    action();
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

/** A guard without a line would be nobody's, and stay: where there is no room for one there is no guard. */
function makeGuard(guard: string): void {
  const descriptor = fs.openSync(guard, "wx");
  try {
    fs.writeSync(descriptor, encodeHolder(ownHolder("file", "exclusive")));
  } catch (cause) {
    fs.rmSync(guard, { force: true });
    throw cause;
  } finally {
    fs.closeSync(descriptor);
  }
}

function writeHolder(full: string, line: string): void {
  const descriptor = attempt("lock", full, true, () =>
    fs.openSync(full, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o666),
  );
  try {
    writeLine(full, descriptor, line);
  } finally {
    fs.closeSync(descriptor);
  }
}

function writeLine(full: string, descriptor: number, line: string): void {
  attempt("lock", full, true, () => {
    fs.ftruncateSync(descriptor, 0);
    fs.writeSync(descriptor, line, 0);
  });
}

function readHolder(full: string): Holder | undefined {
  try {
    return decodeHolder(fs.readFileSync(full, "latin1"));
  } catch {
    return undefined;
  }
}

function ownHolder(by: Holder["by"], mode: LockMode): Holder {
  return { pid: process.pid, start: startTimeOf(process.pid), host: os.hostname(), by, mode };
}

function isHolderGone(holder: Holder): boolean {
  return isGone(holder, os.hostname(), processState(holder.pid));
}

function processState(pid: number): ProcessState {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (systemCodeOf(cause) === "ESRCH") {
      return { running: false, start: "0" };
    }
  }
  return { running: true, start: startTimeOf(pid) };
}

function startTimeOf(pid: number): string {
  try {
    return startTimeIn(fs.readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return "0";
  }
}
