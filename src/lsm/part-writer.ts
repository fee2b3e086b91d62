/**
 * Writes parts: entries in ascending order become trees of a bounded size, each with its filter, large values apart.
 *
 *     entries ─▶ TreeBuilder ─▶ pages        part 7 │ part 8 │ part 9 …
 *             ├▶ FilterBuilder ─▶ pages
 *             └▶ ValueWriter ─▶ areas
 *
 * Range deletes that are to hold for older runs are dealt out to the parts at the end, each part taking what lies between
 * its first key and the next part's.
 */
import { CELL_DELETE, EMPTY_ROOT, TreeBuilder } from "../btree/index.ts";
import { copyBytes, equalBytes } from "../bytes.ts";
import { PAGE_SIZE, PART_CRC_BYTES, type PageAllocator, type PageFile } from "../pager/index.ts";
import { FilterBuilder, NO_FILTER } from "./filter.ts";
import { KeyHash } from "./hash.ts";
import type { ValueArea } from "./manifest.ts";
import type { AreaUse, NewPart } from "./part.ts";
import { clipDeletes, earlierEnd, NO_RANGE_DELETES, type RangeDelete } from "./range-deletes.ts";
import { filterBitsOf, type LsmSettings } from "./settings.ts";
import { ValueWriter } from "./values.ts";

export interface PartTarget {
  readonly pages: PageFile;
  readonly allocator: PageAllocator;
  /** The checkpoint that the pages belong to. */
  readonly birth: number;
  readonly settings: LsmSettings;
  readonly level: number;
  readonly isCompressed: boolean;
  /** A part ends when its tree has so many bytes. */
  readonly partBytes: number;
}

/** A part ends at so many entries, too: what its filter is made from is kept in memory until then, 8 bytes each. */
const MAX_PART_ENTRIES = 1 << 18;
/** Compressed, a part may hold so many times its size. */
const MAX_PACKED_RATIO = 4;

export class PartWriter {
  /** Bytes of pages and areas that were written. */
  writtenBytes: number;
  readonly #target: PartTarget;
  // Of the target, for what is looked at with each entry: objects of one layout alone are quick to look into.
  readonly #partBytes: number;
  readonly #largeValueBytes: number;
  readonly #prefixBytes: number;
  readonly #values: ValueWriter;
  readonly #filter: FilterBuilder;
  readonly #hash: KeyHash;
  readonly #parts: NewPart[];
  readonly #filterBits: number;
  #builder: TreeBuilder;
  #rawBytes: number;
  #deletes: number;
  #areas: Map<number, number>;
  #lower: Uint8Array;
  readonly #last: Uint8Array;
  #lastLength: number;

  constructor(target: PartTarget) {
    this.#target = target;
    this.#partBytes = target.partBytes;
    this.#largeValueBytes = target.settings.largeValueBytes;
    this.#prefixBytes = target.settings.prefixBytes;
    this.#values = new ValueWriter(target.pages, target.allocator, target.birth);
    this.#filter = new FilterBuilder();
    this.#hash = new KeyHash();
    this.#parts = [];
    this.#filterBits = filterBitsOf(target.settings, target.level);
    this.#builder = this.#newBuilder();
    this.#rawBytes = 0;
    this.#deletes = 0;
    this.#areas = new Map();
    this.#lower = NO_KEY;
    this.#last = new Uint8Array(MAX_KEY_ROOM);
    this.#lastLength = 0;
    this.writtenBytes = 0;
  }

  /** Areas that were written, all of their values in use. */
  get areas(): readonly ValueArea[] {
    return this.#values.areas;
  }

  /** The next entry; `kind` is a CELL_ constant, `words` a view of the memory of `value`, if there is one. */
  add(
    kind: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
    words: Uint32Array | undefined = undefined,
  ): void {
    if (valueLength > this.#largeValueBytes) {
      const { page, offset } = this.#values.put(value, valueOffset, valueLength);
      this.addReference(kind, key, keyOffset, keyLength, page, offset, valueLength, expiry);
      return;
    }
    this.#begin(key, keyOffset, keyLength);
    this.#builder.add(key, keyOffset, keyLength, value, valueOffset, valueLength, expiry, kind, words);
    this.#deletes += kind === CELL_DELETE ? 1 : 0;
    this.#note(key, keyOffset, keyLength, keyLength + valueLength);
  }

  /** The next entry, its value being in an area already. */
  addReference(
    kind: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    page: number,
    offset: number,
    valueLength: number,
    expiry: number,
  ): void {
    this.#begin(key, keyOffset, keyLength);
    this.#builder.addReference(key, keyOffset, keyLength, page, offset, valueLength, expiry, kind);
    this.#areas.set(page, (this.#areas.get(page) ?? 0) + PART_CRC_BYTES + valueLength);
    this.#note(key, keyOffset, keyLength, keyLength);
  }

