/**
 * Comparisons as JavaScript conditions, one for true and one for false (predicate.ts). Numbers are compared in line; a column's text
 * with a literal, a parameter or another column's where it lies, byte by byte; all else by the library.
 */
import type { Bound, BoundComparison, Comparison } from "../query/bind/bound.ts";
import type { Collation } from "../value/collation.ts";
import { NULL, TEXT } from "../value/value.ts";
import type { Frame, Predicate } from "./frame.ts";
import { and, can, choose, isFast, isNotNull, isTag, not, type Operand, pair } from "./operand.ts";

const SIGNS: Readonly<Record<Comparison, string>> = {
  "=": "===",
  "<>": "!==",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

const OPPOSITES: Readonly<Record<Comparison, Comparison>> = {
  "=": "<>",
  "<>": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** A comparison whose left side is there already. */
export function compared(frame: Frame, leftBound: Bound, leftOperand: Operand, comparison: BoundComparison): Predicate {
  const { operator, nullSafe, leftConversion, rightConversion, collation, right } = comparison;
  const a = frame.converted(leftBound, leftOperand, leftConversion);
  const b = frame.converted(right, frame.value(right), rightConversion);
  const isInPlace = rightConversion === undefined && collation === undefined;
  const sides: Sides = { a, b, bytes: isInPlace ? frame.encoded(right, b) : undefined, collation };
  const opposite = OPPOSITES[operator];
  if (nullSafe) {
    const same = choose(isTag(a, NULL), isTag(b, NULL), comparing(frame, "=", sides));
    return operator === "<>" ? { isTrue: not(same), isFalse: same } : { isTrue: same, isFalse: not(same) };
  }
  return { isTrue: comparing(frame, operator, sides), isFalse: comparing(frame, opposite, sides) };
}

/** Two texts where they lie: a string of each would take 60 ns. */
function comparingColumns({ emitter }: Frame, sign: string, a: Operand, b: Operand, generic: string): string {
  const [left, right] = [a.bytes!, b.bytes!].map(({ u8, start, end }) => `${u8}, ${start}, ${end} - ${start}`);
  const inPlace = `${emitter.use("compareBytes")}(${left}, ${right}) ${sign} 0`;
  return choose(and(isTag(a, TEXT), isTag(b, TEXT)), inPlace, generic);
}

/** What is compared. */
interface Sides {
  readonly a: Operand;
  readonly b: Operand;
  /** The UTF-8 of the right side, where it is a literal or a parameter that is compared as it is. */
  readonly bytes: string | undefined;
  readonly collation: Collation | undefined;
}

/** `a = b` of values that have been converted. */
export function equal(frame: Frame, a: Operand, b: Operand, collation: Collation | undefined): Predicate {
  const sides: Sides = { a, b, bytes: undefined, collation };
  return { isTrue: comparing(frame, "=", sides), isFalse: comparing(frame, "<>", sides) };
}

/** Whether neither is NULL and they compare so: of numbers that takes no look at NULL. */
function comparing(frame: Frame, operator: Comparison, sides: Sides): string {
  const { a, b } = sides;
  const sign = SIGNS[operator];
  const fast = and(isFast(a), isFast(b));
  const others = and(isNotNull(a), isNotNull(b), comparingOthers(frame, operator, sides));
  return choose(fast, `${a.number} ${sign} ${b.number}`, others);
}

function comparingOthers(frame: Frame, operator: Comparison, { a, b, bytes, collation }: Sides): string {
  const { emitter } = frame;
  const sign = SIGNS[operator];
  const by = collation === undefined ? "" : `, ${emitter.constant(collation)}`;
  const ordered = `${emitter.use("compareValues")}(${pair(a)}, ${pair(b)}${by}) ${sign} 0`;
  const isEquality = operator === "=" || operator === "<>";
  // As strings: to tell whether they are the same takes no look at each character.
  const generic =
    isEquality && collation === undefined && can(a, TEXT)
      ? choose(and(isTag(a, TEXT), isTag(b, TEXT)), `${a.other} ${sign} ${b.other}`, ordered)
      : ordered;
  if (a.bytes === undefined || !can(a, TEXT)) {
    return generic;
  }
  if (bytes === undefined) {
    return b.bytes === undefined || collation !== undefined ? generic : comparingColumns(frame, sign, a, b, generic);
  }
  const { u8, start, end } = a.bytes;
  const inPlace = isEquality
    ? `${operator === "=" ? "" : "!"}${emitter.use("equalInPlace")}(${u8}, ${start}, ${end}, ${bytes})`
    : `${emitter.use("compareInPlace")}(${u8}, ${start}, ${end}, ${bytes}) ${sign} 0`;
  // Tags stand in the order of types: what is no TEXT compares with a TEXT by its tag.
  const withText = choose(isTag(a, TEXT), inPlace, `${a.tag} ${sign} ${TEXT}`);
  return choose(isTag(b, TEXT), withText, generic);
}
