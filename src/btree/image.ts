/**
 * A tree page copied out of the page file, to be read at leisure while other pages are located and written.
 *
 * The merge holds one image per level. The copy costs about 0.3 µs a page (5 ns an entry), and buys that no frame
 * of the page cache can change under it and that a damaged page is confined to 8 KiB: a wild offset reads
 * `undefined`, never another page or past a mapping.
 *
 * An image is a cell source (see draft.ts): cells are copied from it in ranges.
 */
import { assert } from "../assert.ts";
import { copyBytes } from "../bytes.ts";
import { PAGE_BIRTH, PAGE_SIZE, type PageFile, type PageView, readValue, viewOf } from "../pager/index.ts";
import { damagedTree } from "./damaged-tree.ts";
import type { CellSource } from "./draft.ts";
import { unpackLeaf } from "./packed-page.ts";
import {
  EXPIRY_BYTES,
  entriesBefore,
  headsOf,
  INFO_BYTES,
  INFO_EXPIRY,
  INFO_LENGTH,
  INFO_OVERFLOW,
  INNER_ENTRY_BYTES,
  innerSlots,
  KIND_INNER,
  KIND_LEAF,
  KIND_PACKED,
  kindOf,
  leafSlots,
  MAX_INNER_ENTRIES,
  MAX_LEAF_ENTRIES,
  PAGE_CELLS_START,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
  PAGE_LEVEL,
  PAGE_PREFIX_LENGTH,
} from "./page.ts";

export class PageImage implements CellSource {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
  readonly starts: Uint16Array;
  readonly heads: Uint32Array;
  readonly headsIndex: number = headsOf(0);
  readonly prefix: Uint8Array;
  readonly children: Uint32Array;
  readonly counts: Float64Array;
  startsIndex: number = leafSlots(0, 0);
  prefixOffset: number = PAGE_SIZE;
  prefixLength = 0;
  page = 0;
  birth = 0;
  level = 0;
  count = 0;
  /** Set by `extentOf`. */
  extentLength = 0;
  extentOffset = 0;
  readonly #view: PageView;

  constructor(level: number) {
    const view = viewOf(new ArrayBuffer(PAGE_SIZE), 0, PAGE_SIZE);
    this.#view = view;
    this.u8 = view.u8;
    this.u16 = view.u16;
    this.u32 = view.u32;
    this.data = view.data;
    this.starts = view.u16;
    this.heads = view.u32;
    this.prefix = view.u8;
    this.children = new Uint32Array(level === 0 ? 0 : MAX_INNER_ENTRIES);
    this.counts = new Float64Array(level === 0 ? 0 : MAX_INNER_ENTRIES);
    this.level = level;
  }

  /** Becomes a leaf without cells: what there is to merge with in an empty tree. */
  clear(): void {
    assert(this.level === 0, "only a leaf can be empty");
    this.u8.fill(0);
    this.page = 0;
    this.count = 0;
    this.prefixLength = 0;
    this.prefixOffset = PAGE_SIZE;
    this.startsIndex = leafSlots(0, 0);
    this.u16[this.startsIndex] = PAGE_SIZE;
  }

  /** Copies page `page`, which must be of this image's level: CORRUPT if it is not (B8), or is packed. */
  load(pages: PageFile, page: number): void {
    const base = pages.locate(page);
    this.u8.set(pages.view.u8.subarray(base, base + PAGE_SIZE));
    this.#take(page);
  }

