/**
 * Point search: the shortest way from a key to its value's bytes.
 *
 * A find touches one page per level and in each the header, a few heads and one cell; it allocates nothing and copies
 * nothing. What it found is described by the fields, which hold until the next call that locates a page.
 *
 * A reader has no state but its last result: one serves any number of trees and snapshots.
 */
import { copyBytes, EMPTY_BYTES } from "../bytes.ts";
import { type PageFile, readValue } from "../pager/index.ts";
import { damagedTree } from "./damaged-tree.ts";
import { locateLeafFor } from "./packed-page.ts";
import {
  CELL_PUT,
  childFor,
  EXPIRY_BYTES,
  INFO_BYTES,
  INFO_EXPIRY,
  INFO_FLAGS,
  INFO_LENGTH,
  INFO_OVERFLOW,
  KIND_PACKED,
  kindOf,
  leafSlots,
  MAX_HEIGHT,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
  PAGE_LEVEL,
  searchLeaf,
  touchLeaf,
} from "./page.ts";

export class TreeReader {
  /** Where the value lies, unless it is in an extent: `u8[valueOffset … valueOffset + valueLength)`. */
  u8: Uint8Array = EMPTY_BYTES;
  data: DataView = new DataView(EMPTY_BYTES.buffer);
  valueOffset = 0;
  valueLength = 0;
  /** The value is in the extent that starts at `overflowPage` (`copyValue` reads either). */
  isOverflow = false;
  overflowPage = 0;
  /** 0: the extent is the value; otherwise where in the extent it begins. */
  overflowOffset = 0;
  /** A CELL_ constant. */
  kind: number = CELL_PUT;
  /** Ms since the epoch, 0 for none. */
  expiry = 0;
  /** Means nothing: it is where `touchLeaf` puts what it has read. */
  touched = 0;

  readonly #pages: PageFile;

  constructor(pages: PageFile) {
    this.#pages = pages;
  }

  /** Looks a key up in the tree whose root page is `root` (0: the empty tree); true sets the fields. */
  find(root: number, key: Uint8Array, offset: number, length: number): boolean {
    if (root === 0) {
      return false;
    }
    const pages = this.#pages;
    let page = root;
    let levelAbove = MAX_HEIGHT;
    for (;;) {
      let base = pages.locate(page);
      let view = pages.view;
      let u8 = view.u8;
      let u16 = view.u16;
      let u32 = view.u32;
      const level = u8[base + PAGE_LEVEL]!;
      if (level >= levelAbove) {
        throw damagedTree(page, "its level is not below its parent's");
      }
      if (level === 0) {
        if (u8[base + PAGE_KIND] === KIND_PACKED) {
          base = locateLeafFor(pages, page, base, key, offset, length);
          view = pages.view;
          u8 = view.u8;
          u16 = view.u16;
          u32 = view.u32;
        }
        this.touched = touchLeaf(u32, base);
        const found = searchLeaf(u8, u16, u32, base, key, offset, length);
        if ((found & 1) === 0) {
          return false;
        }
        const slot = leafSlots(base, u16[(base + PAGE_COUNT) >> 1]!) + (found >>> 1);
        const cell = base + u16[slot]!;
        const info = u8[cell]! | (u8[cell + 1]! << 8);
        this.u8 = u8;
        this.data = view.data;
        if (info < INFO_FLAGS) {
          const value = cell + INFO_BYTES + info;
          this.valueOffset = value;
          this.valueLength = base + u16[slot + 1]! - value;
          this.isOverflow = false;
          this.expiry = 0;
          this.kind = CELL_PUT;
        } else {
          this.#decodeFlagged(cell, info, base + u16[slot + 1]!);
        }
        return true;
      }
      levelAbove = level;
      const child = childFor(u8, u16, u32, base, key, offset, length);
      page = u32[((base + PAGE_HEADER_BYTES) >> 2) + u16[(base + PAGE_COUNT) >> 1]! + child]!;
    }
  }

  /** Copies the value that was found last, wherever it lies. Throws CORRUPT for a damaged extent. */
  copyValue(into: Uint8Array, intoOffset: number): void {
    if (this.isOverflow) {
      readValue(this.#pages, this.overflowPage, this.overflowOffset, this.valueLength, into, intoOffset);
    } else {
      copyBytes(this.u8, this.valueOffset, into, intoOffset, this.valueLength);
    }
  }

  #decodeFlagged(cell: number, info: number, end: number): void {
    let at = cell + INFO_BYTES + (info & INFO_LENGTH);
    this.expiry = 0;
    this.kind = kindOf(info);
    if ((info & INFO_EXPIRY) !== 0) {
      this.expiry = this.data.getFloat64(at, true);
      at += EXPIRY_BYTES;
    }
    this.isOverflow = (info & INFO_OVERFLOW) !== 0;
    if (this.isOverflow) {
      this.overflowPage = this.data.getUint32(at, true);
      this.valueLength = this.data.getUint32(at + 4, true);
      this.overflowOffset = this.data.getUint32(at + 8, true);
    } else {
      this.valueOffset = at;
      this.valueLength = end - at;
    }
  }
}
