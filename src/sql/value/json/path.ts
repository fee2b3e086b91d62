/**
 * Paths: `$`, `.key`, `."key"`, `[n]`, `[#]`, `[#-n]`. A path is read once into steps; what is wrong in it is a step of its own, at
 * which following it ends, because SQLite tells of a fault only where the document leads as far.
 */
import { DbError } from "../../../errors.ts";
import { textOf } from "../affinity.ts";
import { encodeText, untilNul } from "../text.ts";
import { BIG, INTEGER, type SqlValue, type Tag, TEXT } from "../value.ts";

export const KEY = 0;
/** The element with a number from the start. */
export const INDEX = 1;
/** The element so many before the end; 0 is the place behind the last. */
export const FROM_END = 2;
/** An index that is none. */
export const BAD_INDEX = 3;
/** Something else that is no step. */
export const BAD = 4;

export interface Step {
  readonly kind: typeof KEY | typeof INDEX | typeof FROM_END | typeof BAD_INDEX | typeof BAD;
  /** A key, as UTF-8 and without its quotes; with its escapes, if it has any. */
  readonly key: Uint8Array;
  readonly hasEscapes: boolean;
  readonly index: number;
  /** Whether `]` ends the step. */
  readonly isClosed: boolean;
}

export interface Path {
  readonly text: string;
  /** Whether it begins with `$`. */
  readonly isRooted: boolean;
  readonly steps: readonly Step[];
  readonly endsInBracket: boolean;
  /** Whether all steps are keys without escapes and indexes from the start, which text can be searched for. */
  readonly isPlain: boolean;
}

const KEPT_PATHS = 256;
const KEPT_LENGTH = 1000;
const paths = new Map<string, Path>();

/** The path that a text is. */
export function pathOf(tag: Tag, value: SqlValue): Path {
  const text = tag === TEXT ? (value as string) : textOf(tag, value);
  return paths.get(text) ?? keep(paths, text, readPath(text));
}

function keep(map: Map<string, Path>, text: string, path: Path): Path {
  if (text.length <= KEPT_LENGTH) {
    if (map.size === KEPT_PATHS) {
      map.delete(map.keys().next().value!);
    }
    map.set(text, path);
  }
  return path;
}

const arrowPaths = new Map<string, Path>();

/**
 * The path that the right side of `->` is: `$…` as it is, an integer an index (negative: from the end), `[…]` a step, and all
 * other text a key.
 */
export function arrowPathOf(tag: Tag, value: SqlValue): Path {
  const text = tag === TEXT ? (value as string) : textOf(tag, value);
  if (text.startsWith("$")) {
    return pathOf(TEXT, text);
  }
  const isInteger = tag === INTEGER || tag === BIG;
  const map = isInteger ? integerPaths : arrowPaths;
  return (
    map.get(text) ?? keep(map, text, { ...readPath(`$${arrowStep(untilNul(text), isInteger)}`), text: untilNul(text) })
  );
}

const integerPaths = new Map<string, Path>();

function arrowStep(text: string, isInteger: boolean): string {
  if (isInteger) {
    return `[${text.startsWith("-") ? "#" : ""}${text}]`;
  }
  if (/^[0-9A-Za-z_]*$/.test(text)) {
    return `.${text}`;
  }
  return /^\[.+\]$/s.test(text) ? text : `."${text}"`;
}

function readPath(given: string): Path {
  const text = untilNul(given);
  const steps: Step[] = [];
  const isRooted = text.startsWith("$");
  let at = 1;
  while (isRooted && at < text.length) {
    at = readStep(text, at, steps);
  }
  return {
    text,
    isRooted,
    steps,
    endsInBracket: text.endsWith("]"),
    isPlain: isRooted && steps.every((step) => (step.kind === KEY && !step.hasEscapes) || step.kind === INDEX),
  };
}

const NO_KEY = new Uint8Array(0);

function step(kind: Step["kind"], index: number, isClosed: boolean): Step {
  return { kind, key: NO_KEY, hasEscapes: false, index, isClosed };
}

/** Without quotes a backslash is a character like others. */
function keyStep(key: string, isQuoted: boolean): Step {
  return { kind: KEY, key: encodeText(key), hasEscapes: isQuoted && key.includes("\\"), index: 0, isClosed: true };
}

/** Appends the step at `at`; answers where the next is, or the text's end behind a wrong one. */
function readStep(text: string, at: number, into: Step[]): number {
  if (text[at] === "[") {
    return readIndex(text, at, into);
  }
  const key = text[at] === "." ? (QUOTED_KEY.exec(rest(text, at + 1)) ?? BARE_KEY.exec(rest(text, at + 1))) : null;
  if (key === null) {
    into.push(step(BAD, 0, false));
    return text.length;
  }
  into.push(keyStep(key[1]!, key[0].startsWith('"')));
  return at + 1 + key[0].length;
}

const QUOTED_KEY = /^"((?:\\.|[^"\\])*)"/s;
/** One that begins with a quote and has no second is no key. */
const BARE_KEY = /^([^".[][^.[]*)/;
const FROM_START = /^\[([0-9]+)\]/;
const FROM_LAST = /^\[#(?:-([0-9]+))?(\]?)/;
/** Greater than any place in an array. */
const BEYOND = 2 ** 40;

function rest(text: string, at: number): string {
  return text.slice(at);
}

function readIndex(text: string, at: number, into: Step[]): number {
  const tail = rest(text, at);
  const plain = FROM_START.exec(tail);
  if (plain !== null) {
    into.push(step(INDEX, Math.min(Number(plain[1]), BEYOND), true));
    return at + plain[0].length;
  }
  const fromEnd = FROM_LAST.exec(tail);
  if (fromEnd === null) {
    into.push(step(BAD_INDEX, 0, false));
    return text.length;
  }
  const isClosed = fromEnd[2] === "]";
  into.push(step(FROM_END, Math.min(Number(fromEnd[1] ?? 0), BEYOND), isClosed));
  return isClosed ? at + fromEnd[0].length : text.length;
}

/** `$`: the document itself. */
export const ROOT: Path = readPath("$");

export function badPath(path: Path): DbError {
  return new DbError("INVALID", `bad JSON path: ${quoted(path)}`);
}

export function quoted(path: Path): string {
  return `'${path.text.replaceAll("'", "''")}'`;
}
