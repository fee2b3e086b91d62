/**
 * ORDER BY: holds rows with their sort keys until all have come, then gives them out in order; equal rows keep the order
 * in which they came.
 *
 * With a LIMIT (a small one is for top-rows.ts) it keeps what can still be among the first: whenever twice as many rows have
 * gathered, the worse half is dropped, and from then on a row whose first key is beyond the worst kept is refused before it is
 * built.
 *
 *   sorter.given[0] = number;                     // of a key that is one
 *   const slot = sorter.offer(tag, other);        // by the first key; −1: refused
 *   if (slot >= 0) { sorter.key(slot, 1, …); sorter.rows[slot] = row; }
 *
 * Bounds: `limit` rows and `bytes` of them, as far as some of them tell; beyond them FULL, whereupon the statement sorts on disk
 * (spill/external-sorter.ts).
 */
import type { Collation } from "../value/collation.ts";
import { compareValues } from "../value/compare.ts";
import { BIG, INTEGER, NULL, REAL, type SqlValue, type Tag } from "../value/value.ts";
import { grown } from "./group-table.ts";
import { checkHeldBytes, MOST_HELD_BYTES, tooManyRows } from "./holding.ts";

export interface SortTerm {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation?: Collation | undefined;
}

/** What rows are given to, with their keys. */
export interface RowSorter {
  /** The rows, by slot. */
  readonly rows: unknown[];
  /** The number that the key of each term is, where it is one: in an array no double has to be put on the heap. */
  readonly given: Float64Array;
  /** A first key that is a number is refused where it comes behind this one; NaN: none is. */
  readonly last: Float64Array;
  /** A slot for a row with this first key, or −1 if the row cannot be among those wanted. */
  offer(tag: Tag, other: SqlValue): number;
  /** `offer` of a value in one piece. */
  offerValue(tag: Tag, value: SqlValue): number;
  key(slot: number, term: number, tag: Tag, other: SqlValue): void;
  /** `key` of a value in one piece. */
  keyValue(slot: number, term: number, tag: Tag, value: SqlValue): void;
  /** Appends rows `[skip, skip + take)` in order. */
  finish(out: unknown[], skip: number, take: number): void;
}

/** The keys of a term, by slot. */
export interface Keys {
  tags: Uint8Array;
  numbers: Float64Array;
  others: SqlValue[];
}

export function newKeys(slots: number): Keys {
  return { tags: new Uint8Array(slots), numbers: new Float64Array(slots), others: [] };
}

const INITIAL_ROWS = 256;
/** Fewer rows than this are not worth dropping. */
const LEAST_TO_DROP = 1024;

export class Sorter implements RowSorter {
  rows: unknown[];
  readonly given: Float64Array;
  readonly last: Float64Array;
  readonly #terms: readonly SortTerm[];
  readonly #limit: number;
  readonly #bytes: number;
  /** How many rows are wanted at the most. */
  readonly #wanted: number;
  /** How many rows may gather before those that are not wanted are dropped. */
  readonly #dropAt: number;
  readonly #keys: Keys[];
  #count: number;
  #capacity: number;
  /** The slot of the worst row kept; −1 while nothing was dropped. */
  #worst: number;

  constructor(terms: readonly SortTerm[], wanted: number, limit: number, bytes: number = MOST_HELD_BYTES) {
    this.rows = [];
    this.given = new Float64Array(terms.length);
    this.last = Float64Array.of(Number.NaN);
    this.#terms = terms;
    this.#limit = limit;
    this.#bytes = bytes;
    this.#wanted = wanted;
    this.#dropAt = wanted < limit ? Math.min(Math.max(2 * wanted, LEAST_TO_DROP), limit) : Number.POSITIVE_INFINITY;
    this.#count = 0;
    this.#capacity = INITIAL_ROWS;
    this.#worst = -1;
    this.#keys = terms.map(() => newKeys(INITIAL_ROWS));
  }

