/**
 * The structural checker: walks a whole tree and proves what every other file of this folder relies on.
 *
 * Its input may be hostile: a page whose checksum is right and whose contents are anything. Each page is copied into
 * 8 KiB of its own first, and every offset is checked before it is followed. The walk ends because levels descend by one,
 * every leaf has a cell, and no cell fits between the fences of two places: a page that is reached twice is found out
 * at its first key.
 *
 * Whatever does not hold is thrown as CORRUPT, with the page and the number of the invariant (README.md).
 */
import { compareBytes, copyBytes, headOf } from "../bytes.ts";
import type { DbError } from "../errors.ts";
import {
  checkExtentSteps,
  extentBirth,
  extentPages,
  PAGE_SIZE,
  PART_CRC_BYTES,
  type PageFile,
} from "../pager/index.ts";
import { damagedTree } from "./damaged-tree.ts";
import { PageImage } from "./image.ts";
import { PackedCheck } from "./packed-check.ts";
import { packedLeavesOf } from "./packed-page.ts";
import {
  CELL_DELETE,
  CELL_MERGE,
  CELL_PUT,
  EXPIRY_BYTES,
  EXTENT_REFERENCE_BYTES,
  entriesBefore,
  INFO_BYTES,
  INFO_DELETE,
  INFO_EXPIRY,
  INFO_LENGTH,
  INFO_OVERFLOW,
  kindOf,
  LEAF_FIXED_BYTES,
  MAX_CELL_BYTES,
  MAX_HEIGHT,
  MAX_KEY_BYTES,
  MAX_OPERANDS_BYTES,
  MAX_VALUE_BYTES,
  PAGE_CELLS_START,
  PAGE_HEADER_BYTES,
  PAGE_PREFIX_START,
} from "./page.ts";
import type { RootRecord } from "./writer.ts";

export interface CheckOptions {
  /** Whether the bytes of extents are read and verified; true unless given. Their place is checked in any case. */
  readonly extents?: boolean;
  /** Whether checksums are verified although they were since the file was opened; false unless given. */
  readonly again?: boolean;
  /** Which kinds of cells there may be, CELL_ constants; puts alone unless given. */
  readonly kinds?: readonly number[];
  /**
   * Told of every value that lies in an extent of somebody else's: the extent's first page, where in its bytes the value
   * begins, and its length. Without it there may be none. Whether there is such a value is left to the callee.
   */
  readonly onReference?: (page: number, offset: number, length: number) => void;
  /** Told of every entry that has a deadline; `key` is good during the call. */
  readonly onDeadline?: (key: Uint8Array, keyLength: number, expiry: number) => void;
}

export interface CheckResult {
  readonly entries: number;
  /** Pages of level 0, plain and packed. */
  readonly leaves: number;
  /** Of them those that hold packed leaves. */
  readonly packedPages: number;
  readonly innerPages: number;
  readonly extents: number;
  readonly extentPages: number;
  /** How much of the pages of level 0 is used, 0 to 1. */
  readonly leafFill: number;
}

/** Told of every page and extent of the tree, once each. */
export type PageVisitor = (firstPage: number, pageCount: number, birth: number) => void;

/** Throws CORRUPT { page, invariant } unless everything below `root` is as it should be. */
export function checkTree(
  pages: PageFile,
  root: RootRecord,
  onPage: PageVisitor = () => {},
  options: CheckOptions = {},
): CheckResult {
  const steps = checkTreeSteps(pages, root, onPage, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      return value;
    }
  }
}

/** The same leaf by leaf, some 5 µs each, and large values in parts: for whoever has other things to do as well. */
export function checkTreeSteps(
  pages: PageFile,
  root: RootRecord,
  onPage: PageVisitor = () => {},
  options: CheckOptions = {},
): Generator<void, CheckResult> {
  return new TreeCheck(pages, onPage, options).steps(root);
}

/** The page of one level of the walk, and the fences between which its keys lie. */
class CheckFrame {
  readonly image: PageImage;
  readonly lower: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  lowerLength = 0;
  readonly upper: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  upperLength = 0;
  hasUpper = false;

  constructor(level: number) {
    this.image = new PageImage(level);
  }
}

