/**
 * Arenas that wait for segments: those of segments that are gone, and, for who writes quickly, new ones that another thread has touched.
 *
 *     segment released, unpinned ──give()──▶ ┌────────┐
 *                                            │ spares │ ──take()──▶ the next segment; a new arena where there is none
 *     new, touched in the thread pool ─────▶ └────────┘
 *
 * No more are kept than segments are expected at once, the live ones counted in: so a load that goes on touches no new memory, a page of
 * which takes 0.3 µs, and 13 in a virtual machine whose host finds pages when they are used.
 */
import type { Disk } from "../pager/index.ts";

/** That stay when little is written, so that the next load finds memory that was touched before. */
export const SPARES_AT_REST = 2;

/** Who has filled so much of a segment in so short a time will soon need others. */
const QUICK_SHARE = 1 / 8;
const QUICK_MS = 1000;
/** Segments that there are at once, unless `expects` says more. */
const EXPECTED_SEGMENTS = 4;

export class SpareArenas {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  /** How many segments have arenas. */
  readonly #live: () => number;
  readonly #spares: SharedArrayBuffer[];
  /** Whether one is on its way. */
  #isTouching: boolean;
  #expectedSegments: number;
  #quickBytes: number;
  /** When the active segment got its first record. */
  #fillingSinceMs: number;

  constructor(disk: Disk, segmentBytes: number, live: () => number) {
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
    this.#live = live;
    this.#spares = [];
    this.#isTouching = false;
    this.#expectedSegments = EXPECTED_SEGMENTS;
    this.#quickBytes = segmentBytes * QUICK_SHARE;
    this.#fillingSinceMs = 0;
  }

  expects(segments: number): void {
    this.#expectedSegments = segments;
  }

  take(bytes: number): SharedArrayBuffer {
    const spare = bytes === this.#segmentBytes ? this.#spares.pop() : undefined;
    return spare ?? new SharedArrayBuffer(bytes);
  }

  /** Nobody reads it any more. */
  give(arena: SharedArrayBuffer): void {
    if (arena.byteLength === this.#segmentBytes && this.#lacksSome) {
      this.#spares.push(arena);
    }
  }

  /** The active segment has got its first record. */
  beginsToFill(nowMs: number): void {
    this.#fillingSinceMs = nowMs;
  }

  /** It is filled up to there. */
  filled(endBytes: number, nowMs: number): void {
    if (endBytes > this.#quickBytes && this.#lacksSome) {
      this.#touchNext(nowMs);
    }
  }

  /** Lets go of those beyond SPARES_AT_REST. */
  rest(): void {
    this.#spares.length = Math.min(this.#spares.length, SPARES_AT_REST);
  }

  get #lacksSome(): boolean {
    return this.#live() + this.#spares.length < this.#expectedSegments;
  }

  /** Where it comes too late, the segment that it was for is given another one. */
  #touchNext(nowMs: number): void {
    const disk = this.#disk;
    if (disk.touch === undefined || this.#isTouching || nowMs - this.#fillingSinceMs > QUICK_MS) {
      return;
    }
    const arena = new SharedArrayBuffer(this.#segmentBytes);
    const touched = disk.touch(new Uint8Array(arena));
    this.#isTouching = true;
    void touched?.then(() => {
      this.#isTouching = false;
      this.give(arena);
    });
  }
}
