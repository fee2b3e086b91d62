/**
 * Builds a tree from entries in ascending order: bulk load, backup, and whatever writes a tree in one go.
 *
 * Pages are filled to `fillFactor` and never read back. The tree exists when `finish` has returned; until then
 * everything that was written lies in pages that only this builder knows (`allocated`).
 */
import type { PageAllocator, PageFile } from "../pager/index.ts";
import type { Compression } from "./compression.ts";
import { CELL_PUT } from "./page.ts";
import { type FreedPages, type RootRecord, TreeWriter } from "./writer.ts";

const NOTHING_FREED: FreedPages = { add() {} };
const NO_SEPARATOR: Uint8Array = new Uint8Array(0);

export interface BuildOptions {
  /** How full pages become, 0.6 to 1; 1 unless given. */
  readonly fillFactor?: number;
  /** How leaves are packed, where that makes them smaller (leaf-packer.ts); "none" unless given. */
  readonly compression?: Compression;
}

export class TreeBuilder {
  readonly #writer: TreeWriter;
  count = 0;

  constructor(pages: PageFile, allocator: PageAllocator, birth: number, options: BuildOptions = {}) {
    const { fillFactor = 1, compression = "none" } = options;
    this.#writer = new TreeWriter(pages, allocator, NOTHING_FREED, birth, fillFactor, compression);
    this.#writer.beginLeaves(NO_SEPARATOR, 0);
  }

  /** Everything allocated so far, as pairs of first page and page count: what to give back if the build is abandoned. */
  get allocated(): readonly number[] {
    return this.#writer.allocated;
  }

  /**
   * Adds the next entry; its key is greater than the one before. `expiry` is ms since the epoch, 0 for none; `kind` a CELL_
   * constant; `words` a view of the memory of `value`, if there is one: the value is copied faster.
   */
  add(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
    kind: number = CELL_PUT,
    words: Uint32Array | undefined = undefined,
  ): void {
    this.#writer.addEntry(key, keyOffset, keyLength, value, valueOffset, valueLength, expiry, kind, words);
    this.count++;
  }

  /** Adds the next entry, its value being `valueLength` bytes from `offset` on in an extent that this tree does not own. */
  addReference(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    page: number,
    offset: number,
    valueLength: number,
    expiry: number,
    kind: number = CELL_PUT,
  ): void {
    this.#writer.addReference(key, keyOffset, keyLength, page, offset, valueLength, expiry, kind);
    this.count++;
  }

  /** Copies the key of the last entry to the beginning of `into`; returns its length. There is an entry. */
  copyLastKey(into: Uint8Array): number {
    return this.#writer.copyLastKey(into);
  }

  get pagesWritten(): number {
    return this.#writer.pagesWritten;
  }

  finish(): RootRecord {
    return this.#writer.finish();
  }
}