class TreeCheck {
  readonly #pages: PageFile;
  readonly #onPage: PageVisitor;
  readonly #options: CheckOptions;
  /** The sum of the kinds that are allowed. */
  readonly #kinds: number;
  readonly #frames: CheckFrame[] = [];
  readonly #key: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  /** The packed page at hand, and the leaf of it that is being checked. */
  readonly #packed: PackedCheck = new PackedCheck();
  readonly #packedLeaf: CheckFrame = new CheckFrame(0);
  #leaves = 0;
  #packedPages = 0;
  #innerPages = 0;
  #extents = 0;
  #extentPages = 0;
  #usedBytes = 0;

  constructor(pages: PageFile, onPage: PageVisitor, options: CheckOptions) {
    this.#pages = pages;
    this.#onPage = onPage;
    this.#options = options;
    this.#kinds = (options.kinds ?? [CELL_PUT]).reduce((all, kind) => all | kind, 0);
  }

  *steps(root: RootRecord): Generator<void, CheckResult> {
    let entries = 0;
    prove(root.height <= MAX_HEIGHT && (root.page === 0) === (root.height === 0), root.page, "B8", "impossible height");
    if (root.page !== 0) {
      for (let level = 0; level < root.height; level++) {
        this.#frames.push(new CheckFrame(level));
      }
      entries = yield* this.#checkPage(root.page, root.height - 1, Number.POSITIVE_INFINITY);
      const isSingle = root.height > 1 && this.#frames[root.height - 1]!.image.count === 1;
      prove(!isSingle, root.page, "B8", "a root with one child");
    }
    prove(entries === root.count, root.page, "B7", `${entries} entries where the root's record says ${root.count}`);
    return {
      entries,
      leaves: this.#leaves,
      packedPages: this.#packedPages,
      innerPages: this.#innerPages,
      extents: this.#extents,
      extentPages: this.#extentPages,
      leafFill: this.#leaves === 0 ? 0 : this.#usedBytes / (this.#leaves * PAGE_SIZE),
    };
  }

  /** Checks a page and all below it, between the fences in its level's frame; returns the entries. */
  *#checkPage(page: number, level: number, parentBirth: number): Generator<void, number> {
    prove(page >= 2 && page < this.#pages.pageCount, page, "B9", "no such page in the file");
    const frame = this.#frames[level]!;
    const image = frame.image;
    if (this.#options.again) {
      this.#pages.forget(page, 1);
    }
    if (level === 0 && packedLeavesOf(this.#pages, page) > 0) {
      return yield* this.#checkPacked(frame, page, parentBirth);
    }
    image.load(this.#pages, page);
    this.#notePage(page, image.birth, parentBirth);
    this.#checkCells(frame);
    if (level > 0) {
      this.#innerPages++;
      return yield* this.#checkChildren(frame);
    }
    this.#leaves++;
    this.#usedBytes += LEAF_FIXED_BYTES + 6 * image.count + PAGE_SIZE - image.u16[PAGE_CELLS_START >> 1]!;
    yield* this.#checkValues(image);
    yield;
    return image.count;
  }

  #notePage(page: number, birth: number, parentBirth: number): void {
    this.#onPage(page, 1, birth);
    prove(birth <= parentBirth, page, "B9", "it is younger than the page that refers to it");
  }

  #checkCells(frame: CheckFrame): void {
    const { image } = frame;
    prove(hasPrefixStart(image), image.page, "B3", "its header and its end disagree about the prefix");
    checkSlots(image);
    this.#checkKeys(frame);
  }

