/**
 * A range that is set again and again: copies of its ends, each in a buffer of its own. Of each length there is one view of it,
 * since making one takes as long as finding the leaf (40 ns).
 */
import { copyBytes } from "../bytes.ts";
import type { ByteRange } from "./byte-range.ts";

/** Most ends are shorter. */
const FIRST_BYTES = 64;
/** In place of the length of an end: it is open. */
export const NO_END = -1;

export class MovingRange implements ByteRange {
  lower: Uint8Array | undefined;
  upper: Uint8Array | undefined;
  readonly #lower: RangeEnd;
  readonly #upper: RangeEnd;

  constructor() {
    this.lower = undefined;
    this.upper = undefined;
    this.#lower = new RangeEnd();
    this.#upper = new RangeEnd();
  }

  /** The first bytes of either array; NO_END of them: that end is open. */
  set(lower: Uint8Array, lowerLength: number, upper: Uint8Array, upperLength: number): void {
    this.lower = lowerLength === NO_END ? undefined : this.#lower.copyOf(lower, lowerLength);
    this.upper = upperLength === NO_END ? undefined : this.#upper.copyOf(upper, upperLength);
  }
}

class RangeEnd {
  #bytes: Uint8Array;
  readonly #views: (Uint8Array | undefined)[];

  constructor() {
    this.#bytes = new Uint8Array(FIRST_BYTES);
    this.#views = [];
  }

  copyOf(bytes: Uint8Array, length: number): Uint8Array {
    if (length > this.#bytes.length) {
      this.#bytes = new Uint8Array(2 * length);
      this.#views.length = 0;
    }
    copyBytes(bytes, 0, this.#bytes, 0, length);
    let view = this.#views[length];
    if (view === undefined) {
      view = this.#bytes.subarray(0, length);
      while (this.#views.length < length) {
        this.#views.push(undefined);
      }
      this.#views[length] = view;
    }
    return view;
  }
}
