/**
 * Finds what a path leads to in the text itself: one pass over the bytes, nothing built.
 *
 * The whole text is checked, because JSON that is malformed anywhere is an error wherever the path leads. Only what RFC 8259 has is
 * followed, and labels without escapes; at all else the scan says that it does not know, and the text is parsed.
 */
import { isClass, isDigit, isSpace, PLAIN } from "./characters.ts";
import { KEY, type Path, type Step } from "./path.ts";
import { source } from "./source.ts";

export const FOUND = 1;
export const ABSENT = 0;
/** The text must be parsed to know. */
export const UNKNOWN = -1;

/** What a scan found: bytes `[start, end)` of `source`. */
export const match = {
  start: 0,
  end: 0,
  /** A string in it has escapes. */
  hasEscapes: false,
  /** White space stands in it outside of strings. */
  hasSpaces: false,
};

/** Deeper nesting is left to the parser, which knows the limit. */
const MOST_DEPTH = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

// What the scan in progress has come across so far.
let spaces = 0;
let escapes = 0;
let isFound = false;

/** Looks for a plain path in the text that is in `source`. */
export function scan(path: Path): typeof FOUND | typeof ABSENT | typeof UNKNOWN {
  const { bytes, length } = source;
  spaces = 0;
  escapes = 0;
  isFound = false;
  let end = follow(bytes, skipSpaces(bytes, 0), path.steps, 0);
  if (end < 0) {
    return UNKNOWN;
  }
  end = skipSpaces(bytes, end);
  // A NUL ends the text early; the parser knows about that.
  return end !== length ? UNKNOWN : isFound ? FOUND : ABSENT;
}

function skipSpaces(bytes: Uint8Array, at: number): number {
  while (bytes[at]! <= 0x20 && isSpace(bytes[at])) {
    at++;
    spaces++;
  }
  return at;
}

/** Checks the value at `at` and follows the path's steps from `index` on in it; answers where it ends, or −1. */
function follow(bytes: Uint8Array, at: number, steps: readonly Step[], index: number): number {
  if (index === steps.length) {
    const spacesBefore = spaces;
    const escapesBefore = escapes;
    const end = skipValue(bytes, at, index);
    isFound = true;
    match.start = at;
    match.end = end;
    match.hasSpaces = spaces !== spacesBefore;
    match.hasEscapes = escapes !== escapesBefore;
    return end;
  }
  const step = steps[index]!;
  if (step.kind === KEY) {
    return bytes[at] === OPEN_BRACE ? skipObject(bytes, at, index, steps) : skipValue(bytes, at, index);
  }
  return bytes[at] === OPEN_BRACKET ? skipArray(bytes, at, index, steps) : skipValue(bytes, at, index);
}

const NO_STEPS: readonly Step[] = [];

/** Where the value at `at` ends, which is checked; −1: it is not RFC 8259. */
function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const byte = bytes[at]!;
  switch (byte) {
    case QUOTE:
      return skipString(bytes, at);
    case OPEN_BRACE:
      return skipObject(bytes, at, depth, NO_STEPS);
    case OPEN_BRACKET:
      return skipArray(bytes, at, depth, NO_STEPS);
    case 0x74:
      return bytes[at + 1] === 0x72 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x65 ? at + 4 : -1;
    case 0x66:
      return bytes[at + 1] === 0x61 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x73 && bytes[at + 4] === 0x65
        ? at + 5
        : -1;
    case 0x6e:
      return bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c ? at + 4 : -1;
    default:
      return skipNumber(bytes, at);
  }
}

function skipString(bytes: Uint8Array, at: number): number {
  for (;;) {
    at++;
    while (isClass(bytes[at], PLAIN)) {
      at++;
    }
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      return at + 1;
    }
    if (byte === BACKSLASH) {
      at = skipEscape(bytes, at + 1);
      escapes++;
      if (at < 0) {
        return -1;
      }
    } else if (byte !== 0x27) {
      return -1;
    }
  }
}

