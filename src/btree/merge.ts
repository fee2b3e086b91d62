/**
 * Applies a sorted batch of puts and deletes to a tree, by copying what changes.
 *
 * The old tree is walked from left to right, from one touched leaf to the next; a frame per inner level remembers
 * which page is being walked, which of its children was reached (`index`), and up to which they were handed to the
 * writer (`copied`). Children between the two are untouched so far: they are handed over, as references, when
 * something to their right changes or the page is left.
 *
 *     frame (level 1)   c0   c1   c2   c3   c4   c5
 *                       └── handed over ┘    └ index: the next touched leaf
 *                                      └ copied
 *
 * Nothing is copied before something has changed: a batch that deletes what is not there returns the old root. A page
 * is copied with all its ancestors (`#dirty`), its number goes to `frees`, its unchanged children stay shared by both
 * trees. The old tree remains readable throughout and afterwards (B9); a merge that is abandoned has changed nothing,
 * the caller gives back what `allocated` lists.
 *
 * `step` merges one leaf, or 512 operations if more fall into one. What it costs otherwise is bounded by the height.
 *
 * With `relocateFrom` a child at or beyond that page counts as touched, so that the pages at the end of the file
 * become free; `relocatePages` bounds how many are moved so, `relocatesExtent` includes values in extents (and every
 * leaf is read to find them).
 */
import { assert } from "../assert.ts";
import { compareBytes, copyBytes } from "../bytes.ts";
import { extentBirth, extentPages, type PageAllocator, type PageFile, readExtent } from "../pager/index.ts";
import { PageImage } from "./image.ts";
import {
  CELL_PUT,
  childFor,
  headsOf,
  MAX_HEIGHT,
  MAX_INNER_ENTRIES,
  MAX_KEY_BYTES,
  PAGE_COUNT,
  searchLeaf,
} from "./page.ts";
import { type FreedPages, type RootRecord, TreeWriter } from "./writer.ts";

/** Part of the interface to the log: the kinds of its operations. */
export const BATCH_PUT = 1;
export const BATCH_DELETE = 2;
/** Operands, applied to what is there. */
export const BATCH_MERGE = 4;

/** Operations in strictly ascending key order. The fields are those of the current one, after `next` returned true. */
export interface BatchSource {
  readonly u8: Uint8Array;
  readonly keyOffset: number;
  readonly keyLength: number;
  /** 1 put, 2 delete, 4 merge. */
  readonly kind: number;
  /** Where the value lies. */
  readonly values: Uint8Array;
  /** A view of the same memory; undefined: there is none. */
  readonly words?: Uint32Array | undefined;
  readonly valueOffset: number;
  readonly valueLength: number;
  /** Ms since the epoch, 0 for none. */
  readonly expiry: number;
  next(): boolean;
  /** Of a merge: what its operands make of the entry that is there, of the given kind, or of none. */
  applyTo?(value: Uint8Array | undefined, kind: number): AppliedEntry;
}

/** What an entry is after a merge: a CELL_ constant, and its bytes. */
export interface AppliedEntry {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** Of an extent of `count` pages from page `first` on. */
export type RelocatesExtent = (first: number, count: number) => boolean;

export interface MergeOptions {
  /** Pages from this number on are moved down, whether or not an operation touches them. */
  readonly relocateFrom?: number;
  /** How many leaves and inner pages may be moved that no operation touches; no bound unless given. */
  readonly relocatePages?: number;
  /** Whether an extent moves that reaches beyond there; none does unless given. Every leaf is read. */
  readonly relocatesExtent?: RelocatesExtent | undefined;
}

const NO_RELOCATION = Number.POSITIVE_INFINITY;
const MAX_OPERATIONS_A_STEP = 512;

/** An inner page of the old tree on the way from the root to the leaf that is being merged. */
class Frame {
  readonly image: PageImage;
  index = 0;
  copied = 0;
  isDirty = false;
  /** Keys below this page are at least `fence` and less than `upper`. */
  readonly fence: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  fenceLength = 0;
  readonly upper: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  upperLength = 0;
  hasUpper = false;

  constructor(level: number) {
    this.image = new PageImage(level);
  }
}

export class TreeMerge {
  readonly #pages: PageFile;
  readonly #frees: FreedPages;
  readonly #batch: BatchSource;
  readonly #writer: TreeWriter;
  readonly #relocateFrom: number;
  readonly #relocatesExtent: RelocatesExtent | undefined;
  readonly #relocatePages: number;
  #relocatedPages = 0;

