/**
 * The groups of a GROUP BY (and the rows that a DISTINCT has seen): from the values of a key to the number of its group.
 *
 * A key is written into the arena as it is read, column by column, while its hash is worked out; `find` then looks for
 * those bytes and either keeps them as a new group's or leaves them to be overwritten. Text goes from the page to the
 * arena as bytes, so a row of a known group makes no string and allocates nothing.
 *
 * A key of one column is quicker: text is looked up where it lies (`findText`), short ones among those looked up last
 * (short-texts.ts), and whole numbers below SMALL_NUMBERS
 * have their group in a table by themselves (`findNumber`). Per row, with 5 and 1000 groups: 38 ns → 17, 31 → 9. Where rows come in
 * the order of such numbers, as they do by a key, the group before is looked at first, and `order` has nothing to sort.
 *
 *   arena   [ key of group 0 ][ key of group 1 ] … [ key being written ]
 *           key: for each column a mark; for a number its double, for text and blobs u32 length and the bytes, for an
 *           integer that no double equals its 8 bytes
 *   slots   open addressing, group + 1 or 0; never more than half full
 *
 * Numbers are equal whatever their type, so 1 and 1.0 are one group, and what it shows is the first of them. Bounds:
 * `limit` groups, `bytes` of keys; beyond them FULL.
 *
 *   groups.begin(); groups.addText(u8, data, start, end); groups.addNumber(INTEGER, 5); const group = groups.find();
 */
import { compareValues } from "../value/compare.ts";
import { utf8Text, writeText } from "../value/text.ts";
import {
  answer,
  answered,
  answerValue,
  BIG,
  BLOB,
  INTEGER,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
} from "../value/value.ts";
import { MOST_HELD_BYTES, tooManyBytes, tooManyRows } from "./holding.ts";
import { MOST_SHORT_BYTES, ShortTexts } from "./short-texts.ts";

const MARK_NULL = 0;
const MARK_NUMBER = 1;
const MARK_BIG = 2;
const MARK_TEXT = 3;
const MARK_BLOB = 4;

/** So few that the arrays lie beside their objects, and need no memory of their own. */
const INITIAL_GROUPS = 8;
const SMALL_NUMBERS = 65_536;
/** From so many on, the groups of short texts are remembered. */
const MANY_TEXTS = 256;

export class GroupTable {
  /** How many groups there are; they are numbered from 0. */
  count: number;
  readonly #columns: number;
  readonly #limit: number;
  readonly #bytes: number;
  #arena: Uint8Array;
  #data: DataView;
  /** Where the key being written starts, and how far it has come. */
  #start: number;
  #at: number;
  #hash: number;
  /** Where the key of each group starts; one more than there are groups. */
  #starts: Uint32Array;
  #hashes: Int32Array;
  #slots: Int32Array;
  /** The tag that each column of a group's key had first. */
  #tags: Uint8Array;
  #pendingTags: Uint8Array;
  #column: number;
  /** Group + 1 of each small whole number, where the key is one column. */
  #small: Int32Array;
  /** The number that was found last, and its group; how many of the groups, the first ones, are numbers in ascending order. */
  #lastNumber: number;
  #lastGroup: number;
  #ascending: number;
  #highest: number;
  /** Short texts that were looked up last; how many were looked up. */
  #short: ShortTexts | undefined;
  #textsAsked: number;

  constructor(columns: number, limit: number, bytes: number = MOST_HELD_BYTES) {
    this.count = 0;
    this.#columns = columns;
    this.#limit = limit;
    this.#bytes = Math.min(bytes, MOST_HELD_BYTES);
    this.#arena = new Uint8Array(INITIAL_GROUPS * 16);
    this.#data = new DataView(this.#arena.buffer);
    this.#start = 0;
    this.#at = 0;
    this.#hash = 0;
    this.#starts = new Uint32Array(INITIAL_GROUPS + 1);
    this.#hashes = new Int32Array(INITIAL_GROUPS);
    this.#slots = new Int32Array(INITIAL_GROUPS * 2);
    this.#tags = new Uint8Array(INITIAL_GROUPS * columns);
    this.#pendingTags = new Uint8Array(columns);
    this.#column = 0;
    this.#small = NO_NUMBERS;
    this.#lastNumber = Number.NaN;
    this.#lastGroup = 0;
    this.#ascending = 0;
    this.#highest = Number.NEGATIVE_INFINITY;
    this.#short = undefined;
    this.#textsAsked = 0;
  }

  begin(): void {
    this.#at = this.#start;
    this.#hash = 0;
    this.#column = 0;
  }

