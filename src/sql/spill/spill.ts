/**
 * The files of one execution: where rows go that it has to hold and memory is not given for.
 *
 *   Spill ──newFile()──▶ SpillFile     bytes at its end, read anywhere; in memory as long as they are few
 *         ──close()────▶ all of its files are gone, however the execution ends
 *
 * A file has no name (`Holding.openFile`), so that nothing is left where a process is killed, and nobody else can read it. It is
 * made when the first bytes do not fit in its buffer. Nothing is synced: what is on disk here is of no use to anybody else.
 *
 * Bounds: `spillBytes` of all files together; beyond them FULL, as where the disk has no room.
 */
import { assert } from "../../assert.ts";
import { copyBytes } from "../../bytes.ts";
import { DbError } from "../../errors.ts";
import type { DiskFile } from "../../mvcc/index.ts";
import type { Holding } from "../run/holding.ts";

const FIRST_BYTES = 1024;
/** Written in one piece. */
const MOST_BLOCK_BYTES = 2 ** 17;
/** Sorted in one piece: more would be no faster, since a pass merges sixty-four of them. */
const MOST_SORTED_BYTES = 2 ** 26;
/** Of what a statement may hold in memory, a buffer has so much. */
const BLOCKS = 16;

export class Spill {
  /** Rows that are sorted in one piece, and their bytes. */
  readonly rows: number;
  readonly bytes: number;
  /** Bytes that are read and written in one piece. */
  readonly blockBytes: number;
  readonly #holding: Holding;
  readonly #files: Set<SpillFile>;
  #usedBytes: number;

  constructor(holding: Holding) {
    this.rows = Math.max(1, holding.rows);
    this.bytes = Math.min(holding.bytes, MOST_SORTED_BYTES);
    this.blockBytes = Math.max(64, Math.min(Math.floor(this.bytes / BLOCKS), MOST_BLOCK_BYTES));
    this.#holding = holding;
    this.#files = new Set();
    this.#usedBytes = 0;
  }

  newFile(): SpillFile {
    const file = new SpillFile(this.blockBytes, {
      open: () => this.#holding.openFile(),
      take: (bytes) => this.#take(bytes),
      closed: (bytes) => {
        this.#files.delete(file);
        this.#usedBytes -= bytes;
      },
    });
    this.#files.add(file);
    return file;
  }

  close(): void {
    for (const file of this.#files) {
      file.close();
    }
  }

  #take(bytes: number): void {
    const { spillBytes } = this.#holding;
    if (this.#usedBytes + bytes > spillBytes) {
      throw new DbError("FULL", `a statement may have ${spillBytes} bytes on disk (option spillBytes)`, {
        limit: spillBytes,
      });
    }
    this.#usedBytes += bytes;
  }
}

interface SpillOwner {
  readonly open: () => DiskFile;
  /** Before so many bytes more go to disk. */
  readonly take: (bytes: number) => void;
  readonly closed: (bytesOnDisk: number) => void;
}

export class SpillFile {
  sizeBytes: number;
  /** The end of the file, which is not on disk yet. */
  #tail: Uint8Array;
  #writtenBytes: number;
  #file: DiskFile | undefined;
  #isClosed: boolean;
  readonly #blockBytes: number;
  readonly #owner: SpillOwner;

  /** `Spill.newFile` makes them. */
  constructor(blockBytes: number, owner: SpillOwner) {
    this.sizeBytes = 0;
    this.#tail = new Uint8Array(Math.min(FIRST_BYTES, blockBytes));
    this.#writtenBytes = 0;
    this.#file = undefined;
    this.#isClosed = false;
    this.#blockBytes = blockBytes;
    this.#owner = owner;
  }

  append(from: Uint8Array, offset: number, length: number): void {
    const used = this.sizeBytes - this.#writtenBytes;
    if (used + length > this.#tail.length && !this.#grow(used, used + length)) {
      this.#flush();
      if (length > this.#tail.length) {
        this.#write(from, offset, length);
        this.sizeBytes += length;
        return;
      }
    }
    copyBytes(from, offset, this.#tail, this.sizeBytes - this.#writtenBytes, length);
    this.sizeBytes += length;
  }

  /** Reads what is there. */
  read(position: number, length: number, into: Uint8Array, intoOffset: number): void {
    assert(position + length <= this.sizeBytes && !this.#isClosed, "what is read of a spill file was written");
    const written = this.#writtenBytes;
    const onDisk = Math.max(0, Math.min(length, written - position));
    if (onDisk > 0) {
      const found = this.#file!.read(into, intoOffset, onDisk, position);
      if (found < onDisk) {
        throw new DbError(
          "IO",
          `a file of a statement lost its end, ${onDisk - found} bytes before ${position + onDisk}`,
        );
      }
    }
    if (onDisk < length) {
      copyBytes(this.#tail, position + onDisk - written, into, intoOffset + onDisk, length - onDisk);
    }
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#owner.closed(this.#writtenBytes);
      this.#file?.close();
    }
  }

  /** False: the buffer is as large as it gets. */
  #grow(used: number, needed: number): boolean {
    if (needed > this.#blockBytes) {
      return false;
    }
    const larger = new Uint8Array(Math.min(Math.max(needed, this.#tail.length * 2), this.#blockBytes));
    larger.set(this.#tail.subarray(0, used));
    this.#tail = larger;
    return true;
  }

  #flush(): void {
    const used = this.sizeBytes - this.#writtenBytes;
    if (used > 0) {
      this.#write(this.#tail, 0, used);
    }
  }

  #write(from: Uint8Array, offset: number, length: number): void {
    this.#owner.take(length);
    // Counted first: what a write that fails has left on disk is in the file that is closed.
    const position = this.#writtenBytes;
    this.#writtenBytes += length;
    this.#file ??= this.#owner.open();
    this.#file.write(from, offset, length, position);
  }
}
