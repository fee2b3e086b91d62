/**
 * Writes a tree from left to right, all levels at once; bulk build and copy-on-write alike.
 *
 * Into each level flows a stream of entries: into level 0 cells, into the levels above children. A child is either
 * a page that this writer has just completed one level below, or a page of the old tree that is kept as it is.
 *
 *     level 2   ─ kept ─┐                              ┌─ kept ─ kept
 *     level 1           └─ kept kept ┌─ new new ┐ kept ┘
 *     level 0                        └ cells …  ┘               a run: what is rewritten between kept neighbours
 *
 * What a level rewrites between two kept neighbours is a run. Within it entries are packed as one stream, whatever
 * page they came from. A page is complete when the next entry does not fit:
 *
 * - At the right edge of the tree, and in bulk, it stays full (`dense`): what comes next, comes behind it.
 * - Elsewhere it is cut at 95 %, so that the next insertion does not split it again.
 *
 * It is also complete where an old page ended, if it is full enough (`endPage`): a page that changed little stays the
 * page that it was, its prefix too, and what lies to its right is not shifted.
 *
 * The last complete page of a run is held back until its successor is complete. At the end of the run the two share
 * their cells evenly, or become one. A run that ends nearly empty, or has just split, takes in a kept neighbour: the
 * driver asks `wantsNeighbour` and feeds the one to the right, so that two full pages become three rather than four;
 * without one, `endRun` takes back the kept page to the left.
 *
 * A bulk build may pack its leaves (`compression`): a complete leaf goes to the packer instead of a page of its own, which
 * may leave some of its entries to the next one.
 *
 * Runs end bottom-up: an entry enters level n only when the runs below have ended, except those that flow into it.
 */
import { assert } from "../assert.ts";
import { copyBytes, copyWords } from "../bytes.ts";
import { extentPages, PAGE_BIRTH, PAGE_SIZE, type PageAllocator, type PageFile, writeExtent } from "../pager/index.ts";
import { CODEC_STORED, type Compression, codecOf } from "./compression.ts";
import { PageDraft } from "./draft.ts";
import { PageImage } from "./image.ts";
import { LeafPacker } from "./leaf-packer.ts";
import {
  CELL_DELETE,
  CELL_PUT,
  EXPIRY_BYTES,
  EXTENT_REFERENCE_BYTES,
  INFO_BYTES,
  INFO_DELETE,
  INFO_EXPIRY,
  INFO_MERGE,
  INFO_OVERFLOW,
  KIND_INNER,
  MAX_CELL_BYTES,
  MAX_HEIGHT,
  MAX_KEY_BYTES,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
} from "./page.ts";
import { PageRun } from "./page-run.ts";

/** A tree as its owner remembers it: the root page, 0 for the empty tree, the number of levels and of entries. */
export interface RootRecord {
  readonly page: number;
  readonly height: number;
  readonly count: number;
}

export const EMPTY_ROOT: RootRecord = { page: 0, height: 0, count: 0 };

/** Where pages go that the new tree no longer refers to. */
export interface FreedPages {
  add(firstPage: number, pageCount: number, birth: number): void;
}

/** Where a page in the middle of the tree is cut. */
const CUT_BYTES: number = Math.floor(PAGE_SIZE * 0.95);
/** A run of one page smaller than this takes in a neighbour. */
const UNDERFULL_BYTES: number = Math.floor(PAGE_SIZE * 0.35);
/** A last page smaller than this shares cells with the one before it. */
const UNBALANCED_BYTES: number = Math.floor(PAGE_SIZE * 0.6);
/** A page at least this full ends where an old page ended; the second figure is for what comes from several old pages. */
const SETTLED_BYTES: number = Math.floor(PAGE_SIZE * 0.85);
const REPACKED_BYTES: number = Math.floor(PAGE_SIZE * 0.9);
const MAX_NEIGHBOURS = 2;

class Level {
  current: PageDraft;
  /** A complete page, held back; meaningful where `hasPrevious`. */
  previous: PageDraft;
  spare: PageDraft;
  hasPrevious = false;
  /** Whether a run is under way. */
  isOpen = false;
  isDense = true;
  /** The last child was kept, not written by this writer. */
  endsKept = false;
  /** How many old pages ended within the current one. */
  oldPages = 0;
  /** Where this run's pages are cut, and the neighbours it took in. */
  cutBytes: number = CUT_BYTES;
  neighbours = 0;

