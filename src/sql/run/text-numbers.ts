/**
 * Texts as numbers that keep their order: of the texts of a leaf, the eight bytes behind what all of them begin with.
 *
 *     2026-12-01T09:14        ─┐ prefix      ─┐ eight bytes, the first one the most significant, read as a double:
 *     2026-12-01T09:15         ├ 2026-12-01T0 ├ 9:14…   positive doubles are in the order of their bits
 *     2026-12-01T10:02        ─┘ 2026-12-01T ─┘
 *
 * Texts that differ behind those bytes have the same number, so that a range of numbers holds all texts of a range, and maybe
 * others. Shorter ones are filled up with zeros. A leaf of which a text goes on with a byte from 7F on, which would make no positive
 * double, is not known.
 */
import type { Leaf } from "../../mvcc/index.ts";
import { KIND_ASCII, KIND_UTF8, locateColumn, place, TAG_OF_KIND } from "../row.ts";
import { NULL } from "../value/value.ts";
import { MOST_CELLS } from "./column-numbers.ts";
import { grown } from "./group-table.ts";

/** Where the values of a leaf's cells lie, and what numbers they are. */
export const offsets: Uint32Array = new Uint32Array(MOST_CELLS);
export const learned: Float64Array = new Float64Array(MOST_CELLS);

/** Of what all texts of a leaf begin with, so much is kept. */
const MOST_PREFIX = 16;
/** The first four bytes of what is no positive, finite double. */
const NO_DOUBLE = 0x7ff0_0000;

/** Where the texts of the cells lie; a NULL begins at NONE. */
const starts = new Uint32Array(MOST_CELLS);
const ends = new Uint32Array(MOST_CELLS);
const NONE = 0xffff_ffff;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const [LOW_WORD, HIGH_WORD] = isLittleEndian() ? [0, 1] : [1, 0];

/** What the texts of each leaf begin with. */
export class LeafPrefixes {
  #bytes: Uint8Array;
  #lengths: Uint8Array;

  constructor() {
    this.#bytes = new Uint8Array(64 * MOST_PREFIX);
    this.#lengths = new Uint8Array(64);
  }

  reserve(at: number): void {
    if (at >= this.#lengths.length) {
      const larger = Math.max(at + 1, 2 * this.#lengths.length);
      this.#lengths = grown(this.#lengths, new Uint8Array(larger));
      this.#bytes = grown(this.#bytes, new Uint8Array(larger * MOST_PREFIX));
    }
  }

  /** Reads the numbers of a leaf's texts into `learned`; false: there is something else than texts and NULLs. */
  read({ u8, data }: Leaf, count: number, at: number, slot: number): boolean {
    let first = -1;
    let prefixLength = 0;
    for (let cell = 0; cell < count; cell++) {
      if (!locateColumn(data, offsets[cell]!, slot)) {
        return false;
      }
      const { kind, start, end } = place;
      if (TAG_OF_KIND[kind] === NULL) {
        starts[cell] = NONE;
        continue;
      }
      if (kind !== KIND_ASCII && kind !== KIND_UTF8) {
        return false;
      }
      starts[cell] = start;
      ends[cell] = end;
      if (first < 0) {
        first = start;
        prefixLength = Math.min(MOST_PREFIX, end - start);
      } else {
        prefixLength = sharedLength(u8, first, start, Math.min(prefixLength, end - start));
      }
    }
    this.#lengths[at] = prefixLength;
    for (let i = 0; i < prefixLength; i++) {
      this.#bytes[at * MOST_PREFIX + i] = u8[first + i]!;
    }
    return numbersOf(u8, count, prefixLength);
  }

  /** Where a text stands among those of a leaf: its number, or −Infinity before all of them and Infinity behind them. */
  numberOf(at: number, text: Uint8Array): number {
    const prefixLength = this.#lengths[at]!;
    const prefix = at * MOST_PREFIX;
    for (let i = 0; i < prefixLength; i++) {
      const difference = i < text.length ? text[i]! - this.#bytes[prefix + i]! : -1;
      if (difference !== 0) {
        return difference < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      }
    }
    const number = numberOf(text, prefixLength, text.length);
    return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number;
  }
}

function numbersOf(u8: Uint8Array, count: number, prefixLength: number): boolean {
  for (let cell = 0; cell < count; cell++) {
    const start = starts[cell]!;
    if (start === NONE) {
      learned[cell] = Number.NaN;
      continue;
    }
    const number = numberOf(u8, start + prefixLength, ends[cell]!);
    if (Number.isNaN(number)) {
      return false;
    }
    learned[cell] = number;
  }
  return true;
}

/** NaN: it is none. */
function numberOf(u8: Uint8Array, from: number, end: number): number {
  const high = wordOf(u8, from, end);
  if (high >= NO_DOUBLE) {
    return Number.NaN;
  }
  words[HIGH_WORD] = high;
  words[LOW_WORD] = wordOf(u8, from + 4, end);
  return double[0]!;
}

/** Four bytes; those behind the end are 0. */
function wordOf(u8: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = 0; i < 4; i++) {
    word = (word << 8) | (at + i < end ? u8[at + i]! : 0);
  }
  return word >>> 0;
}

function sharedLength(u8: Uint8Array, a: number, b: number, most: number): number {
  let length = 0;
  while (length < most && u8[a + length] === u8[b + length]) {
    length++;
  }
  return length;
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
}
