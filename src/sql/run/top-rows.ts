/**
 * ORDER BY with a small LIMIT: the rows that are the first so far, in order. A row that comes finds its place among them by bisection,
 * and the last of them goes; one whose first key is behind the last is refused before it is built. Used as a Sorter is, and equal
 * rows keep the order in which they came, too.
 *
 * 100,000 rows each of which is the first so far, ten kept: 78 ns a row with the scan, where gathering and dropping them takes 105.
 */
import type { SqlValue, Tag } from "../value/value.ts";
import { compareTerm, isFast, type Keys, newKeys, type RowSorter, Sorter, type SortTerm } from "./sorter.ts";

/** So many are moved aside for a new one in less time than it takes to compare rows. */
const MOST_TOP_ROWS = 1000;

/** What sorts rows of which so many are wanted, and holds `limit` at the most, and so many bytes. */
export function sorterOf(terms: readonly SortTerm[], wanted: number, limit: number, bytes?: number): RowSorter {
  return wanted <= MOST_TOP_ROWS && wanted < limit
    ? new TopRows(terms, wanted)
    : new Sorter(terms, wanted, limit, bytes);
}

class TopRows implements RowSorter {
  readonly rows: unknown[];
  readonly given: Float64Array;
  readonly last: Float64Array;
  readonly #terms: readonly SortTerm[];
  readonly #wanted: number;
  readonly #keys: Keys[];
  /** Slots of the rows kept, from the first to the last. */
  readonly #order: Uint32Array;
  #count: number;
  /** The slot for the next row; it has one if it is to be placed. */
  #spare: number;
  #isOffered: boolean;

  constructor(terms: readonly SortTerm[], wanted: number) {
    this.rows = [];
    this.given = new Float64Array(terms.length);
    this.last = Float64Array.of(Number.NaN);
    this.#terms = terms;
    this.#wanted = wanted;
    this.#keys = terms.map(() => newKeys(wanted + 1));
    this.#order = new Uint32Array(wanted);
    this.#count = 0;
    this.#spare = 0;
    this.#isOffered = false;
  }

  offer(tag: Tag, other: SqlValue): number {
    if (this.#isOffered) {
      this.#place();
    }
    const slot = this.#spare;
    this.key(slot, 0, tag, other);
    if (this.#count === this.#wanted) {
      // Of equal rows the first to come wins, and this one comes last.
      const difference = this.#compareBy(0, slot, this.#order[this.#count - 1]!);
      if (difference > 0 || (difference === 0 && this.#terms.length === 1)) {
        return -1;
      }
    }
    this.#isOffered = true;
    return slot;
  }

  offerValue(tag: Tag, value: SqlValue): number {
    if (isFast(tag)) {
      this.given[0] = value as number;
    }
    return this.offer(tag, value);
  }

  key(slot: number, term: number, tag: Tag, other: SqlValue): void {
    const keys = this.#keys[term]!;
    keys.tags[slot] = tag;
    if (isFast(tag)) {
      keys.numbers[slot] = this.given[term]!;
    } else {
      keys.others[slot] = other;
    }
  }

  keyValue(slot: number, term: number, tag: Tag, value: SqlValue): void {
    if (isFast(tag)) {
      this.given[term] = value as number;
    }
    this.key(slot, term, tag, value);
  }

  finish(out: unknown[], skip: number, take: number): void {
    if (this.#isOffered) {
      this.#place();
    }
    const end = Math.min(this.#count, skip + take);
    for (let i = skip; i < end; i++) {
      out.push(this.rows[this.#order[i]!]);
    }
  }

  /** Puts the row in the spare slot where it belongs; the slot of the one that goes, perhaps itself, is spare then. */
  #place(): void {
    this.#isOffered = false;
    const order = this.#order;
    const slot = this.#spare;
    const count = this.#count;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(slot, order[middle]!) < 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    if (low === this.#wanted) {
      return;
    }
    let end = count;
    if (count < this.#wanted) {
      this.#count = count + 1;
      this.#spare = count + 1;
    } else {
      end--;
      this.#spare = order[end]!;
    }
    for (; end > low; end--) {
      order[end] = order[end - 1]!;
    }
    order[low] = slot;
    if (this.#count === this.#wanted) {
      this.#noteLast();
    }
  }

  #noteLast(): void {
    const { tags, numbers } = this.#keys[0]!;
    const last = this.#order[this.#wanted - 1]!;
    this.last[0] = isFast(tags[last] as Tag) ? numbers[last]! : Number.NaN;
  }

  #compare(a: number, b: number): number {
    let difference = this.#compareBy(0, a, b);
    for (let term = 1; difference === 0 && term < this.#terms.length; term++) {
      difference = this.#compareBy(term, a, b);
    }
    return difference;
  }

  #compareBy(index: number, a: number, b: number): number {
    const term = this.#terms[index]!;
    const { tags, numbers, others } = this.#keys[index]!;
    const aTag = tags[a] as Tag;
    const bTag = tags[b] as Tag;
    const x = numbers[a]!;
    const y = numbers[b]!;
    if (isFast(aTag) && isFast(bTag)) {
      return x === y ? 0 : x < y !== term.descending ? -1 : 1;
    }
    return compareTerm(term, aTag, isFast(aTag) ? x : others[a]!, bTag, isFast(bTag) ? y : others[b]!);
  }
}