  /** Checks a packed page, and each of its leaves as if it were a page, between the fences in `frame`. */
  *#checkPacked(frame: CheckFrame, page: number, parentBirth: number): Generator<void, number> {
    const packed = this.#packed;
    const leaf = this.#packedLeaf;
    packed.load(this.#pages, page);
    this.#notePage(page, packed.birth, parentBirth);
    copyBytes(frame.lower, 0, leaf.lower, 0, frame.lowerLength);
    leaf.lowerLength = frame.lowerLength;
    for (let part = 1; part <= packed.leaves; part++) {
      leaf.hasUpper = part < packed.leaves || frame.hasUpper;
      if (part < packed.leaves) {
        leaf.upperLength = packed.copySeparator(part + 1, leaf.upper);
      } else {
        copyBytes(frame.upper, 0, leaf.upper, 0, frame.upperLength);
        leaf.upperLength = frame.upperLength;
      }
      leaf.image.loadPart(this.#pages, page, part);
      this.#checkCells(leaf);
      yield* this.#checkValues(leaf.image);
      yield;
      copyBytes(leaf.upper, 0, leaf.lower, 0, leaf.upperLength);
      leaf.lowerLength = leaf.upperLength;
    }
    this.#leaves++;
    this.#packedPages++;
    this.#usedBytes += packed.sizeBytes;
    return packed.entries;
  }

  /** Order, heads and fences. */
  #checkKeys(frame: CheckFrame): void {
    const { image } = frame;
    const { page, u8, count } = image;
    const first = image.level === 0 ? 0 : 1;
    let last = 0;
    let lastLength = -1;
    for (let i = first; i < count; i++) {
      const suffix = image.suffixAt(i);
      const length = image.suffixLengthAt(i);
      if (image.u32[image.headsIndex + i] !== headOf(u8, suffix, length)) {
        throw broken(page, "B4", `head ${i} is not its key's`);
      }
      if (lastLength >= 0 && compareBytes(u8, last, lastLength, u8, suffix, length) >= 0) {
        throw broken(page, "B5", `key ${i} is not above the one before`);
      }
      last = suffix;
      lastLength = length;
    }
    if (count > first) {
      const key = this.#key;
      const low = compareBytes(key, 0, image.copyKey(first, key), frame.lower, 0, frame.lowerLength);
      prove(first === 0 ? low >= 0 : low > 0, page, "B5", "its first key is below its separator");
      const length = image.copyKey(count - 1, key);
      const fits = !frame.hasUpper || compareBytes(key, 0, length, frame.upper, 0, frame.upperLength) < 0;
      prove(fits, page, "B5", "its last key is not below the next page's separator");
    }
  }

  *#checkChildren(frame: CheckFrame): Generator<void, number> {
    const { image } = frame;
    const { page, level, count } = image;
    const child = this.#frames[level - 1]!;
    prove(image.u32[image.headsIndex] === 0, page, "B6", "entry 0 has a head");
    prove(image.u16[image.startsIndex] === image.u16[image.startsIndex + 1], page, "B6", "entry 0 has a separator");
    prove(entriesBefore(image.u16, image.u32, 0, 0) === 0, page, "B7", "entries before the first child");
    let entries = 0;
    for (let i = 0; i < count; i++) {
      if (i === 0) {
        copyBytes(frame.lower, 0, child.lower, 0, frame.lowerLength);
        child.lowerLength = frame.lowerLength;
      } else {
        child.lowerLength = image.copyKey(i, child.lower);
      }
      child.hasUpper = i + 1 < count || frame.hasUpper;
      if (i + 1 < count) {
        child.upperLength = image.copyKey(i + 1, child.upper);
      } else {
        copyBytes(frame.upper, 0, child.upper, 0, frame.upperLength);
        child.upperLength = frame.upperLength;
      }
      const below = yield* this.#checkPage(image.children[i]!, level - 1, image.birth);
      if (image.counts[i] !== below) {
        throw broken(page, "B7", `${below} entries below child ${i}, not ${image.counts[i]}`);
      }
      entries += below;
    }
    return entries;
  }

  /** Cells hold what their flags say; extents are where and what their references say. */
  *#checkValues(image: PageImage): Generator<void, void> {
    const { page, count, u16, startsIndex } = image;
    for (let i = 0; i < count; i++) {
      const cell = u16[startsIndex + i]!;
      const info = image.u16At(cell);
      const bytes = u16[startsIndex + i + 1]! - cell;
      const expires = (info & INFO_EXPIRY) !== 0;
      if (!this.#isAllowed(info, bytes) || expires !== image.expiryOf(i) > 0) {
        throw broken(page, "B2", `the flags of cell ${i} say what cannot be`);
      }
      if (bytes > mostBytes(info, image.prefixLength)) {
        throw broken(page, "B2", `cell ${i} is larger than a cell may be`);
      }
      if (expires) {
        this.#options.onDeadline?.(this.#key, image.copyKey(i, this.#key), image.expiryOf(i));
      }
      if ((info & INFO_OVERFLOW) !== 0) {
        const extent = image.extentOf(i);
        if (image.extentOffset === 0) {
          const most = kindOf(info) === CELL_MERGE ? MAX_OPERANDS_BYTES : MAX_VALUE_BYTES;
          prove(image.extentLength <= most, page, "B9", `its value of ${image.extentLength} bytes is too long`);
          yield* this.#checkExtent(page, extent, image.extentLength, image.birth);
        } else {
          this.#checkReference(page, extent, image.extentOffset, image.extentLength);
        }
      }
    }
  }

  /** Whether a cell may be of the kind that its flags say, and a tombstone holds nothing but its key. */
  #isAllowed(info: number, bytes: number): boolean {
    const kind = kindOf(info);
    return (
      (kind & this.#kinds) !== 0 &&
      (kind !== CELL_DELETE || (info === (INFO_DELETE | (info & INFO_LENGTH)) && bytes === mostBytes(info, 0)))
    );
  }

  #checkReference(page: number, extent: number, offset: number, length: number): void {
    const { onReference } = this.#options;
    prove(onReference !== undefined, page, "B9", "it refers to a value in an extent that is not the tree's own");
    prove(offset >= PART_CRC_BYTES, page, "B9", `it refers to a value at byte ${offset} of an extent, before any`);
    onReference!(extent, offset, length);
  }

  *#checkExtent(page: number, extent: number, length: number, leafBirth: number): Generator<void, void> {
    const count = extentPages(length);
    const exists = extent >= 2 && extent + count <= this.#pages.pageCount;
    prove(exists, page, "B9", `it refers to an extent of ${length} bytes at page ${extent}, which cannot be`);
    const birth = extentBirth(this.#pages, extent);
    prove(birth <= leafBirth, extent, "B9", `it is younger than page ${page}, which refers to it`);
    this.#onPage(extent, count, birth);
    if (this.#options.extents ?? true) {
      yield* checkExtentSteps(this.#pages, extent, length);
    }
    this.#extents++;
    this.#extentPages += count;
  }
}

