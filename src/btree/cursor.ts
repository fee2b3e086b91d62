/**
 * A position in a tree, and the way from there in both directions.
 *
 * The cursor remembers the path from the root (page and child index per level) and stands on one cell of one leaf,
 * whose parts are described by its fields: key = prefix + suffix, value or extent, expiry. A step within the leaf
 * decodes the next cell, 3 ns; every sixtieth or so climbs to the parent.
 *
 *     [ page 9, child 3 ] → [ page 5, child 61 ] → leaf 71, slot 17
 *     [ page 9, child 3 ] → [ page 5, child 62 ] → packed page 72, part 4, slot 9
 *
 * A leaf of a packed page is unpacked into a frame (packed-page.ts), and then read as any other.
 *
 * The fields hold until another call locates a page of the same page file: with the pread backend the leaf's frame
 * may then be reused. The cursor itself notices (`pages.generation`) and locates its leaf again at the next call of any
 * of its methods; whoever reads the fields after having used the page file otherwise calls `refresh` first. Pages do
 * not change, and those of a pinned tree are not reused: a cursor never has to seek anew.
 *
 * Whole leaves are read without a call per cell:
 *
 *     for (let more = cursor.first(); more; more = cursor.nextLeaf()) {
 *       const { u8, u16, base, slots } = cursor;
 *       for (let slot = cursor.slot, end = cursor.leafRun(); slot < end; slot++) {
 *         const cell = base + u16[slots + slot]!;      // the layout of a cell is in page.ts
 *       }
 *     }
 */
import { compareBytes, copyBytes, EMPTY_BYTES } from "../bytes.ts";
import { PAGE_BIRTH, PAGE_CRC, PAGE_SIZE, type PageFile, type PageView, readValue } from "../pager/index.ts";
import { type CellPlaces, placeCells, placeKeys, placeValues, placeValuesOf } from "./cell-places.ts";
import { damagedTree } from "./damaged-tree.ts";
import type { Leaf, LeafFilter } from "./leaf.ts";
import { directoryEntry, LEAF_ENTRIES, packedLeaves, partFor, unpackLeaf } from "./packed-page.ts";
import {
  CELL_PUT,
  childFor,
  childOfRank,
  comparePrefix,
  EXPIRY_BYTES,
  entriesBefore,
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
  PAGE_PREFIX_LENGTH,
  searchLeaf,
} from "./page.ts";

/** How many ranges that begin elsewhere the search in the current leaf is tried for, once it was worth it. */
const MOST_NEARNESS = 3;

export class TreeCursor implements Leaf {
  /** Whether the cursor stands on a cell; the other fields mean something only then. */
  valid = false;
  u8: Uint8Array = EMPTY_BYTES;
  u16: Uint16Array = new Uint16Array(EMPTY_BYTES.buffer);
  u32: Uint32Array = new Uint32Array(EMPTY_BYTES.buffer);
  data: DataView = new DataView(EMPTY_BYTES.buffer);
  /** The leaf: its page number, its offset in the arrays, the index of its slot 0 in `u16`, its cells. */
  page = 0;
  base = 0;
  slots = 0;
  count = 0;
  prefixOffset = 0;
  prefixLength = 0;
  /** The cell: offsets are into `u8`. */
  slot = 0;
  suffixOffset = 0;
  suffixLength = 0;
  valueOffset = 0;
  valueLength = 0;
  /** After `takeRange`. */
  runEnd = 0;
  isOverflow = false;
  overflowPage = 0;
  /** 0: the extent is the value; otherwise where in the extent it begins. */
  overflowOffset = 0;
  /** A CELL_ constant. */
  kind: number = CELL_PUT;
  /** Ms since the epoch, 0 for none. */
  expiry = 0;

  readonly #pages: PageFile;
  #generation = -1;
  #root = 0;
  /** Inner pages from the root down to the leaf's parent, and the child taken in each. */
  readonly #pathPages: Uint32Array = new Uint32Array(MAX_HEIGHT);
  readonly #pathChildren: Uint16Array = new Uint16Array(MAX_HEIGHT);
  #depth = 0;
  /** Which leaf of a packed page, from 1 on, and how many there are; 0 of 0 in a plain one. */
  #part = 0;
  #parts = 0;
  /** Whether the fields describe a leaf of the tree that is open. */
  #hasLeaf = false;
  /** 0: ranges begin all over the tree. */
  #nearness = 0;

