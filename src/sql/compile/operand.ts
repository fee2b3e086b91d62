/**
 * An expression as generated code: pieces of JavaScript without side effects that give its tag and value.
 *
 *   tag      a literal where the type is known when the statement is compiled, else a variable
 *   number   the value where the tag is INTEGER or REAL
 *   other    the value elsewhere; null for NULL
 *
 * The functions here build tests that fold: `isTag` of an operand that can only be TEXT is "true", not a comparison.
 */
import { assert } from "../../assert.ts";
import { INTEGER, NULL, REAL, type Tag, type TypeSet } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";

export interface Operand {
  readonly types: TypeSet;
  readonly tag: string;
  readonly number: string;
  readonly other: string;
  /** Where a column's bytes lie, for what needs no value. */
  readonly bytes: Place | undefined;
}

/** Variables with the arrays that a column's body lies in, its kind, and its ends. */
export interface Place {
  readonly u8: string;
  readonly data: string;
  readonly kind: string;
  readonly start: string;
  readonly end: string;
}

const FAST: TypeSet = (1 << INTEGER) | (1 << REAL);

export function can(operand: Operand, ...tags: readonly Tag[]): boolean {
  return tags.some((tag) => (operand.types & (1 << tag)) !== 0);
}

export function isTag(operand: Operand, tag: Tag): string {
  if (!can(operand, tag)) {
    return "false";
  }
  return operand.types === 1 << tag ? "true" : `${operand.tag} === ${tag}`;
}

/** Whether the value is in `number`: INTEGER or REAL. */
export function isFast(operand: Operand): string {
  const { types } = operand;
  if ((types & FAST) === 0) {
    return "false";
  }
  if ((types & ~FAST) === 0) {
    return "true";
  }
  if ((types & FAST) === 1 << INTEGER || (types & FAST) === 1 << REAL) {
    return isTag(operand, can(operand, INTEGER) ? INTEGER : REAL);
  }
  return (types & ~FAST) === 1 << NULL ? `${operand.tag} !== 0` : `(${operand.tag} === 1 || ${operand.tag} === 2)`;
}

export function isNotNull(operand: Operand): string {
  return not(isTag(operand, NULL));
}

/** The value in one piece, for library functions. */
export function valueIn(operand: Operand): string {
  const fast = isFast(operand);
  return fast === "true"
    ? operand.number
    : fast === "false"
      ? operand.other
      : `(${fast} ? ${operand.number} : ${operand.other})`;
}

export function pair(operand: Operand): string {
  return `${operand.tag}, ${valueIn(operand)}`;
}

/** The value as JavaScript code gets it. */
export function resultOf(operand: Operand): string {
  if (operand.types === 1 << NULL) {
    return "null";
  }
  return can(operand, NULL) && isFast(operand) !== "false"
    ? `(${isTag(operand, NULL)} ? null : ${valueIn(operand)})`
    : valueIn(operand);
}

export function not(condition: string): string {
  if (condition === "true" || condition === "false") {
    return condition === "true" ? "false" : "true";
  }
  return /^\w+ === \w+$/.test(condition) ? condition.replace("===", "!==") : `!(${condition})`;
}

export function and(...conditions: readonly string[]): string {
  if (conditions.includes("false")) {
    return "false";
  }
  const open = conditions.filter((condition) => condition !== "true");
  return open.length === 0 ? "true" : open.length === 1 ? open[0]! : `(${open.join(" && ")})`;
}

export function or(...conditions: readonly string[]): string {
  if (conditions.includes("true")) {
    return "true";
  }
  const open = conditions.filter((condition) => condition !== "false");
  return open.length === 0 ? "false" : open.length === 1 ? open[0]! : `(${open.join(" || ")})`;
}

export function choose(condition: string, yes: string, no: string): string {
  if (condition === "true" || yes === no) {
    return yes;
  }
  if (condition === "false") {
    return no;
  }
  return yes === "true" ? or(condition, no) : no === "false" ? and(condition, yes) : `(${condition} ? ${yes} : ${no})`;
}

/** Variables that can hold any value of these types. A tag that is known needs none. */
export function declare(emitter: Emitter, types: TypeSet): Operand {
  const single = [0, 1, 2, 3, 4, 5].find((tag) => types === 1 << tag);
  return {
    types,
    tag: single === undefined ? emitter.number("t") : String(single),
    number: (types & FAST) !== 0 ? emitter.number("n") : "0",
    other: (types & ~FAST & ~(1 << NULL)) !== 0 ? emitter.variable("x") : "null",
    bytes: undefined,
  };
}

/** Puts a known tag into declared variables. */
export function setTag(emitter: Emitter, into: Operand, tag: Tag): void {
  assert(can(into, tag), "an expression has one of the types that it was bound with");
  if (!isLiteral(into.tag)) {
    emitter.line(`${into.tag} = ${tag};`);
  }
  if (tag === NULL && into.other !== "null") {
    emitter.line(`${into.other} = null;`);
  }
}

export function setNumber(emitter: Emitter, into: Operand, tag: typeof INTEGER | typeof REAL, value: string): void {
  setTag(emitter, into, tag);
  emitter.line(`${into.number} = ${value};`);
}

/** Takes over what a library function has answered. */
export function takeAnswer(emitter: Emitter, into: Operand): void {
  const answer = emitter.use("answer");
  if (!isLiteral(into.tag)) {
    emitter.line(`${into.tag} = ${answer}.tag;`);
  }
  if (into.number !== "0") {
    emitter.line(`${into.number} = ${answer}.number;`);
  }
  if (into.other !== "null") {
    emitter.line(`${into.other} = ${answer}.other;`);
  }
}

/** Copies one operand into declared variables of at least its types. */
export function assign(emitter: Emitter, into: Operand, from: Operand): void {
  if (!isLiteral(into.tag)) {
    emitter.line(`${into.tag} = ${from.tag};`);
  }
  if (into.number !== "0" && (from.types & FAST) !== 0) {
    emitter.line(`${into.number} = ${from.number};`);
  }
  if (into.other !== "null" && (from.types & ~FAST) !== 0) {
    emitter.line(
      `${into.other} = ${isFast(from) === "false" ? from.other : `(${isFast(from)} ? null : ${from.other})`};`,
    );
  }
}

function isLiteral(tag: string): boolean {
  return tag.length === 1;
}

/** Runs library calls only where the operand has one of these tags. */
export function anyTag(operand: Operand, ...tags: readonly Tag[]): string {
  return or(...tags.map((tag) => isTag(operand, tag)));
}
