/**
 * Tests: comparisons, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT, as JavaScript conditions.
 *
 * SQL's logic has three values, JavaScript's two. So a test is compiled into two conditions, "it is true" and "it is
 * false", neither of which holds for NULL; NOT swaps them, and what is not asked for is never evaluated. The operands of
 * both are emitted once.
 */
import { type Bound, type BoundComparison, isComparison } from "../query/bind/bound.ts";
import { InSet } from "../run/in-set.ts";
import { Pattern } from "../value/like.ts";
import { BLOB, NULL, TEXT } from "../value/value.ts";
import { compared } from "./comparison.ts";
import type { Frame, Predicate } from "./frame.ts";
import { and, can, choose, isFast, isNotNull, isTag, not, type Operand, or, pair } from "./operand.ts";
import { existence, member } from "./subquery.ts";

/** From this many literals on, IN looks them up in a hash. */
const HASHED_LIST = 9;

export function compilePredicate(frame: Frame, bound: Bound): Predicate {
  const known = frame.known.get(bound);
  if (known !== undefined) {
    return truth(frame, known);
  }
  switch (bound.kind) {
    case "compare":
      return compared(frame, bound.left, frame.value(bound.left), bound.comparison);
    case "logic":
      return logic(frame, bound);
    case "not": {
      const { isTrue, isFalse } = frame.test(bound.operand);
      return { isTrue: isFalse, isFalse: isTrue };
    }
    case "null-test": {
      const isNull = isTag(frame.value(bound.operand), NULL);
      return negated(bound.negated, { isTrue: isNull, isFalse: not(isNull) });
    }
    case "truth-test": {
      const { isTrue, isFalse } = frame.test(bound.operand);
      const holds = bound.truth ? isTrue : isFalse;
      return negated(bound.negated, { isTrue: holds, isFalse: not(holds) });
    }
    case "between": {
      const operand = frame.value(bound.operand);
      const low = compared(frame, bound.operand, operand, bound.low);
      const high = compared(frame, bound.operand, operand, bound.high);
      return negated(bound.negated, {
        isTrue: and(low.isTrue, high.isTrue),
        isFalse: or(low.isFalse, high.isFalse),
      });
    }
    case "in":
      return negated(bound.negated, contained(frame, bound));
    case "in-query":
      return negated(bound.negated, member(frame, bound));
    case "exists":
      return negated(bound.negated, existence(frame, bound));
    case "like":
      return negated(bound.negated, matched(frame, bound));
    default:
      return truth(frame, frame.value(bound));
  }
}

function negated(isNegated: boolean, { isTrue, isFalse }: Predicate): Predicate {
  return isNegated ? { isTrue: isFalse, isFalse: isTrue } : { isTrue, isFalse };
}

/** The conditions under which a value counts as true and as false. */
export function truth(frame: Frame, operand: Operand): Predicate {
  const rest = (wanted: number): string =>
    can(operand, 3, 4, 5) ? `${frame.emitter.use("truthOf")}(${operand.tag}, ${operand.other}) === ${wanted}` : "false";
  const fast = isFast(operand);
  return {
    isTrue: choose(fast, `${operand.number} !== 0`, rest(1)),
    isFalse: choose(fast, `${operand.number} === 0`, rest(0)),
  };
}

/** AND and OR evaluate their right side only where the left one leaves it open, if that takes statements. */
function logic(frame: Frame, bound: Extract<Bound, { kind: "logic" }>): Predicate {
  const { emitter } = frame;
  const isAnd = bound.operator === "and";
  const left = frame.test(bound.left);
  let right: Predicate = left;
  const lines = emitter.capture(() => {
    right = frame.test(bound.right);
  });
  let settled = isAnd ? left.isFalse : left.isTrue;
  if (lines.length > 0) {
    // A variable, so that a chain of a thousand terms tests each of them once.
    const variable = emitter.variable("c", "false");
    emitter.line(`${variable} = ${settled};`);
    settled = variable;
    emitter.open(`if (!${settled})`);
    emitter.append(lines);
    emitter.close();
  }
  // Where the right side was not evaluated its variables are stale, and the left side alone decides.
  return isAnd
    ? { isTrue: and(left.isTrue, right.isTrue), isFalse: or(settled, right.isFalse) }
    : { isTrue: or(settled, right.isTrue), isFalse: and(left.isFalse, right.isFalse) };
}

