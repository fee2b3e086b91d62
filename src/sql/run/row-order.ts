/** The order of kept rows by some of their columns; rows that are alike stay in the order in which they came. */
import type { Collation } from "../value/collation.ts";
import { compareValues } from "../value/compare.ts";
import { NULL, type Tag, TEXT } from "../value/value.ts";
import type { Cells } from "./cells.ts";
import { distribute } from "./distribute.ts";

export interface OrderTerm {
  readonly cells: Cells;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation: Collation | undefined;
}

export type CompareRows = (a: number, b: number) => number;

/** As many different texts are looked for before it is asked whether they are few. */
const MOST_RANKED = 256;
/** Fewer rows than this are compared. */
const LEAST_DISTRIBUTED = 4096;
/** Runs of so many rows are put in order by insertion. */
const RUN = 12;

/** The numbers of the first `count` rows, in order. */
export function orderRows(terms: readonly OrderTerm[], count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    order[row] = row;
  }
  const keys = terms.map((term) => numbersOf(term, count));
  const compare = comparerOf(terms, keys);
  if (terms.length === 0 || isOrdered(count, compare)) {
    return order;
  }
  const isDistributed = count >= LEAST_DISTRIBUTED && keys.every((numbers) => numbers !== undefined);
  return isDistributed ? distributed(order, terms, keys as readonly Float64Array[]) : sorted(order, compare);
}

/** Whether two rows are alike in all terms; NULL is like NULL. */
export function likenessOf(terms: readonly OrderTerm[], count: number): (a: number, b: number) => boolean {
  const [only] = terms;
  if (only === undefined) {
    return () => true;
  }
  if (terms.length === 1 && only.cells.areNumbers(count)) {
    const { numbers } = only.cells;
    return (a, b) => numbers[a] === numbers[b];
  }
  return (a, b) => {
    for (const { cells, collation } of terms) {
      if (!isAlike(cells, a, b, collation)) {
        return false;
      }
    }
    return true;
  };
}

function isAlike(cells: Cells, a: number, b: number, collation: Collation | undefined): boolean {
  const { tags } = cells;
  const x = cells.value(a);
  const y = cells.value(b);
  return x === y || compareValues(tags[a] as Tag, x, tags[b] as Tag, y, collation) === 0;
}

/** Numbers that compare as the rows do in a term; undefined: there are none. */
function numbersOf(term: OrderTerm, count: number): Float64Array | undefined {
  return term.cells.areNumbers(count) ? term.cells.numbers : ranksOf(term, count);
}

function comparerOf(terms: readonly OrderTerm[], keys: readonly (Float64Array | undefined)[]): CompareRows {
  const compared = terms.map((term, index) => {
    const numbers = keys[index];
    return numbers === undefined ? byValues(term) : byNumbers(numbers, term.descending);
  });
  const [first, second] = compared;
  if (first === undefined) {
    return () => 0;
  }
  if (second === undefined) {
    return first;
  }
  if (compared.length === 2) {
    return (a, b) => first(a, b) || second(a, b);
  }
  return (a, b) => {
    for (const compare of compared) {
      const difference = compare(a, b);
      if (difference !== 0) {
        return difference;
      }
    }
    return 0;
  };
}

function byNumbers(numbers: Float64Array, descending: boolean): CompareRows {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const x = numbers[a]!;
    const y = numbers[b]!;
    return x === y ? 0 : x < y ? -sign : sign;
  };
}

/** Texts of which there are few are compared once: a number for each row, in their order. Undefined: there are many, or others. */
function ranksOf({ cells, descending, nullsFirst, collation }: OrderTerm, count: number): Float64Array | undefined {
  const { tags, others } = cells;
  const ranks = new Map<string, number>();
  for (let row = 0; row < count; row++) {
    if (tags[row] === TEXT) {
      ranks.set(others[row] as string, 0);
      if (ranks.size > MOST_RANKED && ranks.size * 2 > row) {
        return undefined;
      }
    } else if (tags[row] !== NULL) {
      return undefined;
    }
  }
  let last: string | undefined;
  let rank = 0;
  for (const text of [...ranks.keys()].sort((a, b) => compareValues(TEXT, a, TEXT, b, collation))) {
    rank += last === undefined || compareValues(TEXT, last, TEXT, text, collation) === 0 ? 0 : 1;
    ranks.set(text, rank);
    last = text;
  }
  const ofNull = nullsFirst === descending ? Number.POSITIVE_INFINITY : -1;
  return Float64Array.from({ length: count }, (_, row) =>
    tags[row] === NULL ? ofNull : ranks.get(others[row] as string)!,
  );
}