  constructor(pages: PageFile) {
    this.#pages = pages;
  }

  /** Points the cursor at another tree, given by its root page; it then stands nowhere. */
  open(root: number): void {
    this.#root = root;
    this.valid = false;
    this.#hasLeaf = false;
    this.#nearness = 0;
  }

  /** Each of these returns whether there is such a cell, and stands on it if so. */
  first(): boolean {
    return this.#root !== 0 && this.#descend(this.#root, 0, false) && this.#decode(0);
  }

  last(): boolean {
    return this.#root !== 0 && this.#descend(this.#root, 0, true) && this.#decode(this.count - 1);
  }

  /** The first cell whose key is at least, or, if not inclusive, greater than the given one. */
  seek(key: Uint8Array, offset: number, length: number, inclusive = true): boolean {
    if (this.#root === 0) {
      return false;
    }
    const found = this.#search(key, offset, length);
    const slot = inclusive ? found >>> 1 : (found + 1) >>> 1;
    return slot < this.count ? this.#decode(slot) : this.nextLeaf();
  }

  /** The last cell whose key is at most, or, if not inclusive, less than the given one. */
  seekBefore(key: Uint8Array, offset: number, length: number, inclusive = true): boolean {
    if (this.#root === 0) {
      return false;
    }
    const found = this.#search(key, offset, length);
    const slot = inclusive ? ((found + 1) >>> 1) - 1 : (found >>> 1) - 1;
    return slot >= 0 ? this.#decode(slot) : this.prevLeaf();
  }

  /** The cell with `rank` cells before it. */
  seekRank(rank: number): boolean {
    this.valid = false;
    if (this.#root === 0 || rank < 0) {
      return false;
    }
    this.#depth = 0;
    let page = this.#root;
    let rest = rank;
    while (this.#enter(page) > 0) {
      const { u16, u32, base } = this;
      const child = childOfRank(u16, u32, base, rest);
      rest -= entriesBefore(u16, u32, base, child);
      page = this.#push(page, u16[(base + PAGE_COUNT) >> 1]!, child);
    }
    if (this.#parts !== 0) {
      rest = this.#enterRank(rest);
    }
    return rest < this.count && this.#decode(rest);
  }

  next(): boolean {
    if (!this.valid) {
      return false;
    }
    if (this.#pages.generation !== this.#generation) {
      this.refresh();
    }
    const slot = this.slot + 1;
    return slot < this.count ? this.#decode(slot) : this.nextLeaf();
  }

  prev(): boolean {
    if (!this.valid) {
      return false;
    }
    if (this.#pages.generation !== this.#generation) {
      this.refresh();
    }
    const slot = this.slot - 1;
    return slot >= 0 ? this.#decode(slot) : this.prevLeaf();
  }

  /** The first cell of the next leaf. */
  nextLeaf(): boolean {
    return this.#toNextLeaf() && this.#decode(0);
  }

  /** The first cell of the next leaf that the filter does not leave out; of those that it does the page's header is read, if anything. */
  nextLeafBy(filter: LeafFilter): boolean {
    const root = this.#pages.locate(this.#root) >> 2;
    const { u32 } = this.#pages.view;
    filter.reads(this.#root, u32[root + (PAGE_BIRTH >> 2)]!, u32[root + (PAGE_CRC >> 2)]!);
    do {
      this.#passSiblings(filter);
      if (!this.#toNextLeaf()) {
        return false;
      }
    } while (this.#parts === 0 && filter.leavesOut(this));
    return this.#decode(0);
  }

  /** Passes over the leaves behind this one in its parent that are left out without being read. */
  #passSiblings(filter: LeafFilter): void {
    const depth = this.#depth - 1;
    if (depth < 0 || this.#part < this.#parts) {
      return;
    }
    const base = this.#pages.locate(this.#pathPages[depth]!);
    const { u16, u32 } = this.#pages.view;
    const count = u16[(base + PAGE_COUNT) >> 1]!;
    const children = ((base + PAGE_HEADER_BYTES) >> 2) + count;
    let child = this.#pathChildren[depth]!;
    while (child + 1 < count && filter.leavesOutPage(u32[children + child + 1]!)) {
      child++;
    }
    this.#pathChildren[depth] = child;
    this.#hasLeaf = false;
  }

  #toNextLeaf(): boolean {
    this.valid = false;
    if (this.#part < this.#parts) {
      this.#enterPart(this.#part + 1);
      return true;
    }
    return this.#toSibling(1);
  }