  /** frames[level]; frames[0] is the leaf under way, with its fences. */
  readonly #frames: Frame[] = [];
  readonly #neighbours: PageImage[] = [];
  readonly #neighbourFence: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  readonly #key: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  readonly #top: number;
  /** The level of the page that is being walked; above #top when the walk is over. */
  #depth: number;
  #hasOperation: boolean;
  #inLeaf = false;
  #position = 0;
  #result: RootRecord;
  #isDone = false;

  constructor(
    pages: PageFile,
    allocator: PageAllocator,
    frees: FreedPages,
    birth: number,
    root: RootRecord,
    batch: BatchSource,
    options: MergeOptions = {},
  ) {
    assert(root.height <= MAX_HEIGHT && (root.page === 0) === (root.height === 0), "B8: a root has a height");
    this.#pages = pages;
    this.#frees = frees;
    this.#batch = batch;
    this.#writer = new TreeWriter(pages, allocator, frees, birth, 1);
    this.#relocateFrom = options.relocateFrom ?? NO_RELOCATION;
    this.#relocatePages = options.relocatePages ?? Number.POSITIVE_INFINITY;
    this.#relocatesExtent = options.relocatesExtent;
    this.#result = root;
    this.#top = Math.max(root.height - 1, 0);
    for (let level = 0; level <= this.#top; level++) {
      this.#frames.push(new Frame(level));
      this.#neighbours.push(new PageImage(level));
    }
    const frame = this.#frames[this.#top]!;
    if (root.page === 0) {
      frame.image.clear();
    } else {
      frame.image.load(pages, root.page);
    }
    this.#depth = this.#top;
    this.#hasOperation = batch.next();
    this.#inLeaf = this.#top === 0;
    if (this.#top > 0 && this.#isRelocated(root.page)) {
      this.#relocatedPages++;
      this.#dirty(this.#top);
    }
  }

  /** Everything allocated so far, pages and extents, as pairs of first page and page count. */
  get allocated(): readonly number[] {
    return this.#writer.allocated;
  }

  /** Pages that were moved though no operation touched them. */
  get relocatedPages(): number {
    return this.#relocatedPages;
  }

  get pagesWritten(): number {
    return this.#writer.pagesWritten;
  }

  /** The new tree, once `step` has returned true. */
  get result(): RootRecord {
    assert(this.#isDone, "a merge has a result when it is done");
    return this.#result;
  }

  /** Does one leaf's work; true when the new tree is complete. */
  step(): boolean {
    if (!this.#isDone && (this.#inLeaf || this.#findLeaf())) {
      this.#mergeLeaf();
      return false;
    }
    if (!this.#isDone) {
      this.#isDone = true;
      if (this.#frames[this.#top]!.isDirty) {
        this.#result = this.#writer.finish();
      }
    }
    return true;
  }

  run(): RootRecord {
    while (!this.step()) {}
    return this.#result;
  }

  /** Walks on to the next leaf that an operation or relocation touches; false at the end of the tree. */
  #findLeaf(): boolean {
    while (this.#depth > 0 && this.#depth <= this.#top) {
      const frame = this.#frames[this.#depth]!;
      frame.index = this.#nextTouched(frame);
      if (frame.index === frame.image.count) {
        this.#leave(frame);
        continue;
      }
      this.#enter(frame);
      if (this.#depth > 0 && this.#isRelocated(this.#frames[this.#depth]!.image.page)) {
        this.#relocatedPages++;
        this.#dirty(this.#depth);
      }
      if (this.#depth === 0) {
        this.#inLeaf = true;
        this.#position = 0;
        return true;
      }
    }
    return false;
  }

  /** The next child from `index` on that has to be walked; the count, if there is none. */
  #nextTouched(frame: Frame): number {
    const { image, index } = frame;
    const batch = this.#batch;
    let touched = image.count;
    if (index < touched && this.#hasOperation && this.#operationIsBelow(frame)) {
      touched = childFor(image.u8, image.u16, image.u32, 0, batch.u8, batch.keyOffset, batch.keyLength);
      assert(touched >= index, "B5: the keys of a batch ascend");
    }
    if (this.#relocateFrom !== NO_RELOCATION) {
      for (let i = index; i < touched; i++) {
        if (this.#needsRelocation(image.children[i]!, image.level - 1)) {
          return i;
        }
      }
    }
    return touched;
  }