  constructor(level: number) {
    this.current = new PageDraft(level);
    this.previous = new PageDraft(level);
    this.spare = new PageDraft(level);
  }
}

export class TreeWriter {
  readonly #pages: PageFile;
  readonly #allocator: PageAllocator;
  readonly #frees: FreedPages;
  readonly #birth: number;
  readonly #run: PageRun;
  readonly #fullBytes: number;
  readonly #packer: LeafPacker | undefined;
  readonly #levels: Level[] = [];
  readonly #images: PageImage[] = [];
  readonly #key: Uint8Array = new Uint8Array(MAX_KEY_BYTES);

  constructor(
    pages: PageFile,
    allocator: PageAllocator,
    frees: FreedPages,
    birth: number,
    fillFactor: number,
    compression: Compression = "none",
  ) {
    assert(fillFactor >= 0.6 && fillFactor <= 1, "a fill factor is between 0.6 and 1");
    this.#pages = pages;
    this.#allocator = allocator;
    this.#frees = frees;
    this.#birth = birth;
    this.#run = new PageRun(pages, allocator, birth);
    this.#fullBytes = Math.floor(PAGE_SIZE * fillFactor);
    const codec = codecOf(compression);
    this.#packer =
      codec === CODEC_STORED
        ? undefined
        : new LeafPacker(this.#run, codec, (separator, length, page, entries) =>
            this.#addChild(1, separator, length, page, entries),
          );
  }

  /** Everything allocated so far, pages and extents, as pairs of first page and page count. */
  get allocated(): readonly number[] {
    return this.#run.allocated;
  }

  get pagesWritten(): number {
    return this.#run.pagesWritten;
  }

  /** Whether the pages of `level` are at the right edge of the tree from here on. */
  setDense(level: number, isDense: boolean): void {
    this.#level(level).isDense = isDense;
  }

  /** Opens a run of leaves, unless one is open, whose keys are not below `separator`. */
  beginLeaves(separator: Uint8Array, length: number): void {
    const level = this.#level(0);
    if (!level.isOpen) {
      this.#open(level);
      level.current.setSeparator(separator, 0, length);
    }
  }

