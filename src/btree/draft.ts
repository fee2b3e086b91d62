/**
 * A page being filled: cells come in key order, one at a time or as a range of another page's cells, and the page
 * is encoded once, when it is known to be complete.
 *
 * The cells are kept as the page will have them, cut by the prefix that all keys so far share. A key that shares
 * less makes the prefix shorter and every cell longer: the cells are rewritten then, which happens two or three
 * times a page, early, while there are few. Cells of a page with the same prefix are taken over by copying their
 * bytes (`addRange`); this is what the speed of a merge comes from.
 *
 * In an inner draft, entry 0 has no separator of its own: it is `separator`, what the parent will know the page by.
 *
 * A method that is given a limit returns false (-1) and changes nothing when the page would be larger than that.
 */
import { assert } from "../assert.ts";
import { compareBytes, copyBytes, headOf, sharedPrefixLength } from "../bytes.ts";
import { PAGE_BIRTH, PAGE_SIZE, type PageView } from "../pager/index.ts";
import {
  headsOf,
  INFO_BYTES,
  INFO_LENGTH,
  INNER_ENTRY_BYTES,
  INNER_FIXED_BYTES,
  innerSlots,
  KIND_INNER,
  KIND_LEAF,
  LEAF_ENTRY_BYTES,
  LEAF_FIXED_BYTES,
  leafSlots,
  MAX_INNER_ENTRIES,
  MAX_KEY_BYTES,
  MAX_LEAF_ENTRIES,
  PAGE_CELLS_START,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
  PAGE_LEVEL,
  PAGE_PREFIX_LENGTH,
  PAGE_PREFIX_START,
} from "./page.ts";

/** Cells to copy from: an image of an old page, or another draft. Cell i is `u8[starts[startsIndex + i] …)`. */
export interface CellSource {
  readonly count: number;
  readonly u8: Uint8Array;
  readonly starts: Uint16Array;
  readonly startsIndex: number;
  readonly heads: Uint32Array;
  readonly headsIndex: number;
  readonly prefix: Uint8Array;
  readonly prefixOffset: number;
  readonly prefixLength: number;
  /** Of an inner page: the child pages and the entries below each. */
  readonly children: Uint32Array;
  readonly counts: Float64Array;
}

export class PageDraft implements CellSource {
  readonly level: number;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly starts: Uint16Array;
  readonly startsIndex: number = 0;
  readonly heads: Uint32Array;
  readonly headsIndex: number = 0;
  readonly prefix: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  readonly prefixOffset: number = 0;
  prefixLength = 0;
  readonly children: Uint32Array;
  readonly counts: Float64Array;
  count = 0;
  /** Entries of the tree below this page; in a leaf the same as `count`. */
  entries = 0;
  /** At most the first key, greater than every key of the page to the left. */
  readonly separator: Uint8Array = new Uint8Array(MAX_KEY_BYTES);
  separatorLength = 0;

  /** 1 in an inner page, whose entry 0 has no cell; bytes in a cell before the suffix; bytes of fixed cost. */
  readonly #unkeyed: number;
  readonly #infoBytes: number;
  readonly #fixedBytes: number;
  readonly #entryBytes: number;

  constructor(level: number) {
    const isLeaf = level === 0;
    const buffer = new ArrayBuffer(PAGE_SIZE);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    const most = isLeaf ? MAX_LEAF_ENTRIES : MAX_INNER_ENTRIES;
    this.level = level;
    this.starts = new Uint16Array(most + 1);
    this.heads = new Uint32Array(most);
    this.children = new Uint32Array(isLeaf ? 0 : most);
    this.counts = new Float64Array(isLeaf ? 0 : most);
    this.#unkeyed = isLeaf ? 0 : 1;
    this.#infoBytes = isLeaf ? INFO_BYTES : 0;
    this.#fixedBytes = isLeaf ? LEAF_FIXED_BYTES : INNER_FIXED_BYTES;
    this.#entryBytes = isLeaf ? LEAF_ENTRY_BYTES : INNER_ENTRY_BYTES;
  }

  /** What the page would take of its 8192 bytes. */
  get sizeBytes(): number {
    return this.sizeBefore(this.count);
  }

  /** The size of a page of the first `count` entries. */
  sizeBefore(count: number): number {
    return this.#fixedBytes + this.#entryBytes * count + this.starts[count]! + this.prefixLength;
  }

  clear(): void {
    this.count = 0;
    this.entries = 0;
    this.prefixLength = 0;
    this.starts[0] = 0;
    this.separatorLength = 0;
  }

