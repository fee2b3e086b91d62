/**
 * Collations: how texts compare where no byte order is wanted.
 *
 * A built-in one says what a text counts as (`fold`): texts are equal if what they count as is, and in the order of that.
 * So keys, hashes and comparisons of bytes work on folded text. One that JavaScript defines can only compare.
 */
import { compareText } from "./text.ts";

export interface Collation {
  readonly name: string;
  readonly compare: (a: string, b: string) => number;
  /** What a text counts as; undefined where only `compare` knows. */
  readonly fold: ((text: string) => string) | undefined;
}

/** ASCII letters in both cases are one, as in SQLite. */
const NOCASE: Collation = folding("NOCASE", (text) => (/[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, lower) : text));

/** Spaces at the end do not count. */
const RTRIM: Collation = folding("RTRIM", (text) => (text.endsWith(" ") ? text.replace(/ +$/, "") : text));

/** Undefined is BINARY: the order of the bytes, which needs no collation. */
export const BUILT_IN_COLLATIONS: ReadonlyMap<string, Collation | undefined> = new Map([
  ["binary", undefined],
  ["nocase", NOCASE],
  ["rtrim", RTRIM],
]);

function folding(name: string, fold: (text: string) => string): Collation {
  return { name, compare: (a, b) => compareText(fold(a), fold(b)), fold };
}

function lower(text: string): string {
  return text.toLowerCase();
}