  #operationIsBelow(frame: Frame): boolean {
    const { u8, keyOffset, keyLength } = this.#batch;
    return !frame.hasUpper || compareBytes(u8, keyOffset, keyLength, frame.upper, 0, frame.upperLength) < 0;
  }

  #enter(frame: Frame): void {
    const { image, index } = frame;
    const child = this.#frames[image.level - 1]!;
    child.image.load(this.#pages, image.children[index]!);
    child.index = 0;
    child.copied = 0;
    child.isDirty = false;
    if (index === 0) {
      copyBytes(frame.fence, 0, child.fence, 0, frame.fenceLength);
      child.fenceLength = frame.fenceLength;
    } else {
      child.fenceLength = image.copyKey(index, child.fence);
    }
    if (index + 1 < image.count) {
      child.upperLength = image.copyKey(index + 1, child.upper);
      child.hasUpper = true;
    } else {
      copyBytes(frame.upper, 0, child.upper, 0, frame.upperLength);
      child.upperLength = frame.upperLength;
      child.hasUpper = frame.hasUpper;
    }
    this.#depth--;
  }

  /** All children were walked or passed over: what is left to hand over is, if anything changed. */
  #leave(frame: Frame): void {
    if (frame.isDirty) {
      if (frame.image.level > 0) {
        this.#handOver(frame);
      }
      this.#writer.endPage(frame.image.level);
    }
    this.#depth++;
    const parent = this.#frames[this.#depth];
    if (parent !== undefined) {
      parent.index++;
      if (frame.isDirty) {
        parent.copied = parent.index;
      }
    }
  }

  #mergeLeaf(): void {
    const frame = this.#frames[0]!;
    const image = frame.image;
    const batch = this.#batch;
    if (!frame.isDirty && image.page !== 0 && this.#needsRelocation(image.page, 0)) {
      this.#relocatedPages++;
      this.#dirty(0);
    }
    for (let operations = 0; this.#hasOperation && this.#operationIsBelow(frame); operations++) {
      if (operations === MAX_OPERATIONS_A_STEP) {
        return;
      }
      const found = searchLeaf(image.u8, image.u16, image.u32, 0, batch.u8, batch.keyOffset, batch.keyLength);
      const index = found >>> 1;
      if ((found & 1) === 1 || batch.kind !== BATCH_DELETE) {
        this.#dirty(0);
        this.#copyCells(index);
        const applied = batch.kind === BATCH_MERGE ? this.#apply(image, index, (found & 1) === 1) : undefined;
        if ((found & 1) === 1) {
          this.#freeExtent(image, index);
          this.#position = index + 1;
        }
        this.#addOperation(applied);
      }
      this.#hasOperation = batch.next();
    }
    if (frame.isDirty) {
      this.#copyCells(image.count);
    }
    this.#inLeaf = false;
    this.#leave(frame);
  }

  /** What the operands of the current operation make of cell `index`, if that has its key. */
  #apply(image: PageImage, index: number, isThere: boolean): AppliedEntry {
    if (!isThere) {
      return this.#batch.applyTo!(undefined, CELL_PUT);
    }
    return this.#batch.applyTo!(image.valueOf(this.#pages, index), image.kindOf(index));
  }

  #addOperation(applied: AppliedEntry | undefined): void {
    const { kind, u8, keyOffset, keyLength, values, words, valueOffset, valueLength, expiry } = this.#batch;
    if (applied !== undefined) {
      const { bytes } = applied;
      this.#writer.addEntry(u8, keyOffset, keyLength, bytes, 0, bytes.length, 0, applied.kind);
    } else if (kind === BATCH_PUT) {
      this.#writer.addEntry(u8, keyOffset, keyLength, values, valueOffset, valueLength, expiry, CELL_PUT, words);
    }
  }

  /** Hands the cells of the leaf from where it was reached up to `index` to the writer. */
  #copyCells(index: number): void {
    const from = this.#position;
    assert(from <= index, "B5: the keys of a batch ascend");
    if (from < index) {
      this.#position = index;
      const image = this.#frames[0]!.image;
      if (this.#relocatesExtent !== undefined) {
        this.#copyAndRelocate(image, from, index);
      } else {
        this.#writer.addCells(image, from, index);
      }
    }
  }

  /** Something changes in the page of level `lowest`: it and its ancestors are copied from here on. */
  #dirty(lowest: number): void {
    if (this.#frames[lowest]!.isDirty) {
      return;
    }
    for (let level = this.#top; level >= lowest; level--) {
      const frame = this.#frames[level]!;
      if (level > 0) {
        this.#handOver(frame);
      }
      if (!frame.isDirty) {
        frame.isDirty = true;
        if (frame.image.page !== 0) {
          this.#frees.add(frame.image.page, 1, frame.image.birth);
        }
      }
      this.#writer.setDense(level, !frame.hasUpper);
    }
    if (lowest === 0) {
      const leaf = this.#frames[0]!;
      this.#writer.beginLeaves(leaf.fence, leaf.fenceLength);
    }
  }

  /** Hands the untouched children of a page up to the one that is being walked to the writer. */
  #handOver(frame: Frame): void {
    const { image, index } = frame;
    if (frame.copied === index) {
      return;
    }
    for (let below = 0; below < image.level - 1; below++) {
      this.#writer.endRun(below);
    }
    while (frame.copied < index && this.#takeNeighbour(frame, frame.copied)) {
      frame.copied++;
    }
    if (frame.copied < index) {
      this.#writer.keepChildren(image, frame.copied, index, frame.fence, frame.fenceLength);
      frame.copied = index;
    }
  }

  /** Lets an untouched child join the run that would otherwise end before it, if that makes better pages. */
  #takeNeighbour(frame: Frame, index: number): boolean {
    const neighbour = this.#neighbours[frame.image.level - 1]!;
    if (!this.#writer.wantsNeighbour(neighbour.level)) {
      return false;
    }
    neighbour.load(this.#pages, frame.image.children[index]!);
    this.#frees.add(neighbour.page, 1, neighbour.birth);
    this.#writer.takeNeighbour(neighbour.level, neighbour.sizeBytes);
    if (neighbour.level === 0) {
      this.#writer.addCells(neighbour, 0, neighbour.count);
    } else if (index === 0) {
      this.#writer.addChildren(neighbour, 0, neighbour.count, frame.fence, frame.fenceLength);
    } else {
      const fence = this.#neighbourFence;
      this.#writer.addChildren(neighbour, 0, neighbour.count, fence, frame.image.copyKey(index, fence));
    }
    return true;
  }

  #isRelocated(page: number): boolean {
    return page >= this.#relocateFrom && this.#relocatedPages < this.#relocatePages;
  }

  /** Whether relocation has anything to move at or below `page`. Reads the inner pages below it. */
  #needsRelocation(page: number, level: number): boolean {
    if (this.#relocatedPages >= this.#relocatePages) {
      return false;
    }
    if (page >= this.#relocateFrom) {
      return true;
    }
    if (level === 0) {
      return this.#relocatesExtent !== undefined && this.#hasFarExtent(page);
    }
    const base = this.#pages.locate(page);
    const { u16, u32 } = this.#pages.view;
    const count = Math.min(u16[(base + PAGE_COUNT) >> 1]!, MAX_INNER_ENTRIES);
    const first = headsOf(base) + count;
    // Below level 1 a recursive call may reuse the frame that this page lies in: the children are copied first.
    const children = u32.slice(first, first + count);
    return children.some((child) => this.#needsRelocation(child, level - 1));
  }

  #hasFarExtent(page: number): boolean {
    const leaf = this.#neighbours[0]!;
    leaf.load(this.#pages, page);
    for (let i = 0; i < leaf.count; i++) {
      if (this.#isExtentRelocated(leaf, i)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the entry's value is a whole extent that is to move. */
  #isExtentRelocated(image: PageImage, index: number): boolean {
    const extent = image.extentOf(index);
    const count = extentPages(image.extentLength);
    return (
      extent !== 0 &&
      image.extentOffset === 0 &&
      extent + count > this.#relocateFrom &&
      this.#relocatesExtent!(extent, count)
    );
  }

  /** Like `addCells`, but a cell whose extent lies too far out gets a new one. */
  #copyAndRelocate(image: PageImage, from: number, to: number): void {
    let start = from;
    for (let i = from; i < to; i++) {
      if (!this.#isExtentRelocated(image, i)) {
        continue;
      }
      const extent = image.extentOf(i);
      const length = image.extentLength;
      if (start < i) {
        this.#writer.addCells(image, start, i);
      }
      start = i + 1;
      const value = new Uint8Array(length);
      readExtent(this.#pages, extent, length, value, 0);
      const keyLength = image.copyKey(i, this.#key);
      this.#writer.addEntry(this.#key, 0, keyLength, value, 0, length, image.expiryOf(i), image.kindOf(i));
      this.#freeExtent(image, i);
    }
    if (start < to) {
      this.#writer.addCells(image, start, to);
    }
  }

  #freeExtent(image: PageImage, index: number): void {
    const extent = image.extentOf(index);
    if (extent !== 0 && image.extentOffset === 0) {
      this.#frees.add(extent, extentPages(image.extentLength), extentBirth(this.#pages, extent));
    }
  }
}