  /**
   * Adds one cell to the open run of leaves; a value too large for a cell gets an extent. `words` is a view of the memory of
   * `value`, which it is copied faster with.
   */
  addEntry(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
    kind: number,
    words: Uint32Array | undefined = undefined,
  ): void {
    assert(keyLength <= MAX_KEY_BYTES, "B2: no key is longer than 2048 bytes");
    const expiryBytes = expiry === 0 ? 0 : EXPIRY_BYTES;
    const overflows = INFO_BYTES + keyLength + expiryBytes + valueLength > MAX_CELL_BYTES;
    const flags = (expiry === 0 ? 0 : INFO_EXPIRY) | (overflows ? INFO_OVERFLOW : 0) | flagsOf(kind);
    const extraBytes = expiryBytes + (overflows ? EXTENT_REFERENCE_BYTES : valueLength);
    let at = this.#addCell(key, keyOffset, keyLength, flags, extraBytes);
    const { u8: into, u32: intoWords } = this.#levels[0]!.current;
    if (expiry !== 0) {
      putFloat64(into, at, expiry);
      at += EXPIRY_BYTES;
    }
    if (overflows) {
      const page = writeExtent(this.#pages, this.#allocator, this.#birth, value, valueOffset, valueLength);
      this.#run.noteAllocated(page, extentPages(valueLength));
      putExtentReference(into, at, page, valueLength, 0);
    } else if (words === undefined) {
      copyBytes(value, valueOffset, into, at, valueLength);
    } else {
      copyWords(value, words, valueOffset, into, intoWords, at, valueLength);
    }
  }

  /** Adds one cell whose value lies in an extent that somebody else looks after. */
  addReference(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    page: number,
    offset: number,
    valueLength: number,
    expiry: number,
    kind: number,
  ): void {
    assert(offset > 0, "B9: an extent that begins with the value is the tree's own");
    const flags = (expiry === 0 ? 0 : INFO_EXPIRY) | INFO_OVERFLOW | flagsOf(kind);
    const extraBytes = (expiry === 0 ? 0 : EXPIRY_BYTES) + EXTENT_REFERENCE_BYTES;
    let at = this.#addCell(key, keyOffset, keyLength, flags, extraBytes);
    const into = this.#levels[0]!.current.u8;
    if (expiry !== 0) {
      putFloat64(into, at, expiry);
      at += EXPIRY_BYTES;
    }
    putExtentReference(into, at, page, valueLength, offset);
  }

  /** Of the cell that was added last. */
  copyLastKey(into: Uint8Array): number {
    const { current } = this.#levels[0]!;
    return current.copyKey(current.count - 1, into);
  }

  /** Adds cells [from, to) of an old leaf to the open run. */
  addCells(image: PageImage, from: number, to: number): void {
    const level = this.#levels[0]!;
    while (from < to) {
      if (level.current.count === 0 && level.hasPrevious) {
        this.#setLeafSeparator(level, this.#key, 0, image.copyKey(from, this.#key));
      }
      const taken = this.#takeRange(level, image, from, to);
      if (taken === 0) {
        this.#turn(level);
      }
      from += taken;
    }
  }

  /** Ends the runs below `level` and keeps children [from, to) of an old page; `fence` is that page's separator. */
  keepChildren(image: PageImage, from: number, to: number, fence: Uint8Array, fenceLength: number): void {
    for (let below = 0; below < image.level; below++) {
      this.endRun(below);
    }
    this.addChildren(image, from, to, fence, fenceLength);
    this.#levels[image.level]!.endsKept = true;
  }

  /** Adds children [from, to) of an old page to its level. */
  addChildren(image: PageImage, from: number, to: number, fence: Uint8Array, fenceLength: number): void {
    const level = this.#level(image.level);
    while (from < to) {
      if (level.current.count === 0 || from === 0) {
        const length = from === 0 ? fenceLength : image.copyKey(from, this.#key);
        this.#addChild(image.level, from === 0 ? fence : this.#key, length, image.children[from]!, image.counts[from]!);
        from++;
        continue;
      }
      const taken = this.#takeRange(level, image, from, to);
      if (taken === 0) {
        this.#turn(level);
      }
      from += taken;
    }
  }

  /** At the end of an old page: a page that is full enough ends here too, so that what lies behind need not move. */
  endPage(height: number): void {
    const level = this.#levels[height];
    if (level?.isOpen !== true) {
      return;
    }
    if (level.current.sizeBytes >= (level.oldPages === 0 ? SETTLED_BYTES : REPACKED_BYTES)) {
      this.#setAside(level);
    } else {
      level.oldPages++;
    }
  }

  /**
   * Whether the run at `height`, if it ended here, would leave pages so empty that the kept page to the right should
   * join it: to fill up a nearly empty page, or to share in a split.
   */
  wantsNeighbour(height: number): boolean {
    const level = this.#levels[height];
    if (level === undefined || !level.isOpen || level.isDense || level.neighbours === MAX_NEIGHBOURS) {
      return false;
    }
    const { sizeBytes, count } = level.current;
    return count > 0 && sizeBytes < (level.hasPrevious ? UNBALANCED_BYTES : UNDERFULL_BYTES);
  }

  /** Announces that the cells or children of a neighbour of `sizeBytes` come next. */
  takeNeighbour(height: number, sizeBytes: number): void {
    const level = this.#level(height);
    level.neighbours++;
    const { previous, current } = level;
    if (level.hasPrevious && current.sizeBytes + sizeBytes > PAGE_SIZE) {
      level.cutBytes = Math.floor((previous.sizeBytes + current.sizeBytes + sizeBytes) / 3);
      this.#moveTail(level, level.cutBytes);
    }
  }

  /** Completes the run at `height`, if one is open: its pages become children one level up. */
  endRun(height: number): void {
    const level = this.#levels[height];
    if (level === undefined || !level.isOpen) {
      return;
    }
    if (height === 0 && this.#packer !== undefined) {
      this.#endPacked(level, this.#packer);
      return;
    }
    if (!level.hasPrevious && !level.isDense && level.current.count > 0) {
      this.#takeBackLeft(height, level);
    }
    if (level.hasPrevious && level.current.count > 0 && (!level.isDense || (height > 0 && level.current.count === 1))) {
      this.#balance(level);
    }
    if (level.hasPrevious) {
      this.#complete(height, level.previous);
    }
    if (level.current.count > 0) {
      this.#complete(height, level.current);
    }
    level.isOpen = false;
    level.hasPrevious = false;
  }

  /** Completes the tree; what it returns can be read at once. */
  finish(): RootRecord {
    for (let height = 0; ; height++) {
      const level = this.#level(height);
      const isTop = !level.hasPrevious && !this.#levels.some((above, index) => index > height && above.isOpen);
      if (isTop) {
        const root = level.isOpen ? this.#completeRoot(height, level.current) : EMPTY_ROOT;
        level.isOpen = false;
        this.#run.flush();
        return root;
      }
      this.endRun(height);
    }
  }

  #level(height: number): Level {
    assert(height < MAX_HEIGHT, "B8: no tree is higher than 32 levels");
    while (this.#levels.length <= height) {
      this.#levels.push(new Level(this.#levels.length));
    }
    return this.#levels[height]!;
  }

  #open(level: Level): void {
    level.current.clear();
    level.hasPrevious = false;
    level.isOpen = true;
    level.endsKept = false;
    level.oldPages = 0;
    level.cutBytes = CUT_BYTES;
    level.neighbours = 0;
  }

