/**
 * The seam to storage: a flat directory of files, and what can be done with them.
 *
 * Everything that nacre keeps goes through these two interfaces, so that the same code runs on a real
 * directory (disk-directory.ts, the only file of the engine that touches `fs`), in memory (disk-memory.ts)
 * and on the faulty and crashing disks of the fuzzers.
 *
 * What an implementation promises, and nothing more:
 *
 *   - A write is on disk when a `sync` that began after it has returned. Before that, a crash may keep it,
 *     lose it, or keep some of its 512-byte sectors; writes may reach the disk in any order.
 *   - The same holds for a change of size.
 *   - A creation, removal or rename is on disk when a `syncDirectory` that began after it has returned.
 *     Before that it may be lost; a rename is never seen half done.
 *   - After a `sync` that threw, nothing is known about the writes before it, and a later `sync` that
 *     returns says nothing about them either.
 *
 * Every method throws `DbError`: `IO` where the system refused, `FULL` where there was no room, `READONLY`
 * for a write where none is allowed; with path, operation and the system's own error as cause.
 */
export interface Disk {
  /** For messages: the directory's absolute path, or ":memory:". */
  readonly path: string;
  /** What a worker thread needs to open the same disk; undefined: it can be used from this thread alone. */
  readonly worker: { readonly directory: string } | undefined;
  /** The names in the directory, sorted. */
  list(): string[];
  /** "read" and "write" want an existing file, "create" wants none. Only "read" works on a read-only disk. */
  open(name: string, mode: OpenMode): DiskFile;
  remove(name: string): void;
  /** Replaces `to`, at once and entirely. */
  rename(from: string, to: string): void;
  syncDirectory(): void;
  /** One writer, or any number of readers. Throws LOCKED { pid } at once where that cannot be; never waits. */
  lock(mode: LockMode): void;
  /** Gives the lock back; does nothing without one. */
  unlock(): void;
}

/**
 * A new file whose name is taken away at once: nobody else can open it, and it is gone when it is closed or the process ends. Where the
 * process ends in between, a file of that name stays behind.
 */
export function openUnnamed(disk: Disk, name: string): DiskFile {
  const file = disk.open(name, "create");
  try {
    disk.remove(name);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

export type OpenMode = "read" | "write" | "create";
export type LockMode = "exclusive" | "shared";

/** One open file. Positions and lengths are bytes; arrays may lie in an ArrayBuffer or a SharedArrayBuffer. */
export interface DiskFile {
  readonly name: string;
  /** Returns the bytes read: fewer than asked for only at the end of the file. */
  read(into: Uint8Array, intoOffset: number, lengthBytes: number, position: number): number;
  /** Writes all of it or throws; after a throw any part of it may have been written. */
  write(from: Uint8Array, fromOffset: number, lengthBytes: number, position: number): void;
  sync(): void;
  /** `sync` in a thread of its own: covers the writes made before the call, not those made while it runs. */
  syncSoon(): Promise<void>;
  /**
   * Begins to bring to the disk what was written so far, so that the next `sync` has less to wait for. A hint: it promises
   * nothing, and leaves it to that `sync` to tell what went wrong.
   */
  syncAhead(): void;
  /** Cuts, or extends with zeros. */
  truncate(sizeBytes: number): void;
  sizeBytes(): number;
  /**
   * A read-only view of the first `lengthBytes`, at most 1 GiB, that shows later writes and growth; undefined
   * where there are no mappings. It may exceed the file: touch only what exists, the rest ends the process (SIGBUS).
   * There is no unmap: the mapping lives until the garbage collector finds the array unreachable.
   */
  map(lengthBytes: number): Uint8Array | undefined;
  close(): void;
}
