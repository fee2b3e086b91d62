/**
 * The one order of all values: NULL, then numbers, then text by its UTF-8 bytes, then blobs by theirs.
 *
 * Integers and reals compare exactly, whatever their size: JavaScript compares a bigint with a number so.
 */
import type { Collation } from "./collation.ts";
import { compareInPlace, compareText } from "./text.ts";
import { BLOB, type SqlValue, type Tag, TEXT, TYPE_ORDER } from "./value.ts";

/** Negative, zero or positive. NULL equals NULL here; what `=` makes of NULL is the caller's business. */
export function compareValues(
  aTag: Tag,
  a: SqlValue,
  bTag: Tag,
  b: SqlValue,
  collation: Collation | undefined = undefined,
): number {
  const classes = TYPE_ORDER[aTag]! - TYPE_ORDER[bTag]!;
  if (classes !== 0) {
    return classes;
  }
  if (aTag === TEXT) {
    return collation === undefined
      ? compareText(a as string, b as string)
      : collation.compare(a as string, b as string);
  }
  if (aTag === BLOB) {
    return compareInPlace(a as Uint8Array, 0, (a as Uint8Array).length, b as Uint8Array);
  }
  const x = a as number;
  const y = b as number;
  return x < y ? -1 : x > y ? 1 : 0;
}