  addNull(): void {
    this.#reserve(1);
    this.#arena[this.#at++] = MARK_NULL;
    this.#hash = mix(this.#hash, MARK_NULL);
    this.#pendingTags[this.#column++] = NULL;
  }

  /** INTEGER or REAL; BIG where a double equals it. */
  addNumber(tag: Tag, value: number): void {
    this.#reserve(9);
    const at = this.#at;
    const data = this.#data;
    this.#arena[at] = MARK_NUMBER;
    // −0 and 0 are one value.
    data.setFloat64(at + 1, value + 0, true);
    this.#hash = mix(mix(this.#hash, data.getInt32(at + 1, true)), data.getInt32(at + 5, true));
    this.#at = at + 9;
    this.#pendingTags[this.#column++] = tag;
  }

  /** Text that lies in `u8` as UTF-8. */
  addText(u8: Uint8Array, data: DataView, start: number, end: number): void {
    this.#addBytes(MARK_TEXT, u8, data, start, end);
    this.#pendingTags[this.#column++] = TEXT;
  }

  /** A value of any type. */
  add(tag: Tag, value: SqlValue): void {
    switch (tag) {
      case NULL:
        this.addNull();
        break;
      case INTEGER:
      case REAL:
        this.addNumber(tag, value as number);
        break;
      case TEXT:
        this.#addString(value as string);
        this.#pendingTags[this.#column++] = TEXT;
        break;
      case BLOB:
        this.#addBlob(value as Uint8Array);
        this.#pendingTags[this.#column++] = BLOB;
        break;
      default:
        this.#addBig(value as bigint);
    }
  }