function byValues({ cells, descending, nullsFirst, collation }: OrderTerm): CompareRows {
  return (a, b) => {
    const aTag = cells.tags[a] as Tag;
    const bTag = cells.tags[b] as Tag;
    if (aTag === NULL || bTag === NULL) {
      return aTag === bTag ? 0 : (aTag === NULL) === nullsFirst ? -1 : 1;
    }
    const difference = compareValues(aTag, cells.value(a), bTag, cells.value(b), collation);
    return descending ? -difference : difference;
  };
}

function isOrdered(count: number, compare: CompareRows): boolean {
  for (let row = 1; row < count; row++) {
    if (compare(row - 1, row) > 0) {
      return false;
    }
  }
  return true;
}

/** By the last term first: each pass leaves those alike as they were. Four passes a term, fewer where digits are all the same. */
function distributed(order: Uint32Array, terms: readonly OrderTerm[], keys: readonly Float64Array[]): Uint32Array {
  const { length } = order;
  const high = new Uint32Array(length);
  const low = new Uint32Array(length);
  let from = order;
  let into: Uint32Array = new Uint32Array(length);
  for (let term = terms.length - 1; term >= 0; term--) {
    splitWords(keys[term]!, terms[term]!.descending, high, low);
    for (const [words, shift] of [
      [low, 0],
      [low, 16],
      [high, 0],
      [high, 16],
    ] as const) {
      if (distribute(words, shift, from, into)) {
        [from, into] = [into, from];
      }
    }
  }
  return from;
}

const double = new DataView(new ArrayBuffer(8));

/** The bits of doubles in two words each, so that they stand in the order of the numbers. */
function splitWords(numbers: Float64Array, descending: boolean, high: Uint32Array, low: Uint32Array): void {
  for (let row = 0; row < high.length; row++) {
    // 0 for −0, which is the same number.
    double.setFloat64(0, numbers[row]! + 0);
    const isNegative = double.getInt32(0) < 0;
    const flipped = isNegative ? 0xffff_ffff : 0;
    const turned = descending ? 0xffff_ffff : 0;
    high[row] = double.getUint32(0) ^ flipped ^ turned ^ (isNegative ? 0 : 0x8000_0000);
    low[row] = double.getUint32(4) ^ flipped ^ turned;
  }
}

/** Merges runs, each twice as long as those before. */
function sorted(order: Uint32Array, compare: CompareRows): Uint32Array {
  const { length } = order;
  for (let from = 0; from < length; from += RUN) {
    insert(order, from, Math.min(from + RUN, length), compare);
  }
  let source = order;
  let into: Uint32Array = new Uint32Array(length);
  for (let run = RUN; run < length; run *= 2) {
    for (let from = 0; from < length; from += 2 * run) {
      merge(source, into, from, Math.min(from + run, length), Math.min(from + 2 * run, length), compare);
    }
    [source, into] = [into, source];
  }
  return source;
}

function insert(order: Uint32Array, from: number, to: number, compare: CompareRows): void {
  for (let i = from + 1; i < to; i++) {
    const row = order[i]!;
    let at = i;
    while (at > from && compare(order[at - 1]!, row) > 0) {
      order[at] = order[at - 1]!;
      at--;
    }
    order[at] = row;
  }
}

function merge(
  source: Uint32Array,
  into: Uint32Array,
  from: number,
  middle: number,
  to: number,
  compare: CompareRows,
): void {
  let left = from;
  let right = middle;
  for (let at = from; at < to; at++) {
    const takesLeft = left < middle && (right === to || compare(source[left]!, source[right]!) <= 0);
    into[at] = takesLeft ? source[left++]! : source[right++]!;
  }
}
