/**
 * The file of one segment: zeros written ahead of the records, so that a sync has only data to write.
 *
 * An `fdatasync` after a write that extends the file also writes the file's new size and block map: 5.6 k durable
 * commits a second where a write into existing blocks allows 10 k. So the file grows in steps of zeros, 1 MiB doubling to
 * 8 MiB, before a record needs the room; the sync of the next record covers them. A recycled file has its room already.
 *
 * Two handles, one for `sync` and one for `syncSoon`: the system reports a failed write-back once to each handle. With
 * one handle, a sync in the background could take the error, and a sync in the foreground at the same time would return as
 * if all were well (W6).
 */
import { DbError } from "../errors.ts";
import type { Disk, DiskFile } from "../pager/index.ts";

const FIRST_STEP_BYTES = 1024 * 1024;
const MAX_STEP_BYTES = 8 * 1024 * 1024;
const BLOCK_BYTES = 4096;

const zeros = new Uint8Array(FIRST_STEP_BYTES);

export class SegmentFile {
  readonly number: number;
  readonly #disk: Disk;
  readonly #name: string;
  readonly #file: DiskFile;
  #background: DiskFile | undefined;
  #allocatedBytes: number;
  #syncsInFlight: number;
  #closed: boolean;

  constructor(disk: Disk, name: string, number: number) {
    this.number = number;
    this.#disk = disk;
    this.#name = name;
    this.#file = disk.open(name, "write");
    this.#background = undefined;
    this.#allocatedBytes = this.#file.sizeBytes();
    this.#syncsInFlight = 0;
    this.#closed = false;
  }

  get sizeBytes(): number {
    return this.#allocatedBytes;
  }

  /** Room for everything before `endBytes`, and a step more where `capacityBytes` allows. FULL: nothing has changed. */
  reserve(endBytes: number, capacityBytes: number): void {
    if (endBytes > this.#allocatedBytes) {
      this.#allocatedBytes = extendWithZeros(this.#file, this.#allocatedBytes, endBytes, capacityBytes);
    }
  }

  write(from: Uint8Array, offset: number, lengthBytes: number): void {
    this.#file.write(from, offset, lengthBytes, offset);
  }

  sync(): void {
    this.#file.sync();
  }

  async syncSoon(): Promise<void> {
    this.#background ??= this.#disk.open(this.#name, "write");
    this.#syncsInFlight++;
    try {
      await this.#background.syncSoon();
    } finally {
      this.#syncsInFlight--;
      this.#closeBackgroundIfIdle();
    }
  }

  /** A sync in flight keeps its handle until it returns. */
  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#file.close();
      this.#closeBackgroundIfIdle();
    }
  }

  #closeBackgroundIfIdle(): void {
    if (this.#closed && this.#syncsInFlight === 0) {
      this.#background?.close();
      this.#background = undefined;
    }
  }
}

/**
 * Writes zeros from `sizeBytes` on until the file reaches `endBytes`, or further: a step that grows with the file, within
 * `capacityBytes`. Returns the new size. On a full disk what was got is enough if it reaches `endBytes`.
 */
export function extendWithZeros(file: DiskFile, sizeBytes: number, endBytes: number, capacityBytes: number): number {
  const step = Math.min(Math.max(sizeBytes, FIRST_STEP_BYTES), MAX_STEP_BYTES);
  const wanted = Math.max(roundUp(endBytes), Math.min(sizeBytes + step, capacityBytes));
  let size = sizeBytes;
  while (size < wanted) {
    const piece = Math.min(zeros.length, wanted - size);
    try {
      file.write(zeros, 0, piece, size);
      size += piece;
    } catch (error) {
      if (!isFull(error)) {
        throw error;
      }
      return size >= endBytes ? size : extendExactly(file, size, roundUp(endBytes));
    }
  }
  return size;
}

/** The last try on an almost full disk: no byte more than needed. */
function extendExactly(file: DiskFile, sizeBytes: number, endBytes: number): number {
  for (let size = sizeBytes; size < endBytes; size += BLOCK_BYTES) {
    file.write(zeros, 0, Math.min(BLOCK_BYTES, endBytes - size), size);
  }
  return endBytes;
}

export function isFull(error: unknown): boolean {
  return error instanceof DbError && error.code === "FULL";
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