  setSeparator(key: Uint8Array, offset: number, length: number): void {
    copyBytes(key, offset, this.separator, 0, length);
    this.separatorLength = length;
  }

  /** Adds a leaf cell up to its suffix; returns where its `extraBytes` go in `u8`, or -1. */
  addCell(
    key: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    extraBytes: number,
    limitBytes: number,
  ): number {
    const suffix = this.#addKey(key, offset, length, extraBytes, limitBytes);
    if (suffix < 0) {
      return -1;
    }
    const suffixLength = length - this.prefixLength;
    const info = suffixLength | flags;
    this.u8[suffix - INFO_BYTES] = info;
    this.u8[suffix - INFO_BYTES + 1] = info >>> 8;
    this.entries++;
    return suffix + suffixLength;
  }

  /** Adds a child. The first one's separator is the page's own. */
  addChild(
    key: Uint8Array,
    offset: number,
    length: number,
    page: number,
    entries: number,
    limitBytes: number,
  ): boolean {
    const at = this.count;
    if (at === 0) {
      this.setSeparator(key, offset, length);
      this.#addUnkeyed();
    } else if (at === MAX_INNER_ENTRIES || this.#addKey(key, offset, length, 0, limitBytes) < 0) {
      return false;
    }
    this.children[at] = page;
    this.counts[at] = entries;
    this.entries += entries;
    return true;
  }