const ESCAPES = new Uint8Array(256);
for (const character of '"\\/bfnrt') {
  ESCAPES[character.charCodeAt(0)] = 1;
}

/** The last byte of an escape whose character is at `at`; of `\u0000` the `u`, whose digits are plain. */
function skipEscape(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!;
  if (ESCAPES[byte] === 1) {
    return at;
  }
  if (byte !== 0x75) {
    return -1;
  }
  for (let i = at + 1; i <= at + 4; i++) {
    const digit = bytes[i]! | 0x20;
    if (!isDigit(bytes[i]) && (digit < 0x61 || digit > 0x66)) {
      return -1;
    }
  }
  return at;
}

function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x2d) {
    at++;
  }
  if (bytes[at] === 0x30) {
    at++;
  } else if (isDigit(bytes[at])) {
    at = skipDigits(bytes, at);
  } else {
    return -1;
  }
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[at + 1])) {
      return -1;
    }
    at = skipDigits(bytes, at + 1);
  }
  if ((bytes[at]! | 0x20) === 0x65) {
    const sign = bytes[at + 1];
    at += sign === 0x2b || sign === 0x2d ? 2 : 1;
    if (!isDigit(bytes[at])) {
      return -1;
    }
    at = skipDigits(bytes, at);
  }
  return at;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  while (isDigit(bytes[at])) {
    at++;
  }
  return at;
}

/** With no steps nothing in it is looked for. The first label that is the key counts, as in SQLite. */
function skipObject(bytes: Uint8Array, at: number, depth: number, steps: readonly Step[]): number {
  let isOpen = steps.length > 0;
  if (depth > MOST_DEPTH) {
    return -1;
  }
  at = skipSpaces(bytes, at + 1);
  if (bytes[at] === CLOSE_BRACE) {
    return at + 1;
  }
  for (;;) {
    if (bytes[at] !== QUOTE) {
      return -1;
    }
    const label = at + 1;
    const escapesBefore = escapes;
    at = skipString(bytes, at);
    const end = at - 1;
    at = skipSpaces(bytes, at);
    if (at < 0 || bytes[at] !== COLON) {
      return -1;
    }
    at = skipSpaces(bytes, at + 1);
    if (isOpen) {
      if (escapes !== escapesBefore) {
        return -1;
      }
      if (isKey(bytes, label, end, steps[depth]!.key)) {
        isOpen = false;
        at = follow(bytes, at, steps, depth + 1);
      } else {
        at = skipValue(bytes, at, depth + 1);
      }
    } else {
      at = skipValue(bytes, at, depth + 1);
    }
    if (at < 0) {
      return -1;
    }
    at = skipSpaces(bytes, at);
    if (bytes[at] === CLOSE_BRACE) {
      return at + 1;
    }
    if (bytes[at] !== COMMA) {
      return -1;
    }
    at = skipSpaces(bytes, at + 1);
  }
}

function isKey(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (end - start !== key.length) {
    return false;
  }
  for (let i = 0; i < key.length; i++) {
    if (bytes[start + i] !== key[i]) {
      return false;
    }
  }
  return true;
}

function skipArray(bytes: Uint8Array, at: number, depth: number, steps: readonly Step[]): number {
  if (depth > MOST_DEPTH) {
    return -1;
  }
  const wanted = steps.length > 0 ? steps[depth]!.index : -1;
  at = skipSpaces(bytes, at + 1);
  if (bytes[at] === CLOSE_BRACKET) {
    return at + 1;
  }
  for (let index = 0; ; index++) {
    at = index === wanted ? follow(bytes, at, steps, depth + 1) : skipValue(bytes, at, depth + 1);
    if (at < 0) {
      return -1;
    }
    at = skipSpaces(bytes, at);
    if (bytes[at] === CLOSE_BRACKET) {
      return at + 1;
    }
    if (bytes[at] !== COMMA) {
      return -1;
    }
    at = skipSpaces(bytes, at + 1);
  }
}