  /** Becomes a leaf of the packed page `page`, unpacked. Throws CORRUPT. */
  loadPart(pages: PageFile, page: number, part: number): void {
    const base = pages.locate(page);
    unpackLeaf(pages.view, base, part, this.#view, 0);
    this.#take(page);
  }

  #take(page: number): void {
    const u16 = this.u16;
    const count = u16[PAGE_COUNT >> 1]!;
    const kind = this.u8[PAGE_KIND]!;
    const isLeaf = this.level === 0;
    if (
      kind !== (isLeaf ? KIND_LEAF : KIND_INNER) ||
      this.u8[PAGE_LEVEL] !== this.level ||
      count === 0 ||
      count > (isLeaf ? MAX_LEAF_ENTRIES : (PAGE_SIZE - PAGE_HEADER_BYTES) / INNER_ENTRY_BYTES)
    ) {
      const found = kind === KIND_PACKED ? ", and found packed leaves, which only runs have" : "";
      throw damagedTree(page, `expected a tree page of level ${this.level} there${found}`);
    }
    this.page = page;
    this.birth = this.u32[PAGE_BIRTH >> 2]!;
    this.count = count;
    this.prefixLength = u16[PAGE_PREFIX_LENGTH >> 1]!;
    this.prefixOffset = PAGE_SIZE - this.prefixLength;
    if (isLeaf) {
      this.startsIndex = leafSlots(0, count);
      return;
    }
    this.startsIndex = innerSlots(0, count);
    let before = 0;
    for (let i = 0; i < count; i++) {
      const after = entriesBefore(u16, this.u32, 0, i + 1);
      this.children[i] = this.u32[this.headsIndex + count + i]!;
      this.counts[i] = after - before;
      before = after;
    }
  }

  /** How much of the page is used. */
  get sizeBytes(): number {
    return 2 * (this.startsIndex + this.count + 1) + PAGE_SIZE - this.u16[PAGE_CELLS_START >> 1]!;
  }

  /** Copies the whole key of cell `index` (not of entry 0 of an inner page); returns its length. */
  copyKey(index: number, into: Uint8Array): number {
    const { u8, prefixOffset, prefixLength } = this;
    const suffixLength = this.suffixLengthAt(index);
    copyBytes(u8, prefixOffset, into, 0, prefixLength);
    copyBytes(u8, this.suffixAt(index), into, prefixLength, suffixLength);
    return prefixLength + suffixLength;
  }

  suffixAt(index: number): number {
    return this.u16[this.startsIndex + index]! + (this.level === 0 ? INFO_BYTES : 0);
  }

  suffixLengthAt(index: number): number {
    const start = this.u16[this.startsIndex + index]!;
    return this.level === 0 ? this.u16At(start) & INFO_LENGTH : this.u16[this.startsIndex + index + 1]! - start;
  }

  /**
   * The first page of the extent that holds the value of leaf cell `index`, 0 if none does; sets `extentLength`, and
   * `extentOffset`: 0 where the extent is this tree's own.
   */
  extentOf(index: number): number {
    const cell = this.u16[this.startsIndex + index]!;
    const info = this.u16At(cell);
    this.extentLength = 0;
    this.extentOffset = 0;
    if ((info & INFO_OVERFLOW) === 0) {
      return 0;
    }
    const at = cell + INFO_BYTES + (info & INFO_LENGTH) + ((info & INFO_EXPIRY) === 0 ? 0 : EXPIRY_BYTES);
    this.extentLength = this.data.getUint32(at + 4, true);
    this.extentOffset = this.data.getUint32(at + 8, true);
    return this.data.getUint32(at, true);
  }

  /** The expiry of leaf cell `index`, 0 for none. */
  expiryOf(index: number): number {
    const cell = this.u16[this.startsIndex + index]!;
    const info = this.u16At(cell);
    return (info & INFO_EXPIRY) === 0 ? 0 : this.data.getFloat64(cell + INFO_BYTES + (info & INFO_LENGTH), true);
  }

  /** A copy of the value of leaf cell `index`. */
  valueOf(pages: PageFile, index: number): Uint8Array {
    const extent = this.extentOf(index);
    if (extent !== 0) {
      const value = new Uint8Array(this.extentLength);
      readValue(pages, extent, this.extentOffset, this.extentLength, value, 0);
      return value;
    }
    const cell = this.u16[this.startsIndex + index]!;
    const info = this.u16At(cell);
    const at = cell + INFO_BYTES + (info & INFO_LENGTH) + ((info & INFO_EXPIRY) === 0 ? 0 : EXPIRY_BYTES);
    return this.u8.slice(at, this.u16[this.startsIndex + index + 1]!);
  }

  /** The kind of leaf cell `index`. */
  kindOf(index: number): number {
    return kindOf(this.u16At(this.u16[this.startsIndex + index]!));
  }

  u16At(offset: number): number {
    return this.u8[offset]! | (this.u8[offset + 1]! << 8);
  }
}