  /** The last cell of the leaf before. */
  prevLeaf(): boolean {
    this.valid = false;
    if (this.#part > 1) {
      this.#enterPart(this.#part - 1);
      return this.#decode(this.count - 1);
    }
    return this.#toSibling(-1) && this.#decode(this.count - 1);
  }

  /** Goes to the leaf of the page behind this one's, or to the last of the page before it, from the nearest parent that has one there. */
  #toSibling(step: 1 | -1): boolean {
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const base = this.#pages.locate(this.#pathPages[depth]!);
      const { u16, u32 } = this.#pages.view;
      const count = u16[(base + PAGE_COUNT) >> 1]!;
      const child = this.#pathChildren[depth]! + step;
      if (child >= 0 && child < count) {
        this.#pathChildren[depth] = child;
        return this.#descend(u32[((base + PAGE_HEADER_BYTES) >> 2) + count + child]!, depth + 1, step < 0);
      }
    }
    return false;
  }

  /** The cells of this leaf from here on are slots `slot` up to the returned one, exclusive. */
  leafRun(): number {
    this.refresh();
    return this.count;
  }

  /** Where a key is or would be in this leaf: twice the slot of the first cell not below it, plus 1 if that cell holds it. */
  searchInLeaf(key: Uint8Array, offset: number, length: number): number {
    this.refresh();
    return searchLeaf(this.u8, this.u16, this.u32, this.base, key, offset, length);
  }

  /**
   * Writes where the cells behind this one lie, `most` of them at the most and only plain ones (no deadline, no extent),
   * into the arrays from `at` on; stands on the last of them. Returns how many: 1.5 ns each, where `next` takes 8.
   */
  takeRun(most: number, at: number, places: CellPlaces): number {
    this.refresh();
    const from = this.slot + 1;
    const slot = placeCells(this, from, Math.min(this.count, from + most), at, places);
    if (slot > from) {
      this.#decode(slot - 1);
    }
    return slot - from;
  }

  /** The same for where values begin, and nothing else; see `placeRun`. */
  takeValues(most: number, at: number, offsets: Uint32Array): number {
    this.refresh();
    const from = this.slot + 1;
    const slot = placeValues(this, from, Math.min(this.count, from + most), at, offsets);
    if (slot > from) {
      this.#decode(slot - 1);
    }
    return slot - from;
  }

  /**
   * Writes where the cells from `lower` on and below `upper` (undefined: to the end) lie into the arrays, as far as they are
   * plain and in one leaf, `most` at the most; returns how many. `runEnd` is the slot behind those of the leaf that are in the
   * range, and where there are more of them the cursor stands on the last one that was taken. −1: the first one is not plain.
   */
  takeRange(lower: Uint8Array, upper: Uint8Array | undefined, most: number, places: CellPlaces): number {
    this.runEnd = 0;
    if (this.#root === 0) {
      return 0;
    }
    let from = this.#searchNearby(lower) >>> 1;
    if (from >= this.count) {
      if (!this.#toNextLeaf()) {
        return 0;
      }
      from = 0;
    }
    const { count } = this;
    const end = upper === undefined ? count : this.searchInLeaf(upper, 0, upper.length) >>> 1;
    const slot = placeCells(this, from, Math.min(end, from + most), 0, places);
    this.runEnd = end;
    if (slot === from) {
      return from < end ? -1 : 0;
    }
    if (slot < end || end === count) {
      this.#decode(slot - 1);
    }
    return slot - from;
  }

  /** Writes where the values of chosen cells of this leaf begin, all of them plain; see `placeKeysOf`. */
  placeValuesOf(chosen: Uint16Array, count: number, offsets: Uint32Array): void {
    this.refresh();
    placeValuesOf(this, chosen, count, offsets);
  }

  /** The rest of what `takeRun` says of them. */
  placeKeysOf(chosen: Uint16Array, count: number, places: CellPlaces): void {
    this.refresh();
    for (let row = 0; row < count; row++) {
      placeKeys(this, chosen[row]!, chosen[row]! + 1, row, places);
    }
  }

  /** Writes the rest of what `takeRun` says of `count` cells of this leaf: their keys, and how long the values are. */
  placeRun(from: number, count: number, at: number, places: CellPlaces): void {
    this.refresh();
    placeKeys(this, from, from + count, at, places);
  }

  /** Writes where the values of all cells of this leaf begin; returns how many, or −1 where one is not plain. */
  valuesInto(offsets: Uint32Array): number {
    this.refresh();
    return placeValues(this, 0, this.count, 0, offsets) === this.count ? this.count : -1;
  }

  /** The checkpoint that wrote the page, and its checksum: a page that has both again is the same. */
  get birth(): number {
    return this.u32[(this.base + PAGE_BIRTH) >> 2]!;
  }

  get checksum(): number {
    return this.u32[(this.base + PAGE_CRC) >> 2]!;
  }

  /** Whether the leaf is one of several in its page. */
  get isPart(): boolean {
    return this.#part !== 0;
  }

  /** Whether the leaf's bytes stay where they are, whatever else is read. */
  get isLasting(): boolean {
    return this.#part === 0 && this.#pages.isLasting;
  }

  /** Stands on another slot of the same leaf. */
  moveTo(slot: number): boolean {
    this.refresh();
    return this.#decode(slot);
  }

  /** Makes the fields right again after other use of the page file. */
  refresh(): void {
    if (this.#pages.generation === this.#generation) {
      return;
    }
    if (this.valid) {
      const slot = this.slot;
      if (this.#part === 0) {
        this.#enter(this.page);
      } else {
        this.#enterPart(this.#part);
      }
      this.#decode(slot);
    }
  }

  get keyLength(): number {
    return this.prefixLength + this.suffixLength;
  }

  /** Copies the whole key; returns its length. */
  copyKey(into: Uint8Array, intoOffset: number): number {
    this.refresh();
    copyBytes(this.u8, this.prefixOffset, into, intoOffset, this.prefixLength);
    copyBytes(this.u8, this.suffixOffset, into, intoOffset + this.prefixLength, this.suffixLength);
    return this.prefixLength + this.suffixLength;
  }

  /** Negative, zero or positive as the cell's key sorts before, with or after the given one. */
  compareKey(key: Uint8Array, offset: number, length: number): number {
    this.refresh();
    const cut = this.prefixLength;
    if (cut !== 0) {
      const order = comparePrefix(this.u8, this.prefixOffset, cut, key, offset, length);
      if (order !== 0) {
        return -order;
      }
    }
    return compareBytes(this.u8, this.suffixOffset, this.suffixLength, key, offset + cut, length - cut);
  }

  /** Copies the value, wherever it lies. Throws CORRUPT for a damaged extent. */
  copyValue(into: Uint8Array, intoOffset: number): void {
    this.refresh();
    if (this.isOverflow) {
      readValue(this.#pages, this.overflowPage, this.overflowOffset, this.valueLength, into, intoOffset);
    } else {
      copyBytes(this.u8, this.valueOffset, into, intoOffset, this.valueLength);
    }
  }

  /** Goes to the leaf where the key belongs; returns what `searchLeaf` says. */
  #search(key: Uint8Array, offset: number, length: number): number {
    this.valid = false;
    this.#depth = 0;
    let page = this.#root;
    while (this.#enter(page) > 0) {
      const { u8, u16, u32, base } = this;
      const child = childFor(u8, u16, u32, base, key, offset, length);
      page = this.#push(page, u16[(base + PAGE_COUNT) >> 1]!, child);
    }
    if (this.#parts !== 0) {
      this.#enterPart(partFor(this.#pages.view, this.base, key, offset, length));
    }
    return searchLeaf(this.u8, this.u16, this.u32, this.base, key, offset, length);
  }

  /** `#search`, which ranges that follow each other closely spare the way from the root: a third of what it takes. */
  #searchNearby(key: Uint8Array): number {
    this.valid = false;
    const isHere = this.#hasLeaf && this.#pages.generation === this.#generation;
    if (isHere && this.#nearness > 0) {
      const found = searchLeaf(this.u8, this.u16, this.u32, this.base, key, 0, key.length);
      // Not before its first cell, nor behind its last one.
      if (found > 0 && found >>> 1 < this.count) {
        this.#nearness = MOST_NEARNESS;
        return found;
      }
      this.#nearness--;
    }
    const { page } = this;
    const part = this.#part;
    const found = this.#search(key, 0, key.length);
    if (isHere && this.page === page && this.#part === part) {
      this.#nearness = MOST_NEARNESS;
    }
    return found;
  }

  /** Goes from `page`, which lies `depth` levels below the root, to the first or last leaf below it. */
  #descend(page: number, depth: number, toLast: boolean): boolean {
    this.valid = false;
    this.#depth = depth;
    let next = page;
    while (this.#enter(next) > 0) {
      const count = this.u16[(this.base + PAGE_COUNT) >> 1]!;
      next = this.#push(next, count, toLast ? count - 1 : 0);
    }
    if (this.#parts !== 0) {
      this.#enterPart(toLast ? this.#parts : 1);
    }
    return this.count > 0;
  }

  /** Remembers the child taken in the inner page that was just entered; returns the child's page. */
  #push(page: number, count: number, child: number): number {
    if (this.#depth === MAX_HEIGHT) {
      throw damagedTree(page, "the tree is higher than 32 levels");
    }
    this.#pathPages[this.#depth] = page;
    this.#pathChildren[this.#depth] = child;
    this.#depth++;
    return this.u32[((this.base + PAGE_HEADER_BYTES) >> 2) + count + child]!;
  }

  /**
   * Locates a page and, if it is a leaf, takes it as the cursor's; returns its level. In a packed page `enterPart` comes next.
   */
  #enter(page: number): number {
    const base = this.#pages.locate(page);
    const view = this.#takeView(base);
    const level = view.u8[base + PAGE_LEVEL]!;
    this.#hasLeaf = false;
    if (level === 0) {
      this.page = page;
      this.#part = 0;
      if (view.u8[base + PAGE_KIND] === KIND_PACKED) {
        this.#parts = packedLeaves(view, base);
      } else {
        this.#parts = 0;
        this.#takeLeaf(view, base);
      }
    }
    return level;
  }

  /** Takes a leaf of the packed page `page`. */
  #enterPart(part: number): void {
    const base = this.#pages.locatePart(this.page, part, unpackLeaf);
    this.#part = part;
    this.#takeLeaf(this.#takeView(base), base);
  }

  /** The arrays of what was just located. */
  #takeView(base: number): PageView {
    const view = this.#pages.view;
    this.#generation = this.#pages.generation;
    this.base = base;
    this.u8 = view.u8;
    this.u16 = view.u16;
    this.u32 = view.u32;
    return view;
  }

  /** Takes that leaf of the packed page just entered which has its cell `rank`; returns the cell's slot. */
  #enterRank(rank: number): number {
    let part = 1;
    let slot = rank;
    for (; part < this.#parts; part++) {
      const entries = this.u16[(directoryEntry(this.base, part) + LEAF_ENTRIES) >> 1]!;
      if (slot < entries) {
        break;
      }
      slot -= entries;
    }
    this.#enterPart(part);
    return slot;
  }

  #takeLeaf(view: PageView, base: number): void {
    this.#hasLeaf = true;
    const count = view.u16[(base + PAGE_COUNT) >> 1]!;
    this.data = view.data;
    this.count = count;
    this.slots = leafSlots(base, count);
    this.prefixLength = view.u16[(base + PAGE_PREFIX_LENGTH) >> 1]!;
    this.prefixOffset = base + PAGE_SIZE - this.prefixLength;
  }

  #decode(slot: number): boolean {
    const { u8, u16, base } = this;
    const at = this.slots + slot;
    const cell = base + u16[at]!;
    const info = u8[cell]! | (u8[cell + 1]! << 8);
    const end = base + u16[at + 1]!;
    this.valid = true;
    this.slot = slot;
    this.suffixOffset = cell + INFO_BYTES;
    if (info < INFO_FLAGS) {
      const value = cell + INFO_BYTES + info;
      this.suffixLength = info;
      this.valueOffset = value;
      this.valueLength = end - value;
      this.isOverflow = false;
      this.expiry = 0;
      this.kind = CELL_PUT;
    } else {
      this.#decodeFlagged(cell, info, end);
    }
    return true;
  }

  #decodeFlagged(cell: number, info: number, end: number): void {
    this.suffixLength = info & INFO_LENGTH;
    let at = cell + INFO_BYTES + this.suffixLength;
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
