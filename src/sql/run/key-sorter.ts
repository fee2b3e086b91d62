/**
 * Sorts the entries of an index that is built.
 *
 *   ─▶ add(columns, …, key of the row, …) … ─▶ sort() ─▶ next(), next(), …: entries in the order of their keys
 *
 * Entries lie one behind the other in one buffer: the columns, then the key of the row, which is the entry's value and, unless
 * nobody else may have the columns, also the end of its key.
 *
 * They are sorted by the first bytes that differ, and those that are alike so far by what follows: of many by one byte, so that parts
 * come to be that caches hold, of fewer by four, the last of them first. Each is a pass over numbers, in which nothing is compared.
 * The fewest are compared. No pass changes the order of what is alike, so that keys are read as they lie in the buffer.
 *
 * Bound: MAX_SORTED_BYTES; beyond it FULL.
 */
import { compareBytes, copyBytes } from "../../bytes.ts";
import { DbError } from "../../errors.ts";
import { newBlock } from "../../mvcc/index.ts";
import type { SortedEntries } from "../storage.ts";

const MAX_SORTED_BYTES = 2 ** 30;
const INITIAL_ENTRIES = 1024;
/** Room that is taken without knowing whether it will be needed: memory that nobody writes to is not there yet. */
const MOST_ROOM = 2 ** 22;
const BYTES_EACH = 32;
const WORD_BYTES = 4;
const RADIX = 256;
/** Fewer entries are compared. */
const FEW = 24;
/** More are sorted by one byte at a time. */
const MANY = 65_536;

export class KeySorter implements SortedEntries {
  bytes: Uint8Array;
  count: number;
  keyOffset: number;
  keyLength: number;
  valueOffset: number;
  valueLength: number;
  /** Where each entry lies; the last one ends where the next would begin. */
  #offsets: Uint32Array;
  #keyLengths: Uint16Array;
  #valueLengths: Uint16Array;
  #used: number;
  #order: Uint32Array;
  /** The next one in the order. */
  #next: number;

  /** Room for about so many entries; there may be more. */
  constructor(entries: number = 0) {
    const room = Math.min(Math.max(entries, INITIAL_ENTRIES), MOST_ROOM);
    this.bytes = new Uint8Array(newBlock(room * BYTES_EACH));
    this.count = 0;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.valueOffset = 0;
    this.valueLength = 0;
    const { offsets, keyLengths, valueLengths } = newTable(room);
    this.#offsets = offsets;
    this.#keyLengths = keyLengths;
    this.#valueLengths = valueLengths;
    this.#used = 0;
    this.#order = new Uint32Array(0);
    this.#next = 0;
  }

  /** The row's key comes in two parts. `isExclusive`: nobody else may have the columns. */
  add(
    columns: Uint8Array,
    columnsLength: number,
    isExclusive: boolean,
    prefix: Uint8Array,
    prefixOffset: number,
    prefixLength: number,
    rest: Uint8Array,
    restOffset: number,
    restLength: number,
  ): void {
    const entry = this.count++;
    const at = this.#used;
    const valueLength = prefixLength + restLength;
    const end = at + columnsLength + valueLength;
    this.#reserve(end);
    const { bytes } = this;
    copyBytes(columns, 0, bytes, at, columnsLength);
    copyBytes(prefix, prefixOffset, bytes, at + columnsLength, prefixLength);
    copyBytes(rest, restOffset, bytes, at + columnsLength + prefixLength, restLength);
    this.#used = end;
    this.#offsets[entry] = at;
    this.#offsets[entry + 1] = end;
    this.#keyLengths[entry] = isExclusive ? columnsLength : end - at;
    this.#valueLengths[entry] = valueLength;
  }

