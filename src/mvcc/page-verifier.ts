/**
 * Verifies pages in use as they pass by in ascending order, without knowing the trees that they belong to.
 *
 *     │ tree page │ tree page │ extent header, bytes … │ … bytes │ … bytes, zeros │ tree page │ …
 *
 * In a run of used pages every page is a sealed tree page, or begins an extent whose length says where the next one
 * begins; both carry their page number and a checksum of all that they hold. So a copy that goes through a file from its
 * beginning to its end finds each damaged page, and needs no walk through trees, which would read in the order of keys.
 *
 * An extent is taken for a tree page if its first 8 KiB happen to carry a tree page's checksum. That is one in four
 * billion, and ends in CORRUPT, not in a copy that is wrong. Order and counts within trees are `checkStore`'s business.
 */
import { crc32 } from "node:zlib";
import { DbError } from "../errors.ts";
import {
  EXTENT_HEADER_BYTES,
  extentPages,
  getU32,
  isSealed,
  PAGE_CRC,
  PAGE_NUMBER,
  PAGE_SIZE,
} from "../pager/index.ts";

const CRC_BYTES = 4;
const EXTENT_LENGTH_OFFSET = 12;

export class PageVerifier {
  /** The extent under way: its first page, the bytes that its checksum still has to cover, 0 between extents. */
  #extent: number;
  #leftBytes: number;
  #crc: number;
  #expectedCrc: number;

  constructor() {
    this.#extent = 0;
    this.#leftBytes = 0;
    this.#crc = 0;
    this.#expectedCrc = 0;
  }

  /** The next `count` pages of a run that ends before page `runEnd`. Throws CORRUPT { page }. */
  verify(bytes: Uint8Array, page: number, count: number, runEnd: number): void {
    for (let i = 0; i < count; i++) {
      const base = i * PAGE_SIZE;
      if (this.#leftBytes > 0) {
        this.#continueExtent(bytes, base, base);
      } else if (!isSealed(bytes, base, page + i)) {
        this.#beginExtent(bytes, base, page + i, runEnd);
      }
    }
  }

  #beginExtent(bytes: Uint8Array, base: number, page: number, runEnd: number): void {
    const lengthBytes = getU32(bytes, base + EXTENT_LENGTH_OFFSET);
    if (getU32(bytes, base + PAGE_NUMBER) !== page || page + extentPages(lengthBytes) > runEnd) {
      throw damaged(page);
    }
    this.#extent = page;
    this.#expectedCrc = getU32(bytes, base + PAGE_CRC);
    this.#crc = 0;
    this.#leftBytes = EXTENT_HEADER_BYTES - CRC_BYTES + lengthBytes;
    this.#continueExtent(bytes, base + CRC_BYTES, base);
  }

  /** Takes in the bytes from `from` to the end of the page at `base`. */
  #continueExtent(bytes: Uint8Array, from: number, base: number): void {
    const end = Math.min(from + this.#leftBytes, base + PAGE_SIZE);
    this.#crc = crc32(bytes.subarray(from, end), this.#crc);
    this.#leftBytes -= end - from;
    if (this.#leftBytes === 0 && this.#crc !== this.#expectedCrc) {
      throw damaged(this.#extent);
    }
  }
}

function damaged(page: number): DbError {
  return new DbError(
    "CORRUPT",
    `page ${page} is damaged: it is neither a page of a tree nor the beginning of a large value, or its checksum is ` +
      "wrong; run `nacre check`, and restore from a backup",
    { page },
  );
}
