/**
 * Keys of rows as bytes, which are in the order of the rows: those of indexes (key.ts), and for NULLs that stand where ASC and DESC do
 * not put them a byte before.
 *
 * A key that is longer than storage takes is cut, and one that a collation of JavaScript's decides ends there: it is *partial*. Where
 * the bytes of two keys are alike and one of them is partial, the values decide (`compareKeys`), which partial keys have beside them.
 */
import { KeyWriter, MAX_KEY_BYTES } from "../key.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { compareTerm, type SortTerm } from "../run/sorter.ts";
import { NULL, TEXT } from "../value/value.ts";

const TEXT_OF_JAVASCRIPT = 0x30;
/** As the codes of key.ts they are less than what a zero byte in a text goes on with, FF, and more than its complement. */
const COMES_FIRST = 1;
const COMES_LAST = 2;
/** Of all encoders: a key is taken before the next one is written. */
const writer = new KeyWriter("looked for");

export class KeyEncoder {
  readonly terms: readonly SortTerm[];
  /** What the key written last is only the beginning of the row's. */
  isPartial: boolean;

  constructor(terms: readonly SortTerm[]) {
    this.terms = terms;
    this.isPartial = false;
  }

  get bytes(): Uint8Array {
    return writer.bytes;
  }

  get length(): number {
    return writer.length;
  }

  /** The key of these values, until the next one of any encoder. */
  write({ tags, values }: HeldRow): void {
    writer.begin();
    this.isPartial = false;
    for (const [index, { descending, nullsFirst, collation }] of this.terms.entries()) {
      const tag = tags[index]!;
      if (nullsFirst === descending) {
        writer.bytes[writer.length++] = (tag === NULL) === nullsFirst ? COMES_FIRST : COMES_LAST;
      }
      if (tag === TEXT && collation !== undefined && collation.fold === undefined) {
        writer.bytes[writer.length++] = descending ? ~TEXT_OF_JAVASCRIPT : TEXT_OF_JAVASCRIPT;
        this.isPartial = true;
        return;
      }
      writer.addOrdered(tag, values[index]!, { collation, descending });
      // One that is whole, and as long as a cut one, might have the same bytes.
      if (writer.length >= MAX_KEY_BYTES) {
        this.isPartial = true;
        return;
      }
    }
  }
}

/** As the values say. */
export function compareKeys(terms: readonly SortTerm[], a: HeldRow, b: HeldRow): number {
  for (const [index, term] of terms.entries()) {
    const difference = compareTerm(term, a.tags[index]!, a.values[index]!, b.tags[index]!, b.values[index]!);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
