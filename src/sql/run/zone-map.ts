/** What is known of a column's leaves: the least and the greatest number of each, and where memory is given for them, all of them. */
import type { Leaf } from "../../mvcc/index.ts";
import { locateColumn, place, readNumberBody, TAG_OF_KIND } from "../row.ts";
import { INTEGER, NULL, REAL } from "../value/value.ts";
import type { ColumnNumbers } from "./column-numbers.ts";
import { grown } from "./group-table.ts";
import { LeafPrefixes, learned, offsets } from "./text-numbers.ts";

/** Leaves of a column that are known: 1 GiB of them, in 3 MiB. */
const MOST_ZONES = 131_072;
/** Pages from there on are none of them: places of all others take 8 MiB at the most. */
const MOST_PAGES = 2 ** 21;

export class ZoneMap {
  readonly numbers: ColumnNumbers;
  /** What the texts of a leaf begin with, where the column has texts. */
  readonly #prefixes: LeafPrefixes | undefined;
  readonly #slot: number;
  /** The place of each page's zone in the arrays, plus one; 0: it has none. */
  #places: Uint32Array;
  #count: number;
  #births: Uint32Array;
  #checksums: Uint32Array;
  /** Of the tree in which each was seen last. */
  #trees: Uint32Array;
  #least: Float64Array;
  #greatest: Float64Array;
  #lookups: number;
  /** The tree that is read: its root, and which one of those that have been read it is. */
  #root: number;
  #rootBirth: number;
  #rootChecksum: number;
  #tree: number;

  constructor(slot: number, hasTexts: boolean, numbers: ColumnNumbers) {
    this.numbers = numbers;
    this.#prefixes = hasTexts ? new LeafPrefixes() : undefined;
    this.#slot = slot;
    this.#places = new Uint32Array(1024);
    this.#count = 0;
    this.#births = new Uint32Array(64);
    this.#checksums = new Uint32Array(64);
    this.#trees = new Uint32Array(64);
    this.#least = new Float64Array(64);
    this.#greatest = new Float64Array(64);
    this.#lookups = 0;
    this.#root = 0;
    this.#rootBirth = 0;
    this.#rootChecksum = 0;
    this.#tree = 0;
  }

  /** Leaves are from now on those of the tree with this root: all below it is as it was when it was read before. */
  reads(root: number, birth: number, checksum: number): void {
    if (root !== this.#root || birth !== this.#rootBirth || checksum !== this.#rootChecksum) {
      this.#root = root;
      this.#rootBirth = birth;
      this.#rootChecksum = checksum;
      this.#tree++;
    }
  }

  /** The place of the leaf in a page of the tree that is read, where it was seen in it; −1: it was not. */
  placeOfPage(page: number): number {
    const place = page < this.#places.length ? this.#places[page]! - 1 : -1;
    return place >= 0 && this.#trees[place] === this.#tree ? place : -1;
  }

  /** Whether no number in the leaf is in the range. */
  isWithout(place: number, low: number, high: number): boolean {
    return high < this.#least[place]! || low > this.#greatest[place]!;
  }

  /** `select` of ColumnNumbers; `place` is the leaf's. */
  select(
    leaf: Leaf,
    place: number,
    low: number,
    high: number,
    from: number,
    to: number,
    slots: Uint16Array,
    selected: number,
  ): number {
    if (this.numbers.isWanting(place)) {
      this.#learn(leaf, place);
    }
    return this.numbers.select(place, low, high, from, to, slots, selected);
  }

  /** Where a text stands among those of a leaf (text-numbers.ts). */
  numberOfText(place: number, bytes: Uint8Array): number {
    return this.#prefixes!.numberOf(place, bytes);
  }

  /** The leaf's place in the arrays, where it is known from now on; −1: there is no room for it. */
  placeOf(leaf: Leaf): number {
    const { page, birth, checksum } = leaf;
    this.#lookups++;
    let place = page < this.#places.length ? this.#places[page]! - 1 : -1;
    if (place < 0) {
      if (this.#count === MOST_ZONES || page >= MOST_PAGES) {
        this.#makeRoom();
        return -1;
      }
      place = this.#count++;
      this.#reserve(page, place);
      this.#places[page] = place + 1;
    } else if (this.#births[place] === birth && this.#checksums[place] === checksum) {
      this.#trees[place] = this.#tree;
      return place;
    }
    this.#trees[place] = this.#tree;
    this.#births[place] = birth;
    this.#checksums[place] = checksum;
    this.numbers.forget(place);
    this.#learn(leaf, place);
    return place;
  }

  /** Most of what is known may be of pages that are no more; of a table too large for all to be known it is not. */
  #makeRoom(): void {
    if (this.#lookups > 8 * MOST_ZONES) {
      this.#places.fill(0);
      this.numbers.clear();
      this.#count = 0;
      this.#lookups = 0;
    }
  }

  #learn(leaf: Leaf, at: number): void {
    const count = leaf.valuesInto(offsets);
    const isKnown =
      count >= 0 &&
      (this.#prefixes === undefined
        ? this.#readNumbers(leaf, count)
        : this.#prefixes.read(leaf, count, at, this.#slot));
    let least = Number.NEGATIVE_INFINITY;
    let greatest = Number.POSITIVE_INFINITY;
    if (!isKnown) {
      this.numbers.putNone(at);
    } else {
      [least, greatest] = [greatest, least];
      for (let cell = 0; cell < count; cell++) {
        const number = learned[cell]!;
        least = number < least ? number : least;
        greatest = number > greatest ? number : greatest;
      }
      if (this.numbers.hasRoom()) {
        this.numbers.put(at, learned, count);
      }
    }
    this.#least[at] = least;
    this.#greatest[at] = greatest;
  }

  /** False: there is something else than numbers and NULLs. */
  #readNumbers({ u8, data }: Leaf, count: number): boolean {
    for (let cell = 0; cell < count; cell++) {
      if (!locateColumn(data, offsets[cell]!, this.#slot)) {
        return false;
      }
      const { kind, end } = place;
      const tag = TAG_OF_KIND[kind];
      if (tag === INTEGER || tag === REAL) {
        learned[cell] = readNumberBody(u8, data, kind, end);
      } else if (tag === NULL) {
        learned[cell] = Number.NaN;
      } else {
        return false;
      }
    }
    return true;
  }

  #reserve(page: number, place: number): void {
    if (page >= this.#places.length) {
      this.#places = grown(this.#places, new Uint32Array(Math.max(page + 1, this.#places.length * 2)));
    }
    this.#prefixes?.reserve(place);
    const { length } = this.#births;
    if (place < length) {
      return;
    }
    this.#births = grown(this.#births, new Uint32Array(length * 2));
    this.#checksums = grown(this.#checksums, new Uint32Array(length * 2));
    this.#trees = grown(this.#trees, new Uint32Array(length * 2));
    this.#least = grown(this.#least, new Float64Array(length * 2));
    this.#greatest = grown(this.#greatest, new Float64Array(length * 2));
  }
}