  /** Adds cells [from, to) of another page. In an inner page neither this nor the source may be at its entry 0. */
  addRange(source: CellSource, from: number, to: number, limitBytes: number): boolean {
    const keyed = this.count - this.#unkeyed;
    assert(keyed >= 0 && from >= this.#unkeyed && from < to && to <= source.count, "B6: entry 0 has no separator");
    const cut = source.prefixLength;
    const shared = keyed === 0 ? cut : this.#sharedWith(source, to - 1);
    const first = source.starts[source.startsIndex + from]!;
    const taken = source.starts[source.startsIndex + to]! - first;
    const cellBytes = taken + (to - from) * (cut - shared);
    const growth = keyed === 0 ? 0 : keyed * (this.prefixLength - shared);
    const count = this.count + to - from;
    const size = this.#fixedBytes + this.#entryBytes * count + this.starts[this.count]! + growth + cellBytes + shared;
    if (size > limitBytes || count > this.heads.length) {
      return false;
    }
    if (keyed === 0) {
      copyBytes(source.prefix, source.prefixOffset, this.prefix, 0, cut);
      this.prefixLength = cut;
    } else if (shared < this.prefixLength) {
      this.#cutPrefix(shared);
    }
    this.#assertAscends(source, from);
    if (cut === shared) {
      this.#copyCells(source, from, to, first, taken);
    } else {
      this.#recutCells(source, from, to);
    }
    this.#copyChildren(source, from, to);
    this.count = count;
    return true;
  }

  /** Moves entries [from, count) to an empty draft, whose separator is set. */
  moveTail(from: number, into: PageDraft): void {
    assert(into.count === 0 && from > 0 && from < this.count, "a tail is a part of a page");
    if (this.level === 0) {
      into.separatorLength = this.#shortestSeparator(from, into.separator);
      into.addRange(this, from, this.count, PAGE_SIZE);
    } else {
      into.separatorLength = this.copyKey(from, into.separator);
      const separator = into.separator;
      into.addChild(separator, 0, into.separatorLength, this.children[from]!, this.counts[from]!, PAGE_SIZE);
      if (from + 1 < this.count) {
        into.addRange(this, from + 1, this.count, PAGE_SIZE);
      }
    }
    this.truncate(from);
  }

  /** Takes over all of `other`, the page to the right, if both fit into one. */
  absorb(other: PageDraft, limitBytes: number): boolean {
    if (this.level === 0) {
      return this.addRange(other, 0, other.count, limitBytes);
    }
    const count = this.count;
    const { separator, separatorLength, children, counts } = other;
    if (!this.addChild(separator, 0, separatorLength, children[0]!, counts[0]!, limitBytes)) {
      return false;
    }
    if (other.count > 1 && !this.addRange(other, 1, other.count, limitBytes)) {
      this.truncate(count);
      return false;
    }
    return true;
  }

  /** Drops entries [count, …). */
  truncate(count: number): void {
    if (this.level === 0) {
      this.entries = count;
    } else {
      for (let i = count; i < this.count; i++) {
        this.entries -= this.counts[i]!;
      }
    }
    this.count = count;
    if (count <= this.#unkeyed) {
      this.prefixLength = 0;
    }
  }

  /** Copies the whole key of entry `index` (its separator, in an inner page); returns its length. */
  copyKey(index: number, into: Uint8Array): number {
    if (index < this.#unkeyed) {
      copyBytes(this.separator, 0, into, 0, this.separatorLength);
      return this.separatorLength;
    }
    const suffixLength = this.#suffixLength(index);
    copyBytes(this.prefix, 0, into, 0, this.prefixLength);
    copyBytes(this.u8, this.starts[index]! + this.#infoBytes, into, this.prefixLength, suffixLength);
    return this.prefixLength + suffixLength;
  }

  /** The shortest key that is greater than the last entry and at most `key`; returns its length. */
  separatorUpTo(key: Uint8Array, offset: number, length: number, into: Uint8Array): number {
    const { prefix, prefixLength, u8 } = this;
    let shared = sharedPrefixLength(prefix, 0, prefixLength, key, offset, length);
    if (shared === prefixLength) {
      const last = this.count - 1;
      const suffix = this.starts[last]! + this.#infoBytes;
      const suffixLength = this.#suffixLength(last);
      shared += sharedPrefixLength(u8, suffix, suffixLength, key, offset + shared, length - shared);
    }
    copyBytes(key, offset, into, 0, shared + 1);
    return shared + 1;
  }

  /** The first index up to which the page takes at least `sizeBytes`. */
  splitAt(sizeBytes: number): number {
    let low = 1;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sizeBefore(middle) < sizeBytes) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Writes the page, all but its checksum and number, at `base`. */
  encode(view: PageView, base: number, birth: number): void {
    this.#tighten();
    const { u8, u16, u32 } = view;
    const { count, prefixLength, starts } = this;
    const isLeaf = this.level === 0;
    const cellBytes = starts[count]!;
    const slots = isLeaf ? leafSlots(base, count) : innerSlots(base, count);
    const frontEnd = 2 * (slots + count + 1);
    const cellsStart = PAGE_SIZE - prefixLength - cellBytes;
    assert(frontEnd <= base + cellsStart && count > 0, "B3: the cells of a page fit into it");
    u32[(base + PAGE_BIRTH) >> 2] = birth;
    u8[base + PAGE_KIND] = isLeaf ? KIND_LEAF : KIND_INNER;
    u8[base + PAGE_LEVEL] = this.level;
    u16[(base + PAGE_COUNT) >> 1] = count;
    u16[(base + PAGE_PREFIX_LENGTH) >> 1] = prefixLength;
    u16[(base + PAGE_CELLS_START) >> 1] = cellsStart;
    u32[(base + PAGE_PREFIX_START) >> 2] = 0;
    copyBytes(
      this.prefix,
      0,
      u8,
      base + PAGE_PREFIX_START,
      Math.min(prefixLength, PAGE_HEADER_BYTES - PAGE_PREFIX_START),
    );
    const heads = headsOf(base);
    for (let i = 0; i < count; i++) {
      u32[heads + i] = this.heads[i]!;
    }
    for (let i = 0; i <= count; i++) {
      u16[slots + i] = cellsStart + starts[i]!;
    }
    if (!isLeaf) {
      this.#encodeChildren(u16, u32, base);
    }
    u8.fill(0, frontEnd, base + cellsStart);
    copyBytes(this.u8, 0, u8, base + cellsStart, cellBytes);
    copyBytes(this.prefix, 0, u8, base + PAGE_SIZE - prefixLength, prefixLength);
  }

  #encodeChildren(u16: Uint16Array, u32: Uint32Array, base: number): void {
    const count = this.count;
    const children = headsOf(base) + count;
    const low = children + count;
    const high = (base + PAGE_HEADER_BYTES + 12 * count + 4) >> 1;
    let before = 0;
    for (let i = 0; i < count; i++) {
      u32[children + i] = this.children[i]!;
      u32[low + i] = before >>> 0;
      u16[high + i] = before / 0x1_0000_0000;
      before += this.counts[i]!;
    }
    u32[low + count] = before >>> 0;
    u16[high + count] = before / 0x1_0000_0000;
  }

  /** Makes a cell of `key` with `extraBytes` after it; returns where its suffix starts (it is copied), or -1. */
  #addKey(key: Uint8Array, offset: number, length: number, extraBytes: number, limitBytes: number): number {
    const { count, starts } = this;
    const keyed = count - this.#unkeyed;
    let shared = length;
    let growth = 0;
    if (keyed > 0) {
      shared = sharedPrefixLength(this.prefix, 0, this.prefixLength, key, offset, length);
      growth = keyed * (this.prefixLength - shared);
    }
    const cellBytes = this.#infoBytes + length - shared + extraBytes;
    const end = starts[count]! + growth;
    if (keyed > 0) {
      const size = this.#fixedBytes + this.#entryBytes * (count + 1) + end + cellBytes + shared;
      if (size > limitBytes || count === this.heads.length) {
        return -1;
      }
      if (shared < this.prefixLength) {
        this.#cutPrefix(shared);
      }
      this.#assertKeyAscends(key, offset + shared, length - shared);
    } else {
      copyBytes(key, offset, this.prefix, 0, length);
      this.prefixLength = length;
    }
    const suffix = end + this.#infoBytes;
    copyBytes(key, offset + shared, this.u8, suffix, length - shared);
    this.heads[count] = headOf(key, offset + shared, length - shared);
    starts[count + 1] = end + cellBytes;
    this.count = count + 1;
    return suffix;
  }