  offer(tag: Tag, other: SqlValue): number {
    if (this.#worst >= 0 && this.#isBeyondWorst(tag, other)) {
      return -1;
    }
    if (this.#count >= this.#dropAt) {
      this.#drop();
    }
    const slot = this.#count;
    if (slot === this.#limit) {
      throw tooManyRows(this.#limit, "a sort");
    }
    if (slot === this.#capacity) {
      this.#grow();
    }
    this.#count = slot + 1;
    this.key(slot, 0, tag, other);
    return slot;
  }

  offerValue(tag: Tag, value: SqlValue): number {
    if (isFast(tag)) {
      this.given[0] = value as number;
    }
    return this.offer(tag, value);
  }

  keyValue(slot: number, term: number, tag: Tag, value: SqlValue): void {
    if (isFast(tag)) {
      this.given[term] = value as number;
    }
    this.key(slot, term, tag, value);
  }

  key(slot: number, term: number, tag: Tag, other: SqlValue): void {
    const keys = this.#keys[term]!;
    keys.tags[slot] = tag;
    if (tag === INTEGER || tag === REAL) {
      keys.numbers[slot] = this.given[term]!;
    } else {
      keys.others[slot] = other;
    }
  }

  finish(out: unknown[], skip: number, take: number): void {
    const order = this.#order();
    const end = Math.min(order.length, skip + take);
    for (let i = skip; i < end; i++) {
      out.push(this.rows[order[i]!]);
    }
  }

  #order(): Uint32Array {
    const order = new Uint32Array(this.#count);
    for (let slot = 0; slot < order.length; slot++) {
      order[slot] = slot;
    }
    return order.sort((a, b) => this.#compare(a, b));
  }

  #compare(a: number, b: number): number {
    for (let term = 0; term < this.#keys.length; term++) {
      const { tags, numbers, others } = this.#keys[term]!;
      const aTag = tags[a] as Tag;
      const bTag = tags[b] as Tag;
      const difference = compareTerm(
        this.#terms[term]!,
        aTag,
        isFast(aTag) ? numbers[a]! : others[a]!,
        bTag,
        isFast(bTag) ? numbers[b]! : others[b]!,
      );
      if (difference !== 0) {
        return difference;
      }
    }
    return a - b;
  }

  #isBeyondWorst(tag: Tag, other: SqlValue): boolean {
    const { tags, numbers, others } = this.#keys[0]!;
    const worst = this.#worst;
    const worstTag = tags[worst] as Tag;
    const value = isFast(tag) ? this.given[0]! : other;
    const worstValue = isFast(worstTag) ? numbers[worst]! : others[worst]!;
    const difference = compareTerm(this.#terms[0]!, tag, value, worstTag, worstValue);
    // Of equal rows the first to come wins, and this one comes last.
    return difference > 0 || (difference === 0 && this.#terms.length === 1);
  }

  /** Keeps the wanted rows, in the order in which they came, in the first slots. */
  #drop(): void {
    const order = this.#select(this.#wanted).sort();
    for (const keys of this.#keys) {
      keys.tags = pick(keys.tags, order, new Uint8Array(this.#capacity));
      keys.numbers = pick(keys.numbers, order, new Float64Array(this.#capacity));
      keys.others = Array.from(order, (slot) => keys.others[slot]!);
    }
    this.rows = Array.from(order, (slot) => this.rows[slot]);
    this.#count = order.length;
    this.#worst = 0;
    for (let slot = 1; slot < order.length; slot++) {
      if (this.#compare(slot, this.#worst) > 0) {
        this.#worst = slot;
      }
    }
    const { tags, numbers } = this.#keys[0]!;
    this.last[0] = isFast(tags[this.#worst] as Tag) ? numbers[this.#worst]! : Number.NaN;
  }

  /** The slots of the first `wanted` rows, in any order: quickselect, two comparisons a row instead of log₂ of all. */
  #select(wanted: number): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, slot) => slot);
    let low = 0;
    let high = order.length - 1;
    while (low < high) {
      const pivot = order[(low + high) >>> 1]!;
      let left = low;
      let right = high;
      while (left <= right) {
        while (this.#compare(order[left]!, pivot) < 0) {
          left++;
        }
        while (this.#compare(order[right]!, pivot) > 0) {
          right--;
        }
        if (left <= right) {
          const swapped = order[left]!;
          order[left++] = order[right]!;
          order[right--] = swapped;
        }
      }
      if (wanted - 1 <= right) {
        high = right;
      } else if (wanted - 1 >= left) {
        low = left;
      } else {
        break;
      }
    }
    return order.slice(0, wanted);
  }

  #grow(): void {
    checkHeldBytes(this.rows, this.#bytes);
    this.#capacity *= 2;
    for (const keys of this.#keys) {
      keys.tags = grown(keys.tags, new Uint8Array(this.#capacity));
      keys.numbers = grown(keys.numbers, new Float64Array(this.#capacity));
    }
  }
}

export function isFast(tag: Tag): boolean {
  return tag === INTEGER || tag === REAL;
}

export function compareTerm(term: SortTerm, aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue): number {
  if (aTag === NULL || bTag === NULL) {
    const difference = (aTag === NULL ? 0 : 1) - (bTag === NULL ? 0 : 1);
    return term.nullsFirst ? difference : -difference;
  }
  const difference =
    aTag <= BIG && bTag <= BIG
      ? (a as number) < (b as number)
        ? -1
        : (a as number) > (b as number)
          ? 1
          : 0
      : compareValues(aTag, a, bTag, b, term.collation);
  return term.descending ? -difference : difference;
}

function pick<T extends Uint8Array | Float64Array>(from: T, order: Uint32Array, into: T): T {
  for (let i = 0; i < order.length; i++) {
    into[i] = from[order[i]!]!;
  }
  return into;
}