/** How many bytes a cell of these flags has at the most, below the given prefix; all but a value in the cell have one size. */
function mostBytes(info: number, prefixLength: number): number {
  const keyBytes = INFO_BYTES + (info & INFO_LENGTH);
  if ((info & INFO_DELETE) !== 0) {
    return keyBytes;
  }
  return (info & INFO_OVERFLOW) === 0
    ? MAX_CELL_BYTES - prefixLength
    : keyBytes + ((info & INFO_EXPIRY) === 0 ? 0 : EXPIRY_BYTES) + EXTENT_REFERENCE_BYTES;
}

/** Front and cells do not overlap, cells lie back to back, and each has room for what its info says (B3). */
function checkSlots(image: PageImage): void {
  const { page, level, count, u16, startsIndex, prefixLength } = image;
  const cellsStart = u16[PAGE_CELLS_START >> 1]!;
  const frontEnd = 2 * (startsIndex + count + 1);
  prove(prefixLength <= MAX_KEY_BYTES, page, "B2", "its prefix is longer than a key");
  prove(frontEnd <= cellsStart, page, "B3", "slots and cells overlap");
  prove(u16[startsIndex] === cellsStart, page, "B3", "its first cell is not where the cells start");
  prove(u16[startsIndex + count] === PAGE_SIZE - prefixLength, page, "B3", "its cells do not end at the prefix");
  for (let i = 0; i < count; i++) {
    const start = u16[startsIndex + i]!;
    const length = u16[startsIndex + i + 1]! - start;
    let leastBytes = 0;
    if (level === 0) {
      const info = image.u16At(start);
      const extraBytes =
        ((info & INFO_EXPIRY) === 0 ? 0 : EXPIRY_BYTES) + ((info & INFO_OVERFLOW) === 0 ? 0 : EXTENT_REFERENCE_BYTES);
      leastBytes = INFO_BYTES + (info & INFO_LENGTH) + extraBytes;
    }
    if (length < leastBytes) {
      throw broken(page, "B3", `cell ${i} is cut short`);
    }
    if (prefixLength + image.suffixLengthAt(i) > MAX_KEY_BYTES) {
      throw broken(page, "B2", `key ${i} is longer than 2048 bytes`);
    }
  }
}

/** For what is checked once a page; the loops over cells build no message that is not thrown. */
function prove(holds: boolean, page: number, invariant: string, why: string): void {
  if (!holds) {
    throw broken(page, invariant, why);
  }
}

function broken(page: number, invariant: string, why: string): DbError {
  return damagedTree(page, `${why} (${invariant})`, { invariant });
}

/** Whether the header repeats the first bytes of the prefix, zeros behind a shorter one. */
function hasPrefixStart({ u8, prefixOffset, prefixLength }: PageImage): boolean {
  for (let i = 0; i < PAGE_HEADER_BYTES - PAGE_PREFIX_START; i++) {
    if (u8[PAGE_PREFIX_START + i] !== (i < prefixLength ? u8[prefixOffset + i] : 0)) {
      return false;
    }
  }
  return true;
}