  #limit(level: Level): number {
    return level.isDense ? this.#fullBytes : PAGE_SIZE;
  }

  #addCell(key: Uint8Array, offset: number, length: number, flags: number, extraBytes: number): number {
    const level = this.#levels[0]!;
    let at = -1;
    if (level.current.count > 0 || !level.hasPrevious) {
      at = level.current.addCell(key, offset, length, flags, extraBytes, this.#limit(level));
    }
    while (at < 0) {
      if (level.current.count > 0) {
        this.#turn(level);
      }
      if (level.current.count === 0) {
        this.#setLeafSeparator(level, key, offset, length);
      }
      at = level.current.addCell(key, offset, length, flags, extraBytes, this.#limit(level));
    }
    return at;
  }

  #setLeafSeparator(level: Level, key: Uint8Array, offset: number, length: number): void {
    const draft = level.current;
    draft.separatorLength = level.previous.separatorUpTo(key, offset, length, draft.separator);
  }

  #addChild(height: number, separator: Uint8Array, length: number, page: number, entries: number): void {
    const level = this.#level(height);
    if (!level.isOpen) {
      this.#open(level);
    }
    level.endsKept = false;
    while (!level.current.addChild(separator, 0, length, page, entries, this.#limit(level))) {
      this.#turn(level);
    }
  }

  /** Adds as long a part of [from, to) as fits; returns its length. */
  #takeRange(level: Level, image: PageImage, from: number, to: number): number {
    let take = to - from;
    while (take > 0 && !level.current.addRange(image, from, from + take, this.#limit(level))) {
      take >>>= 1;
    }
    return take;
  }

  /** The current page takes no more: it becomes the previous one, and a new one begins. */
  #turn(level: Level): void {
    assert(level.current.count > 0, "an empty page takes any entry");
    if (this.#packer !== undefined && level.current.level === 0) {
      this.#pack(level, this.#packer);
      return;
    }
    this.#setAside(level);
    if (!level.isDense) {
      const cut = level.previous.splitAt(level.cutBytes);
      if (cut < level.previous.count) {
        level.previous.moveTail(cut, level.current);
        level.oldPages = 1;
      }
    }
  }

  #setAside(level: Level): void {
    if (level.hasPrevious) {
      this.#complete(level.current.level, level.previous);
    }
    level.current = swapDrafts(level);
    level.current.clear();
    level.hasPrevious = true;
    level.oldPages = 0;
  }

  /** The current leaf goes to the packer, and what it did not take begins the next one; `previous` keeps the last key. */
  #pack(level: Level, packer: LeafPacker): void {
    const { previous, current, spare } = level;
    const taken = packer.add(current);
    spare.clear();
    if (taken < current.count) {
      current.moveTail(taken, spare);
    }
    level.previous = current;
    level.current = spare;
    level.spare = previous;
    level.hasPrevious = true;
  }

  #endPacked(level: Level, packer: LeafPacker): void {
    while (level.current.count > 0) {
      this.#pack(level, packer);
    }
    packer.flush();
    level.isOpen = false;
    level.hasPrevious = false;
  }

  #complete(height: number, draft: PageDraft): void {
    const page = this.#run.put(draft);
    this.#addChild(height + 1, draft.separator, draft.separatorLength, page, draft.entries);
  }

  /** Evens out the last two pages of a run, or makes them one. */
  #balance(level: Level): void {
    const { previous, current } = level;
    if (previous.absorb(current, PAGE_SIZE)) {
      current.clear();
      return;
    }
    if (current.sizeBytes >= UNBALANCED_BYTES) {
      return;
    }
    this.#moveTail(level, (previous.sizeBytes + current.sizeBytes) / 2);
  }

  /** Moves what the previous page has beyond `sizeBytes` to the front of the current one, if it fits there. */
  #moveTail(level: Level, sizeBytes: number): void {
    const { previous, current, spare } = level;
    const cut = previous.splitAt(sizeBytes);
    if (cut >= previous.count) {
      return;
    }
    spare.clear();
    previous.moveTail(cut, spare);
    if (spare.absorb(current, PAGE_SIZE)) {
      level.current = spare;
      level.spare = current;
    } else {
      const isWhole = previous.absorb(spare, PAGE_SIZE);
      assert(isWhole, "a page takes back what was cut off it");
    }
  }

  /** A nearly empty page at the end of the line takes the kept page to its left back into the run. */
  #takeBackLeft(height: number, level: Level): void {
    const above = this.#levels[height + 1];
    if (above === undefined || !above.isOpen || !above.endsKept || above.current.count === 0) {
      return;
    }
    if (level.current.sizeBytes >= UNDERFULL_BYTES) {
      return;
    }
    const last = above.current.count - 1;
    const image = this.#image(height);
    image.load(this.#pages, above.current.children[last]!);
    const left = level.previous;
    left.clear();
    left.separatorLength = above.current.copyKey(last, left.separator);
    if (height === 0) {
      left.addRange(image, 0, image.count, PAGE_SIZE);
    } else {
      left.addChild(left.separator, 0, left.separatorLength, image.children[0]!, image.counts[0]!, PAGE_SIZE);
      if (image.count > 1) {
        left.addRange(image, 1, image.count, PAGE_SIZE);
      }
    }
    assert(left.count === image.count, "a page fits into a page");
    above.current.truncate(last);
    above.endsKept = false;
    level.hasPrevious = true;
    this.#frees.add(image.page, 1, image.birth);
  }

  #image(height: number): PageImage {
    while (this.#images.length <= height) {
      this.#images.push(new PageImage(this.#images.length));
    }
    return this.#images[height]!;
  }

  #completeRoot(height: number, draft: PageDraft): RootRecord {
    if (draft.count === 0) {
      return EMPTY_ROOT;
    }
    if (height === 0 || draft.count > 1) {
      return { page: this.#run.put(draft), height: height + 1, count: draft.entries };
    }
    return this.#withoutSingleChildren(draft.children[0]!, height, draft.entries);
  }

  /** A root with one child is no root: the child is, unless it has but one itself. */
  #withoutSingleChildren(child: number, height: number, count: number): RootRecord {
    this.#run.flush();
    let page = child;
    let levels = height;
    while (levels > 1) {
      const base = this.#pages.locate(page);
      const { u8, u16, u32 } = this.#pages.view;
      if (u8[base + PAGE_KIND] !== KIND_INNER || u16[(base + PAGE_COUNT) >> 1] !== 1) {
        break;
      }
      this.#frees.add(page, 1, u32[(base + PAGE_BIRTH) >> 2]!);
      page = u32[((base + PAGE_HEADER_BYTES) >> 2) + 1]!;
      levels--;
    }
    return { page, height: levels, count };
  }
}

function swapDrafts(level: Level): PageDraft {
  const current = level.previous;
  level.previous = level.current;
  return current;
}

const float = new Float64Array(1);
const floatBytes: Uint8Array = new Uint8Array(float.buffer);

function putFloat64(into: Uint8Array, offset: number, value: number): void {
  float[0] = value;
  for (let i = 0; i < 8; i++) {
    into[offset + i] = floatBytes[i]!;
  }
}

function putExtentReference(into: Uint8Array, at: number, page: number, length: number, offset: number): void {
  for (let i = 0; i < 4; i++) {
    into[at + i] = page >>> (8 * i);
    into[at + 4 + i] = length >>> (8 * i);
    into[at + 8 + i] = offset >>> (8 * i);
  }
}

function flagsOf(kind: number): number {
  return kind === CELL_PUT ? 0 : kind === CELL_DELETE ? INFO_DELETE : INFO_MERGE;
}