  /** The parts, with range deletes that lie between the bounds of the run that they become a piece of. */
  finish(rangeDeletes: readonly RangeDelete[] = NO_RANGE_DELETES): NewPart[] {
    this.#endPart();
    this.#values.finish();
    for (const { lengthBytes } of this.#values.areas) {
      this.writtenBytes += lengthBytes;
    }
    return rangeDeletes.length === 0 ? this.#parts : this.#deal(rangeDeletes);
  }

  #newBuilder(): TreeBuilder {
    const { pages, allocator, birth, settings, isCompressed } = this.#target;
    return new TreeBuilder(pages, allocator, birth, { compression: isCompressed ? settings.compression : "none" });
  }

  #begin(key: Uint8Array, offset: number, length: number): void {
    if (this.#builder.count > 0 && this.#isFull()) {
      this.#endPart();
    }
    if (this.#builder.count === 0) {
      this.#lower = key.slice(offset, offset + length);
    }
  }

  #isFull(): boolean {
    const partBytes = this.#partBytes;
    return (
      this.#builder.count === MAX_PART_ENTRIES ||
      this.#rawBytes >= MAX_PACKED_RATIO * partBytes ||
      (this.#rawBytes >= partBytes && this.#builder.pagesWritten * PAGE_SIZE >= partBytes)
    );
  }

  #note(key: Uint8Array, offset: number, length: number, bytes: number): void {
    if (this.#filterBits > 0) {
      this.#hash.of(key, offset, length);
      this.#filter.add(this.#hash.low, this.#hash.high);
      const prefixBytes = this.#prefixBytes;
      if (prefixBytes > 0 && length > prefixBytes && !this.#hasPrefixOfLast(key, offset, prefixBytes)) {
        this.#hash.of(key, offset, prefixBytes);
        this.#filter.add(this.#hash.low, this.#hash.high);
      }
      if (prefixBytes > 0) {
        copyBytes(key, offset, this.#last, 0, length);
        this.#lastLength = length;
      }
    }
    this.#rawBytes += bytes;
  }

  /** Whether the entry before, of the same part and longer than its prefix too, begins alike. */
  #hasPrefixOfLast(key: Uint8Array, offset: number, prefixBytes: number): boolean {
    return (
      this.#builder.count > 1 && this.#lastLength > prefixBytes && equalBytes(key, offset, this.#last, 0, prefixBytes)
    );
  }

  #endPart(): void {
    if (this.#builder.count === 0) {
      return;
    }
    const { pages, allocator, birth } = this.#target;
    const lastLength = this.#builder.copyLastKey(this.#last);
    const root = this.#builder.finish();
    const filter = this.#filterBits === 0 ? NO_FILTER : this.#filter.write(pages, allocator, birth, this.#filterBits);
    const bytes = (this.#builder.pagesWritten + filter.pageCount) * PAGE_SIZE;
    // The first key behind the last one.
    this.#last[lastLength] = 0;
    this.#parts.push({
      root,
      filter,
      lower: this.#lower,
      upper: this.#last.slice(0, lastLength + 1),
      bytes,
      deletes: this.#deletes,
      hiddenBytes: 0,
      birth,
      isCut: false,
      rangeDeletes: NO_RANGE_DELETES,
      areas: usesOf(this.#areas),
    });
    this.writtenBytes += bytes;
    this.#filter.reset();
    this.#builder = this.#newBuilder();
    this.#rawBytes = 0;
    this.#deletes = 0;
    this.#areas = new Map();
  }

  #deal(rangeDeletes: readonly RangeDelete[]): NewPart[] {
    if (this.#parts.length === 0) {
      const { birth } = this.#target;
      const { lower } = rangeDeletes[0]!;
      const { upper } = rangeDeletes.at(-1)!;
      const none = {
        root: EMPTY_ROOT,
        filter: NO_FILTER,
        bytes: 0,
        deletes: 0,
        hiddenBytes: 0,
        isCut: false,
        areas: [],
      };
      return [{ ...none, birth, lower, upper, rangeDeletes }];
    }
    return this.#parts.map((part, i) => {
      const from = i === 0 ? undefined : part.lower;
      const own = clipDeletes(rangeDeletes, from, this.#parts[i + 1]?.lower);
      if (own.length === 0) {
        return part;
      }
      const first = own[0]!.lower;
      const end = own.at(-1)!.upper;
      return {
        ...part,
        rangeDeletes: own,
        lower: Buffer.compare(first, part.lower) < 0 ? first : part.lower,
        upper: earlierEnd(part.upper, end) === part.upper ? end : part.upper,
      };
    });
  }
}

const NO_KEY: Uint8Array = new Uint8Array(0);
/** A key, and a byte behind it. */
const MAX_KEY_ROOM = 2049;

function usesOf(areas: ReadonlyMap<number, number>): AreaUse[] {
  return [...areas].map(([page, bytes]) => ({ page, bytes }));
}