  /** After the last `add`, before the first `next`. */
  sort(): void {
    const rounds = new Rounds(this.bytes, this.#offsets, this.#keyLengths, this.count);
    rounds.sort(0, this.count, 0);
    this.#order = rounds.order;
  }

  /** Whether two entries have the same key; after `sort`. */
  get hasTwice(): boolean {
    const order = this.#order;
    for (let place = 1; place < this.count; place++) {
      if (compareEntries(this.bytes, this.#offsets, this.#keyLengths, order[place - 1]!, order[place]!) === 0) {
        return true;
      }
    }
    return false;
  }

  next(): boolean {
    if (this.#next === this.count) {
      return false;
    }
    const entry = this.#order[this.#next++]!;
    this.keyOffset = this.#offsets[entry]!;
    this.keyLength = this.#keyLengths[entry]!;
    this.valueLength = this.#valueLengths[entry]!;
    this.valueOffset = this.#offsets[entry + 1]! - this.valueLength;
    return true;
  }

  #reserve(needed: number): void {
    if (this.count > this.#keyLengths.length) {
      const { offsets, keyLengths, valueLengths } = newTable(this.#keyLengths.length * 2);
      offsets.set(this.#offsets);
      keyLengths.set(this.#keyLengths);
      valueLengths.set(this.#valueLengths);
      this.#offsets = offsets;
      this.#keyLengths = keyLengths;
      this.#valueLengths = valueLengths;
    }
    if (needed <= this.bytes.length) {
      return;
    }
    if (needed > MAX_SORTED_BYTES) {
      throw new DbError("FULL", `the entries of an index that is built may take ${MAX_SORTED_BYTES} bytes`, {
        limit: MAX_SORTED_BYTES,
      });
    }
    const larger = new Uint8Array(newBlock(Math.max(needed, this.bytes.length * 2)));
    larger.set(this.bytes.subarray(0, this.#used));
    this.bytes = larger;
  }
}

interface EntryTable {
  readonly offsets: Uint32Array;
  readonly keyLengths: Uint16Array;
  readonly valueLengths: Uint16Array;
}

/** Of so many entries, in one block. */
function newTable(entries: number): EntryTable {
  const offsetBytes = WORD_BYTES * (entries + 1);
  const lengthBytes = 2 * entries;
  const block = newBlock(offsetBytes + 2 * lengthBytes);
  return {
    offsets: new Uint32Array(block, 0, entries + 1),
    keyLengths: new Uint16Array(block, offsetBytes, entries),
    valueLengths: new Uint16Array(block, offsetBytes + lengthBytes, entries),
  };
}

function compareEntries(
  bytes: Uint8Array,
  offsets: Uint32Array,
  keyLengths: Uint16Array,
  a: number,
  b: number,
): number {
  return compareBytes(bytes, offsets[a]!, keyLengths[a]!, bytes, offsets[b]!, keyLengths[b]!);
}

/** The rounds of one sort. What is sorted by lies beside the order, in arrays that change places with each pass. */
class Rounds {
  readonly order: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #keyLengths: Uint16Array;
  /** Words of the keys by their places, and room for as many. */
  readonly #words: Uint32Array;
  /** The words that were loaded last are in order: rows are often added in that of a column. */
  #isAscending: boolean;
  readonly #otherOrder: Uint32Array;
  readonly #otherWords: Uint32Array;
  /** How many entries have each value of each byte of the word, its first byte first. */
  readonly #counts: Uint32Array;
  readonly #starts: Uint32Array;

  /** Of `count` entries, which stand as they were added. */
  constructor(bytes: Uint8Array, offsets: Uint32Array, keyLengths: Uint16Array, count: number) {
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#keyLengths = keyLengths;
    const block = newBlock(3 * WORD_BYTES * count);
    this.order = new Uint32Array(block, 0, count);
    this.#words = new Uint32Array(block, WORD_BYTES * count, count);
    this.#isAscending = false;
    this.#otherOrder = new Uint32Array(block, 2 * WORD_BYTES * count, count);
    this.#otherWords = new Uint32Array(Math.min(count, MANY));
    this.#counts = new Uint32Array(WORD_BYTES * RADIX);
    this.#starts = new Uint32Array(RADIX);
    for (let entry = 0; entry < count; entry++) {
      this.order[entry] = entry;
    }
  }

  /** Sorts a stretch of the order, whose keys agree in `known` bytes or end before. */
  sort(from: number, to: number, known: number): void {
    let agreed = known;
    while (to - from > FEW) {
      const longest = this.#loadWords(from, to, agreed);
      const digit = this.#firstThatDiffers(from, to);
      if (digit < WORD_BYTES && !this.#isAscending && to - from > MANY) {
        this.#sortByDigit(from, to, digit, agreed + digit + 1);
        return;
      }
      const isEnd = longest <= agreed + WORD_BYTES;
      agreed += WORD_BYTES;
      if (digit < WORD_BYTES) {
        if (!this.#isAscending) {
          this.#distribute(from, to, digit);
        }
        this.#sortAlike(from, to, isEnd ? undefined : agreed);
        return;
      }
      if (isEnd) {
        break;
      }
    }
    this.#compare(from, to);
  }

  /** By one byte, and then what has the same in it. */
  #sortByDigit(from: number, to: number, digit: number, known: number): void {
    const order = this.order;
    const words = this.#words;
    const into = this.#otherOrder;
    const starts = this.#startsOf(digit, from);
    const shift = shiftOf(digit);
    for (let place = from; place < to; place++) {
      into[starts[(words[place]! >>> shift) & 0xff]!++] = order[place]!;
    }
    order.set(into.subarray(from, to), from);
    // Each now says where the next one begins.
    const ends = starts.slice();
    let start = from;
    for (const end of ends) {
      if (end - start > 1) {
        this.sort(start, end, known);
      }
      start = end;
    }
  }

  /** Sorts those that are alike in their words. `known`: what they agree in then; undefined: all end there, and their lengths decide. */
  #sortAlike(from: number, to: number, known: number | undefined): void {
    const words = this.#words;
    // Rounds inside of this one overwrite the words of the stretch that they sort, which has been passed.
    let start = from;
    while (start < to) {
      const word = words[start]!;
      let end = start + 1;
      while (end < to && words[end] === word) {
        end++;
      }
      if (end - start > FEW && known !== undefined) {
        this.sort(start, end, known);
      } else if (end - start > 1) {
        this.#compare(start, end);
      }
      start = end;
    }
  }

  /** By comparison: as they are inserted where they are few, otherwise as the engine sorts. */
  #compare(from: number, to: number): void {
    const order = this.order;
    const bytes = this.#bytes;
    const offsets = this.#offsets;
    const keyLengths = this.#keyLengths;
    if (to - from > FEW) {
      order.subarray(from, to).sort((a, b) => compareEntries(bytes, offsets, keyLengths, a, b));
      return;
    }
    for (let i = from + 1; i < to; i++) {
      const entry = order[i]!;
      let place = i;
      while (place > from && compareEntries(bytes, offsets, keyLengths, order[place - 1]!, entry) > 0) {
        order[place] = order[place - 1]!;
        place--;
      }
      order[place] = entry;
    }
  }

  /** Four bytes of each key, counted byte by byte; the length of the longest key. */
  #loadWords(from: number, to: number, agreed: number): number {
    const bytes = this.#bytes;
    const offsets = this.#offsets;
    const keyLengths = this.#keyLengths;
    const order = this.order;
    const words = this.#words;
    const counts = this.#counts;
    counts.fill(0);
    let longest = 0;
    let before = 0;
    let isAscending = true;
    for (let place = from; place < to; place++) {
      const entry = order[place]!;
      const keyLength = keyLengths[entry]!;
      const word = wordOf(bytes, offsets[entry]! + agreed, keyLength - agreed);
      words[place] = word;
      isAscending &&= word >= before;
      before = word;
      longest = keyLength > longest ? keyLength : longest;
      counts[word >>> 24]!++;
      counts[RADIX + ((word >>> 16) & 0xff)]!++;
      counts[2 * RADIX + ((word >>> 8) & 0xff)]!++;
      counts[3 * RADIX + (word & 0xff)]!++;
    }
    this.#isAscending = isAscending;
    return longest;
  }

  /** The first byte of the words that is not the same in all; WORD_BYTES: all are. */
  #firstThatDiffers(from: number, to: number): number {
    const word = this.#words[from]!;
    let digit = 0;
    while (digit < WORD_BYTES && this.#isAlike(digit, word, to - from)) {
      digit++;
    }
    return digit;
  }

  #isAlike(digit: number, word: number, count: number): boolean {
    return this.#counts[digit * RADIX + ((word >>> shiftOf(digit)) & 0xff)] === count;
  }

  /** By whole words, the last byte first. */
  #distribute(from: number, to: number, first: number): void {
    const count = to - from;
    let [order, words] = [this.order, this.#words];
    let [orderAt, wordsAt] = [from, from];
    // The others begin at 0: no stretch is longer than they are.
    let [intoOrder, intoWords] = [this.#otherOrder, this.#otherWords];
    let into = 0;
    for (let digit = WORD_BYTES - 1; digit >= first; digit--) {
      if (this.#isAlike(digit, words[wordsAt]!, count)) {
        continue;
      }
      const starts = this.#startsOf(digit, into);
      const shift = shiftOf(digit);
      for (let i = 0; i < count; i++) {
        const word = words[wordsAt + i]!;
        const place = starts[(word >>> shift) & 0xff]!++;
        intoOrder[place] = order[orderAt + i]!;
        intoWords[place] = word;
      }
      [order, words, intoOrder, intoWords] = [intoOrder, intoWords, order, words];
      [orderAt, wordsAt, into] = [into, into, orderAt];
    }
    if (order !== this.order) {
      this.order.set(order.subarray(0, count), from);
      this.#words.set(words.subarray(0, count), from);
    }
  }

  #startsOf(digit: number, from: number): Uint32Array {
    let start = from;
    for (let value = 0; value < RADIX; value++) {
      this.#starts[value] = start;
      start += this.#counts[digit * RADIX + value]!;
    }
    return this.#starts;
  }
}

/** Of the first byte of a word it is the greatest. */
function shiftOf(digit: number): number {
  return 8 * (WORD_BYTES - 1 - digit);
}

/** Four bytes of a key, of which so many are left, as a number; bytes that it does not have are 0. */
function wordOf(bytes: Uint8Array, at: number, left: number): number {
  if (left >= WORD_BYTES) {
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }
  let word = 0;
  for (let i = 0; i < left; i++) {
    word |= bytes[at + i]! << (24 - 8 * i);
  }
  return word >>> 0;
}