  #addUnkeyed(): void {
    this.heads[0] = 0;
    this.starts[0] = 0;
    this.starts[1] = 0;
    this.prefixLength = 0;
    this.count = 1;
  }

  /** How much of this page's prefix the key of cell `index` of another page starts with. */
  #sharedWith(source: CellSource, index: number): number {
    const cut = source.prefixLength;
    const shared = sharedPrefixLength(this.prefix, 0, this.prefixLength, source.prefix, source.prefixOffset, cut);
    if (shared < cut || shared === this.prefixLength) {
      return shared;
    }
    const start = source.starts[source.startsIndex + index]!;
    const suffixLength = this.#lengthIn(source, index, start);
    const rest = this.prefixLength - cut;
    return cut + sharedPrefixLength(this.prefix, cut, rest, source.u8, start + this.#infoBytes, suffixLength);
  }

  #lengthIn(source: CellSource, index: number, start: number): number {
    return this.#infoBytes === 0
      ? source.starts[source.startsIndex + index + 1]! - start
      : (source.u8[start]! | (source.u8[start + 1]! << 8)) & INFO_LENGTH;
  }

  #suffixLength(index: number): number {
    return this.#lengthIn(this, index, this.starts[index]!);
  }

  /** The cells of a page with the same prefix: their bytes as they are, one copy for all. */
  #copyCells(source: CellSource, from: number, to: number, first: number, lengthBytes: number): void {
    const at = this.count;
    const { heads, starts } = this;
    const end = starts[at]!;
    copyBytes(source.u8, first, this.u8, end, lengthBytes);
    const headsDelta = source.headsIndex + from - at;
    const startsDelta = source.startsIndex + from + 1 - at;
    const shift = end - first;
    const sourceHeads = source.heads;
    const sourceStarts = source.starts;
    for (let i = at; i < at + to - from; i++) {
      heads[i] = sourceHeads[headsDelta + i]!;
      starts[i + 1] = sourceStarts[startsDelta + i]! + shift;
    }
  }

  /** The cells of a page with another prefix: each gets the missing bytes of that prefix, or loses its own first. */
  #recutCells(source: CellSource, from: number, to: number): void {
    const cut = source.prefixLength;
    const shared = this.prefixLength;
    const { u8, heads, starts } = this;
    const infoBytes = this.#infoBytes;
    const added = cut > shared ? cut - shared : 0;
    const removed = cut < shared ? shared - cut : 0;
    let end = starts[this.count]!;
    let at = this.count;
    for (let i = from; i < to; i++) {
      const start = source.starts[source.startsIndex + i]!;
      const rest = source.starts[source.startsIndex + i + 1]! - start - infoBytes - removed;
      const suffixLength = this.#lengthIn(source, i, start) + added - removed;
      if (infoBytes !== 0) {
        const info = (source.u8[start]! | (source.u8[start + 1]! << 8)) + added - removed;
        u8[end] = info;
        u8[end + 1] = info >>> 8;
      }
      const suffix = end + infoBytes;
      copyBytes(source.prefix, source.prefixOffset + shared, u8, suffix, added);
      copyBytes(source.u8, start + infoBytes + removed, u8, suffix + added, rest);
      heads[at] = headOf(u8, suffix, suffixLength);
      end = suffix + added + rest;
      starts[++at] = end;
    }
  }

  #copyChildren(source: CellSource, from: number, to: number): void {
    if (this.level === 0) {
      this.entries += to - from;
      return;
    }
    for (let i = from, at = this.count; i < to; i++, at++) {
      this.children[at] = source.children[i]!;
      this.counts[at] = source.counts[i]!;
      this.entries += source.counts[i]!;
    }
  }

  /** Makes the prefix shorter: every cell gets the bytes back, last cell first, as they all move up. */
  #cutPrefix(shared: number): void {
    const { u8, starts, heads, prefix } = this;
    const infoBytes = this.#infoBytes;
    const added = this.prefixLength - shared;
    const firstKeyed = this.#unkeyed;
    let end = starts[this.count]!;
    starts[this.count] = end + (this.count - firstKeyed) * added;
    for (let i = this.count - 1; i >= firstKeyed; i--) {
      const start = starts[i]!;
      const moved = start + (i - firstKeyed) * added;
      const suffix = moved + infoBytes;
      const suffixLength = this.#infoBytes === 0 ? end - start : (u8[start]! | (u8[start + 1]! << 8)) & INFO_LENGTH;
      const info = infoBytes === 0 ? 0 : (u8[start]! | (u8[start + 1]! << 8)) + added;
      u8.copyWithin(suffix + added, start + infoBytes, end);
      copyBytes(prefix, shared, u8, suffix, added);
      if (infoBytes !== 0) {
        u8[moved] = info;
        u8[moved + 1] = info >>> 8;
      }
      heads[i] = headOf(u8, suffix, suffixLength + added);
      end = start;
      starts[i] = moved;
    }
    this.prefixLength = shared;
  }

  /** Makes the prefix as long as first and last key allow; ranges are taken over with the prefix of their page. */
  #tighten(): void {
    const { count, u8, starts, heads } = this;
    const first = this.#unkeyed;
    if (count - first < 1) {
      return;
    }
    const infoBytes = this.#infoBytes;
    const firstSuffix = starts[first]! + infoBytes;
    const lastSuffix = starts[count - 1]! + infoBytes;
    const removed = sharedPrefixLength(
      u8,
      firstSuffix,
      this.#suffixLength(first),
      u8,
      lastSuffix,
      this.#suffixLength(count - 1),
    );
    if (removed === 0) {
      return;
    }
    copyBytes(u8, firstSuffix, this.prefix, this.prefixLength, removed);
    let end = starts[first]!;
    for (let i = first; i < count; i++) {
      const start = starts[i]!;
      const next = starts[i + 1]!;
      const suffixLength = this.#suffixLength(i) - removed;
      if (infoBytes !== 0) {
        const info = (u8[start]! | (u8[start + 1]! << 8)) - removed;
        u8[end] = info;
        u8[end + 1] = info >>> 8;
      }
      u8.copyWithin(end + infoBytes, start + infoBytes + removed, next);
      heads[i] = headOf(u8, end + infoBytes, suffixLength);
      starts[i] = end;
      end += next - start - removed;
    }
    starts[count] = end;
    this.prefixLength += removed;
  }

  /** The shortest key that is greater than entry `index - 1` and at most entry `index`. */
  #shortestSeparator(index: number, into: Uint8Array): number {
    const left = this.starts[index - 1]! + this.#infoBytes;
    const right = this.starts[index]! + this.#infoBytes;
    const rightLength = this.#suffixLength(index);
    const { u8, prefixLength } = this;
    const length = sharedPrefixLength(u8, left, this.#suffixLength(index - 1), u8, right, rightLength) + 1;
    copyBytes(this.prefix, 0, into, 0, prefixLength);
    copyBytes(u8, right, into, prefixLength, length);
    return prefixLength + length;
  }

  #assertKeyAscends(key: Uint8Array, rest: number, restLength: number): void {
    const last = this.count - 1;
    const start = this.starts[last]! + this.#infoBytes;
    const order = compareBytes(this.u8, start, this.#suffixLength(last), key, rest, restLength);
    assert(order < 0, "B5: keys ascend");
  }

  /** Heads tell, where the prefixes are the same; what they leave open, `checkTree` finds. */
  #assertAscends(source: CellSource, from: number): void {
    const last = this.count - 1;
    if (last >= this.#unkeyed && source.prefixLength === this.prefixLength) {
      assert(this.heads[last]! <= source.heads[source.headsIndex + from]!, "B5: keys ascend");
    }
  }
}
