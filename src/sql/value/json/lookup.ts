/** Follows a path in JSONB, and says how far it led. Labels are compared as the strings that they stand for. */
import { DbError } from "../../../errors.ts";
import {
  countElements,
  element,
  elementType,
  isLabelType,
  isRawType,
  JSON_ARRAY,
  JSON_OBJECT,
  MOST_DEPTH,
  readElement,
} from "./element.ts";
import { escaped, readEscape, readUtf8 } from "./escape.ts";
import { BAD, BAD_INDEX, badPath, FROM_END, KEY, type Path, quoted, type Step } from "./path.ts";
import { malformed } from "./write-text.ts";

// What a lookup answers where there is no such element.
export const NOT_FOUND = -1;
export const MALFORMED = -2;
export const TOO_DEEP = -3;
export const BAD_PATH = -4;
export const NOT_ARRAY = -5;

/** Where the lookup of one step ended. */
export const place = {
  /** Of a value in an object, where its label is; 0 elsewhere. */
  label: 0,
  /** Where in the container an element could be inserted that is not there; −1: nowhere. */
  gap: -1,
};

/** The place of the element that the path leads to from `root`, or a code; `place.label` tells its label. */
export function lookUp(bytes: Uint8Array, limit: number, path: Path, root = 0): number {
  let at = root;
  place.label = 0;
  const { steps } = path;
  for (let i = 0; i < steps.length; i++) {
    at = lookUpStep(bytes, limit, at, steps[i]!);
    if (at < 0) {
      return at;
    }
    if (i + 1 >= MOST_DEPTH) {
      return TOO_DEEP;
    }
  }
  return at;
}

/** Throws what a code stands for; NOT_FOUND is no fault. */
export function failLookup(code: number, path: Path): void {
  switch (code) {
    case MALFORMED:
      throw malformed();
    case TOO_DEEP:
      throw new DbError("INVALID", "JSON path too deep");
    case BAD_PATH:
      throw badPath(path);
    case NOT_ARRAY:
      throw new DbError("INVALID", `not an array element: ${quoted(path)}`);
    default:
  }
}

/** One step down from the container at `at`; fills `place`. */
export function lookUpStep(bytes: Uint8Array, limit: number, at: number, step: Step): number {
  place.label = 0;
  place.gap = -1;
  switch (step.kind) {
    case KEY:
      return elementType(bytes, at) === JSON_OBJECT ? lookUpKey(bytes, limit, at, step) : NOT_FOUND;
    case BAD:
      return BAD_PATH;
    default:
      return elementType(bytes, at) === JSON_ARRAY ? lookUpIndex(bytes, limit, at, step) : NOT_FOUND;
  }
}

function lookUpKey(bytes: Uint8Array, limit: number, at: number, step: Step): number {
  const { key } = step;
  readElement(bytes, at, limit);
  const objectEnd = element.end;
  let label = element.start;
  while (label < objectEnd) {
    const type = elementType(bytes, label);
    if (!isLabelType(type) || !readElement(bytes, label, limit) || element.end >= objectEnd) {
      return MALFORMED;
    }
    const { start, end } = element;
    if (elementType(bytes, end) > JSON_OBJECT) {
      return MALFORMED;
    }
    if (isSameLabel(key, 0, key.length, !step.hasEscapes, bytes, start, end, isRawType(type))) {
      if (!readElement(bytes, end, limit) || element.end > objectEnd) {
        return MALFORMED;
      }
      place.label = label;
      return end;
    }
    if (!readElement(bytes, end, limit)) {
      return MALFORMED;
    }
    label = element.end;
  }
  if (label > objectEnd) {
    return MALFORMED;
  }
  place.gap = label;
  return NOT_FOUND;
}

function lookUpIndex(bytes: Uint8Array, limit: number, at: number, step: Step): number {
  if (step.kind === BAD_INDEX) {
    return BAD_PATH;
  }
  let { index } = step;
  if (step.kind === FROM_END) {
    index = countElements(bytes, at, limit) - step.index;
    if (index < 0 || !step.isClosed) {
      return index < 0 ? NOT_FOUND : BAD_PATH;
    }
  }
  readElement(bytes, at, limit);
  const arrayEnd = element.end;
  let next = element.start;
  for (; next < arrayEnd; index--) {
    if (index === 0) {
      return next;
    }
    if (!readElement(bytes, next, limit)) {
      return MALFORMED;
    }
    next = element.end;
  }
  if (next > arrayEnd) {
    return MALFORMED;
  }
  place.gap = index === 0 ? next : -1;
  return NOT_FOUND;
}

/** Whether two labels are the same string; a raw one has no escapes. */
export function isSameLabel(
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  isLeftRaw: boolean,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
  isRightRaw: boolean,
): boolean {
  if (!isLeftRaw || !isRightRaw) {
    return isSameEscaped(left, leftStart, leftEnd, isLeftRaw, right, rightStart, rightEnd, isRightRaw);
  }
  const length = leftEnd - leftStart;
  if (length !== rightEnd - rightStart) {
    return false;
  }
  for (let i = 0; i < length; i++) {
    if (left[leftStart + i] !== right[rightStart + i]) {
      return false;
    }
  }
  return true;
}

/** Character by character. A NUL, written as an escape, ends a label, as it does in SQLite. */
function isSameEscaped(
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  isLeftRaw: boolean,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
  isRightRaw: boolean,
): boolean {
  for (;;) {
    leftStart = readCharacter(left, leftStart, leftEnd, isLeftRaw);
    const character = escaped.codePoint;
    rightStart = readCharacter(right, rightStart, rightEnd, isRightRaw);
    if (character !== escaped.codePoint) {
      return false;
    }
    if (character === 0) {
      return true;
    }
  }
}

const BACKSLASH = 0x5c;

function readCharacter(bytes: Uint8Array, at: number, end: number, isRaw: boolean): number {
  if (at >= end) {
    escaped.codePoint = 0;
    return at;
  }
  return !isRaw && bytes[at] === BACKSLASH ? readEscape(bytes, at, end) : readUtf8(bytes, at, end);
}
