/**
 * Arenas that wait for segments: those of segments that are gone.
 *
 *     segment released, unpinned ──give()──▶ spares ──take()──▶ the next segment; a new arena where there is none
 *
 * No more are kept than segments are expected at once, the live ones counted in: so a load that goes on touches no new memory, a page of
 * which takes 0.3 µs, and 13 in a virtual machine whose host finds pages when they are used.
 */
import { newSharedBlock } from "../pager/index.ts";

/** That stay when little is written, so that the next load finds memory that was touched before. */
export const SPARES_AT_REST = 2;

/** Segments that there are at once, unless `expects` says more. */
const EXPECTED_SEGMENTS = 4;

export class SpareArenas {
  readonly #segmentBytes: number;
  /** How many segments have arenas. */
  readonly #live: () => number;
  readonly #spares: SharedArrayBuffer[];
  #expectedSegments: number;

  constructor(segmentBytes: number, live: () => number) {
    this.#segmentBytes = segmentBytes;
    this.#live = live;
    this.#spares = [];
    this.#expectedSegments = EXPECTED_SEGMENTS;
  }

  expects(segments: number): void {
    this.#expectedSegments = segments;
  }

  take(bytes: number): SharedArrayBuffer {
    const spare = bytes === this.#segmentBytes ? this.#spares.pop() : undefined;
    return spare ?? newSharedBlock(bytes);
  }

  /** Nobody reads it any more. */
  give(arena: SharedArrayBuffer): void {
    const isLacking = this.#live() + this.#spares.length < this.#expectedSegments;
    if (arena.byteLength === this.#segmentBytes && isLacking) {
      this.#spares.push(arena);
    }
  }

  /** Lets go of those beyond SPARES_AT_REST. */
  rest(): void {
    this.#spares.length = Math.min(this.#spares.length, SPARES_AT_REST);
  }
}