function contained(frame: Frame, bound: Extract<Bound, { kind: "in" }>): Predicate {
  const { list, operand } = bound;
  if (list.length === 0) {
    return { isTrue: "false", isFalse: "true" };
  }
  const value = frame.value(operand);
  const literals = list.map(({ right }) => right).filter((right) => right.kind === "constant");
  const isPlain = list.every(
    ({ leftConversion, collation }) => leftConversion === undefined && collation === undefined,
  );
  if (literals.length === list.length && list.length >= HASHED_LIST && isPlain) {
    const set = new InSet(literals);
    const has = `${frame.emitter.constant(set)}.has(${pair(value)})`;
    return {
      isTrue: and(isNotNull(value), has),
      isFalse: set.hasNull ? "false" : and(isNotNull(value), not(has)),
    };
  }
  const tests = list.map((item) => compared(frame, operand, value, item));
  return {
    isTrue: or(...tests.map(({ isTrue }) => isTrue)),
    isFalse: and(...tests.map(({ isFalse }) => isFalse)),
  };
}

function matched(frame: Frame, bound: Extract<Bound, { kind: "like" }>): Predicate {
  const { emitter } = frame;
  const { pattern, escape: escaping, operator } = bound;
  const value = frame.value(bound.operand);
  const text = (operand: Operand): string =>
    operand.types === 1 << TEXT ? operand.other : `${emitter.use("textOf")}(${pair(operand)})`;
  const fixed = pattern.kind === "constant" && pattern.tag === TEXT ? (pattern.value as string) : undefined;
  const fixedEscape = escaping?.kind === "constant" && escaping.tag === TEXT ? (escaping.value as string) : undefined;
  const isFixed = fixed !== undefined && (escaping === undefined || isOneCharacter(fixedEscape));
  if (isFixed) {
    const compiled = operator === "like" ? Pattern.like(fixed, fixedEscape) : Pattern.glob(fixed);
    const name = emitter.constant(compiled);
    const inPlace = value.bytes === undefined || !compiled.isForBytes ? "false" : isTag(value, TEXT);
    const matches = choose(
      inPlace,
      `${name}.matchesBytes(${value.bytes?.u8}, ${value.bytes?.start}, ${value.bytes?.end})`,
      `${name}.matches(${text(value)})`,
    );
    return matching(isTag(value, BLOB), isNotNull(value), matches);
  }
  const patternValue = frame.value(pattern);
  const escapeValue = escaping === undefined ? undefined : frame.value(escaping);
  const known = and(
    isNotNull(value),
    isNotNull(patternValue),
    escapeValue === undefined ? "true" : isNotNull(escapeValue),
  );
  const texts = `${text(value)}, ${text(patternValue)}`;
  const matches =
    operator === "like"
      ? `${emitter.use("isLike")}(${texts}, ${escapeValue === undefined ? "undefined" : text(escapeValue)})`
      : `${emitter.use("isGlob")}(${texts})`;
  return matching(or(isTag(value, BLOB), isTag(patternValue, BLOB)), known, matches);
}

/** A blob on either side is no match, even where the other side is NULL. */
function matching(isBlob: string, known: string, matches: string): Predicate {
  return {
    isTrue: and(known, not(isBlob), matches),
    isFalse: or(isBlob, and(known, not(matches))),
  };
}

function isOneCharacter(text: string | undefined): boolean {
  return text !== undefined && text !== "" && text.length === (text.codePointAt(0)! > 0xffff ? 2 : 1);
}

/** The condition of a CASE branch: a test of its own, or a comparison with the operand. */
export function branchTest(
  frame: Frame,
  condition: Bound | BoundComparison,
  operandBound: Bound | undefined,
  operand: Operand | undefined,
): string {
  return isComparison(condition)
    ? compared(frame, operandBound!, operand!, condition).isTrue
    : frame.test(condition).isTrue;
}