  /** The group of the key just written; `count` before the call if it is new. */
  find(): number {
    const hash = this.#hash;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const length = this.#at - this.#start;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = slots[slot]! - 1;
      if (group < 0) {
        slots[slot] = this.count + 1;
        return this.#keep(hash);
      }
      if (this.#hashes[group] === hash && this.#hasKey(group, length)) {
        return group;
      }
    }
  }

  /** The group of the key just written; −1 where there is none. */
  look(): number {
    const hash = this.#hash;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const length = this.#at - this.#start;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = slots[slot]! - 1;
      if (group < 0 || (this.#hashes[group] === hash && this.#hasKey(group, length))) {
        return group;
      }
    }
  }

  /** The group of a key that is one text, in place. */
  findText(u8: Uint8Array, data: DataView, start: number, end: number): number {
    const length = end - start;
    if (length > MOST_SHORT_BYTES || ++this.#textsAsked < MANY_TEXTS) {
      return this.#findLong(u8, data, start, end);
    }
    this.#short ??= new ShortTexts();
    const short = this.#short;
    const known = short.look(u8, data, start, end);
    if (known >= 0) {
      return known;
    }
    const group = this.#findLong(u8, data, start, end);
    short.note(length, group);
    if (!short.isWorthwhile) {
      this.#textsAsked = Number.NEGATIVE_INFINITY;
    }
    return group;
  }

  #findLong(u8: Uint8Array, data: DataView, start: number, end: number): number {
    const hash = hashBytes(u8, data, start, end, 0);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = slots[slot]! - 1;
      if (group < 0) {
        this.begin();
        this.addText(u8, data, start, end);
        return this.find();
      }
      if (this.#hashes[group] === hash && this.#hasText(group, u8, data, start, end - start)) {
        return group;
      }
    }
  }

  /** `look` for a key that is one text, in place. */
  lookText(u8: Uint8Array, data: DataView, start: number, end: number): number {
    const hash = hashBytes(u8, data, start, end, 0);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = slots[slot]! - 1;
      if (group < 0 || (this.#hashes[group] === hash && this.#hasText(group, u8, data, start, end - start))) {
        return group;
      }
    }
  }

  /** `look` for a key that is one value of any type. */
  lookValue(tag: Tag, value: SqlValue): number {
    this.begin();
    this.add(tag, value);
    return this.look();
  }

  /** The group of a key that is one INTEGER or REAL. */
  findNumber(tag: Tag, value: number): number {
    if (value === this.#lastNumber) {
      return this.#lastGroup;
    }
    const group = this.#findOther(tag, value);
    this.#lastNumber = value;
    this.#lastGroup = group;
    if (group === this.#ascending && value > this.#highest) {
      this.#ascending++;
      this.#highest = value;
    }
    return group;
  }

  #findOther(tag: Tag, value: number): number {
    const isSmall = value >= 0 && value < SMALL_NUMBERS && value === (value | 0);
    if (isSmall && value < this.#small.length) {
      const known = this.#small[value]!;
      if (known !== 0) {
        return known - 1;
      }
    }
    this.begin();
    this.addNumber(tag, value);
    const group = this.find();
    if (isSmall) {
      if (value >= this.#small.length) {
        this.#small = grown(this.#small, new Int32Array(Math.min(SMALL_NUMBERS, (value + 1) * 2)));
      }
      this.#small[value] = group + 1;
    }
    return group;
  }

  /** The group of a key that is one value of any type. */
  findValue(tag: Tag, value: SqlValue): number {
    this.begin();
    this.add(tag, value);
    return this.find();
  }

  /** Answers the value of a column of a group's key. */
  answerKey(group: number, column: number): void {
    const arena = this.#arena;
    const data = this.#data;
    let at = this.#starts[group]!;
    for (let skipped = 0; skipped < column; skipped++) {
      at += lengthAt(arena, data, at);
    }
    const tag = this.#tags[group * this.#columns + column] as Tag;
    switch (arena[at]) {
      case MARK_NULL:
        answerValue(NULL, null);
        break;
      case MARK_NUMBER: {
        const number = data.getFloat64(at + 1, true);
        answerValue(tag, tag === BIG ? BigInt(number) : number);
        break;
      }
      case MARK_BIG:
        answerValue(BIG, data.getBigInt64(at + 1, true));
        break;
      case MARK_TEXT:
        answerValue(TEXT, utf8Text(arena, at + 5, at + lengthAt(arena, data, at)));
        break;
      default:
        answerValue(BLOB, arena.slice(at + 5, at + lengthAt(arena, data, at)));
    }
  }

  /** The groups in the order of their keys, as SQLite gives them out. */
  order(): Uint32Array {
    const { count } = this;
    if (this.#ascending === count) {
      return Uint32Array.from({ length: count }, (_, group) => group);
    }
    return this.#numericOrder() ?? this.#anyOrder();
  }

  /** Where the keys are one column of numbers, and NULL: numbers are sorted by themselves, and their groups looked up again. */
  #numericOrder(): Uint32Array | undefined {
    if (this.#columns !== 1) {
      return undefined;
    }
    const { count } = this;
    const numbers = new Float64Array(count);
    const order = new Uint32Array(count);
    let found = 0;
    let nulls = 0;
    for (let group = 0; group < count; group++) {
      const at = this.#starts[group]!;
      const mark = this.#arena[at];
      if (mark === MARK_NUMBER) {
        numbers[found++] = this.#data.getFloat64(at + 1, true);
      } else if (mark === MARK_NULL) {
        order[nulls++] = group;
      } else {
        return undefined;
      }
    }
    const sorted = numbers.subarray(0, found).sort();
    for (let i = 0; i < found; i++) {
      this.begin();
      this.addNumber(REAL, sorted[i]!);
      order[nulls + i] = this.look();
    }
    return order;
  }

  #anyOrder(): Uint32Array {
    const { count } = this;
    const columns = this.#columns;
    const tags: Tag[][] = [];
    const values: SqlValue[][] = [];
    for (let column = 0; column < columns; column++) {
      const columnTags: Tag[] = [];
      const columnValues: SqlValue[] = [];
      for (let group = 0; group < count; group++) {
        this.answerKey(group, column);
        columnTags.push(answer.tag);
        columnValues.push(answered());
      }
      tags.push(columnTags);
      values.push(columnValues);
    }
    const order = Uint32Array.from({ length: count }, (_, group) => group);
    return order.sort((a, b) => {
      for (let column = 0; column < columns; column++) {
        const columnTags = tags[column]!;
        const columnValues = values[column]!;
        const difference = compareValues(columnTags[a]!, columnValues[a]!, columnTags[b]!, columnValues[b]!);
        if (difference !== 0) {
          return difference;
        }
      }
      return a - b;
    });
  }

  #addBytes(mark: number, u8: Uint8Array, data: DataView, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length + 5);
    const at = this.#at + 5;
    this.#arena[this.#at] = mark;
    this.#data.setUint32(this.#at + 1, length, true);
    const into = this.#data;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      into.setInt32(at + i, data.getInt32(start + i, true), true);
    }
    for (; i < length; i++) {
      this.#arena[at + i] = u8[start + i]!;
    }
    this.#hash = hashBytes(u8, data, start, end, this.#hash);
    this.#at = at + length;
  }

  /** As the double that it equals, if there is one: a real may be equal to it. */
  #addBig(value: bigint): void {
    const real = Number(value);
    if (BigInt(real) === value) {
      this.addNumber(BIG, real);
      return;
    }
    this.#reserve(9);
    this.#arena[this.#at] = MARK_BIG;
    this.#data.setBigInt64(this.#at + 1, value, true);
    this.#hash = mix(this.#hash, this.#data.getInt32(this.#at + 1, true));
    this.#at += 9;
    this.#pendingTags[this.#column++] = BIG;
  }

  #addBlob(value: Uint8Array): void {
    this.#addBytes(MARK_BLOB, value, new DataView(value.buffer, value.byteOffset, value.length), 0, value.length);
  }

  #addString(text: string): void {
    this.#reserve(text.length * 3 + 5);
    const start = this.#at + 5;
    const end = start + writeText(text, this.#arena, start);
    this.#arena[this.#at] = MARK_TEXT;
    this.#data.setUint32(this.#at + 1, end - start, true);
    this.#hash = hashBytes(this.#arena, this.#data, start, end, this.#hash);
    this.#at = end;
  }

  #hasKey(group: number, length: number): boolean {
    const from = this.#starts[group]!;
    return (
      this.#starts[group + 1]! - from === length &&
      sameBytes(this.#arena, this.#data, from, this.#arena, this.#data, this.#start, length)
    );
  }

  #hasText(group: number, u8: Uint8Array, data: DataView, start: number, length: number): boolean {
    const from = this.#starts[group]!;
    return (
      this.#starts[group + 1]! - from === length + 5 &&
      this.#arena[from] === MARK_TEXT &&
      sameBytes(this.#arena, this.#data, from + 5, u8, data, start, length)
    );
  }

  #keep(hash: number): number {
    const group = this.count;
    if (group === this.#limit) {
      throw tooManyRows(this.#limit, "a statement", "groups");
    }
    this.count = group + 1;
    this.#hashes[group] = hash;
    this.#start = this.#at;
    this.#starts[group + 1] = this.#at;
    const columns = this.#columns;
    for (let column = 0; column < columns; column++) {
      this.#tags[group * columns + column] = this.#pendingTags[column]!;
    }
    if (this.count === this.#hashes.length) {
      this.#growTable();
    }
    return group;
  }

  #growTable(): void {
    const capacity = this.#hashes.length * 2;
    this.#starts = grown(this.#starts, new Uint32Array(capacity + 1));
    this.#hashes = grown(this.#hashes, new Int32Array(capacity));
    this.#tags = grown(this.#tags, new Uint8Array(capacity * this.#columns));
    const slots = new Int32Array(capacity * 2);
    const mask = slots.length - 1;
    for (let group = 0; group < this.count; group++) {
      let slot = this.#hashes[group]! & mask;
      while (slots[slot] !== 0) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = group + 1;
    }
    this.#slots = slots;
  }

  #reserve(lengthBytes: number): void {
    const needed = this.#at + lengthBytes;
    if (needed <= this.#arena.length) {
      return;
    }
    if (needed > this.#bytes) {
      throw tooManyBytes(this.#bytes);
    }
    this.#arena = grown(this.#arena, new Uint8Array(Math.max(needed, this.#arena.length * 2)));
    this.#data = new DataView(this.#arena.buffer);
  }
}

const NO_NUMBERS = new Int32Array(0);

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/** Four bytes at a time; `u8` and `data` are the same bytes. */
function hashBytes(u8: Uint8Array, data: DataView, start: number, end: number, seed: number): number {
  let hash = mix(seed, end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = mix(hash, data.getInt32(at, true));
  }
  let rest = 0;
  for (; at < end; at++) {
    rest = (rest << 8) | u8[at]!;
  }
  return mix(hash, rest);
}

function sameBytes(
  a: Uint8Array,
  aData: DataView,
  aStart: number,
  b: Uint8Array,
  bData: DataView,
  bStart: number,
  length: number,
): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    if (aData.getInt32(aStart + i, true) !== bData.getInt32(bStart + i, true)) {
      return false;
    }
  }
  for (; i < length; i++) {
    if (a[aStart + i] !== b[bStart + i]) {
      return false;
    }
  }
  return true;
}

/** Bytes of the column whose mark is at `at`. */
function lengthAt(arena: Uint8Array, data: DataView, at: number): number {
  switch (arena[at]) {
    case MARK_NULL:
      return 1;
    case MARK_NUMBER:
    case MARK_BIG:
      return 9;
    default:
      return 5 + data.getUint32(at + 1, true);
  }
}

export function grown<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
