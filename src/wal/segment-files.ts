/**
 * The log's files in the directory, by name:
 *
 *     wal.0000000012     segment 12; under this name a file always has a valid header
 *     spare.0000000009   no segment: a file to be written over, or one whose creation did not finish
 *
 *                    header written, synced, renamed, directory synced
 *        spare.N ──────────────────────────────────────────────────▶ wal.N  (live)
 *           ▲                                                          │ released: its commits are checkpointed
 *           └──────────── over retainBytes: renamed, directory synced ─┴─▶ wal.N  (retained, for log readers)
 *
 * Both arrows end with a sync of the directory before the file's bytes change again, so no crash leaves a name on bytes
 * of another life (W3). At most SPARES_KEPT files are kept for use again, none of them larger than a segment.
 */
import { assert } from "../assert.ts";
import type { Disk } from "../pager/index.ts";
import type { Segment } from "./segment.ts";
import { extendWithZeros, SegmentFile } from "./segment-file.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-header.ts";

/** As many segments as wait for a checkpoint at the most: a load that goes on creates no file. */
export const SPARES_KEPT = 4;

const NAME = /^(wal|spare)\.(\d{10})$/;

/** A released segment whose file is kept. */
export interface RetainedSegment {
  readonly number: number;
  readonly baseCommit: number;
  readonly lastCommit: number;
  readonly sizeBytes: number;
}

export class SegmentFiles {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  readonly #retainBytes: number;
  #spares: string[];
  #retained: RetainedSegment[];

  constructor(disk: Disk, segmentBytes: number, retainBytes: number) {
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
    this.#retainBytes = retainBytes;
    this.#spares = [];
    this.#retained = [];
  }

  /** Oldest first, without a gap up to the first live segment. */
  get retained(): readonly RetainedSegment[] {
    return this.#retained;
  }

  get spareCount(): number {
    return this.#spares.length;
  }

  get retainedBytes(): number {
    return this.#retained.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** A spare with room for `endBytes`, and its size. FULL: nothing has changed. */
  prepare(segment: Segment, endBytes: number): { readonly name: string; readonly sizeBytes: number } {
    const reused = this.#spares.pop();
    const name = reused ?? spareFileName(segment.number);
    const file = this.#disk.open(name, reused === undefined ? "create" : "write");
    try {
      const found = file.sizeBytes();
      const sizeBytes = endBytes > found ? extendWithZeros(file, found, endBytes, segment.capacity) : found;
      file.close();
      return { name, sizeBytes };
    } catch (error) {
      file.close();
      this.#disk.remove(name);
      throw error;
    }
  }

  /** Makes a prepared spare the file of `segment`, whose header lies in its arena. On disk when it returns. */
  install(spare: string, segment: Segment): SegmentFile {
    const name = segmentFileName(segment.number);
    const file = this.#disk.open(spare, "write");
    try {
      file.write(segment.u8, 0, SEGMENT_HEADER_BYTES, 0);
      file.sync();
    } finally {
      file.close();
    }
    this.#disk.rename(spare, name);
    this.#disk.syncDirectory();
    return new SegmentFile(this.#disk, name, segment.number);
  }

  /** Takes over a segment that no checkpoint needs any more. */
  release(number: number, baseCommit: number, lastCommit: number): void {
    const newest = this.#retained.at(-1);
    assert(newest === undefined || newest.number + 1 === number, "W8: retained segments have no gap");
    const sizeBytes = sizeOf(this.#disk, segmentFileName(number));
    this.#retained.push({ number, baseCommit, lastCommit, sizeBytes });
    this.#trim();
  }

  /** What an opening log found: released segments, oldest first and without a gap, and the names of spares. */
  adopt(retained: readonly RetainedSegment[], spares: readonly string[]): void {
    for (const name of new Set(spares)) {
      if (this.#spares.length < SPARES_KEPT && this.#isReusable(sizeOf(this.#disk, name))) {
        this.#spares.push(name);
      } else {
        this.#disk.remove(name);
      }
    }
    this.#retained = [...retained];
    this.#trim();
    this.#disk.syncDirectory();
  }

  /** For a reader of a read-only disk: nothing is renamed or removed. */
  adoptReadOnly(retained: readonly RetainedSegment[]): void {
    this.#retained = [...retained];
  }

  removeSpares(): void {
    for (let name = this.#spares.pop(); name !== undefined; name = this.#spares.pop()) {
      this.#disk.remove(name);
    }
  }

  #trim(): void {
    const recycled: string[] = [];
    let bytes = this.retainedBytes;
    while (bytes > this.#retainBytes) {
      const oldest = this.#retained.shift()!;
      bytes -= oldest.sizeBytes;
      const name = segmentFileName(oldest.number);
      const spare = spareFileName(oldest.number);
      const hasRoom = this.#spares.length + recycled.length < SPARES_KEPT && !this.#spares.includes(spare);
      if (hasRoom && this.#isReusable(oldest.sizeBytes)) {
        this.#disk.rename(name, spare);
        recycled.push(spare);
      } else {
        this.#disk.remove(name);
      }
    }
    if (recycled.length > 0) {
      this.#disk.syncDirectory();
      this.#spares.push(...recycled);
    }
  }

  #isReusable(sizeBytes: number): boolean {
    return sizeBytes > 0 && sizeBytes <= this.#segmentBytes;
  }
}

export function segmentFileName(number: number): string {
  return `wal.${String(number).padStart(10, "0")}`;
}

export function spareFileName(number: number): string {
  return `spare.${String(number).padStart(10, "0")}`;
}

/** The segment numbers and the spares of a directory, ascending; other files are none of the log's business. */
export function listLogFiles(disk: Disk): { readonly numbers: number[]; readonly spares: string[] } {
  const numbers: number[] = [];
  const spares: string[] = [];
  for (const name of disk.list()) {
    const match = NAME.exec(name);
    if (match?.[1] === "wal") {
      numbers.push(Number(match[2]));
    } else if (match?.[1] === "spare") {
      spares.push(name);
    }
  }
  return { numbers: numbers.sort((a, b) => a - b), spares };
}

function sizeOf(disk: Disk, name: string): number {
  const file = disk.open(name, "read");
  try {
    return file.sizeBytes();
  } finally {
    file.close();
  }
}
