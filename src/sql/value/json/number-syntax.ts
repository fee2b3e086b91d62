/**
 * The syntax of numbers in JSON text: RFC 8259's, and of JSON5 a plus sign, hexadecimal, a point without digits on one side, and
 * Infinity behind a sign. The text ends with a zero byte.
 */
import { HEX_DIGIT, isClass, isDigit } from "./characters.ts";
import { JSON_FLOAT, JSON_FLOAT5, JSON_INT, JSON_INT5 } from "./element.ts";

/** What `readNumberSyntax` found. */
export const numberSyntax: NumberSyntax = { type: JSON_INT, isInfinite: false, isExtended: false, errorAt: 0 };

interface NumberSyntax {
  /** The type of the element; the text of an infinity is not its own. */
  type: number;
  isInfinite: boolean;
  /** RFC 8259 has no such number. */
  isExtended: boolean;
  /** Where it is wrong. */
  errorAt: number;
}

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Where the number at `at` (a digit, a sign or a point) ends; −1: it is none. */
export function readNumberSyntax(text: Uint8Array, at: number): number {
  const first = text[at]!;
  numberSyntax.isInfinite = false;
  numberSyntax.isExtended = first === PLUS;
  if (first === POINT) {
    return isDigit(text[at + 1]) ? readDecimal(text, at, at, true) : fail(at);
  }
  const isSigned = first === PLUS || first === MINUS;
  const digits = isSigned ? at + 1 : at;
  if (!isDigit(text[digits])) {
    return text[digits] === POINT ? readDecimal(text, at, digits, true) : readInfinity(text, at);
  }
  if (text[digits] === ZERO) {
    const next = text[digits + 1]!;
    if (isDigit(next)) {
      return fail(at + 1);
    }
    if ((next | 0x20) === 0x78 && isClass(text[digits + 2], HEX_DIGIT)) {
      let end = digits + 3;
      while (isClass(text[end], HEX_DIGIT)) {
        end++;
      }
      numberSyntax.type = JSON_INT5;
      numberSyntax.isExtended = true;
      return end;
    }
  }
  return readDecimal(text, at, digits, false);
}

function fail(at: number): number {
  numberSyntax.errorAt = at;
  return -1;
}

/** Reads on from the first digit, or from a point with none before it. */
function readDecimal(text: Uint8Array, start: number, from: number, isBare: boolean): number {
  let extended = isBare;
  let hasPoint = false;
  let hasExponent = false;
  let end = from;
  for (; ; end++) {
    const byte = text[end]!;
    if (byte === POINT) {
      if (hasPoint || hasExponent) {
        return fail(end);
      }
      hasPoint = true;
    } else if ((byte | 0x20) === 0x65) {
      if (text[end - 1] === POINT) {
        if (!isDigit(text[end - 2]) || end - 2 < start) {
          return fail(end);
        }
        extended = true;
      }
      if (hasExponent) {
        return fail(end);
      }
      hasExponent = true;
      const sign = text[end + 1];
      if (sign === PLUS || sign === MINUS) {
        end++;
      }
      if (!isDigit(text[end + 1])) {
        return fail(end);
      }
    } else if (!isDigit(byte)) {
      break;
    }
  }
  if (text[end - 1] === POINT) {
    if (!isDigit(text[end - 2]) || end - 2 < start) {
      return fail(end);
    }
    extended = true;
  }
  const isFloat = hasPoint || hasExponent;
  numberSyntax.type = isFloat ? (extended ? JSON_FLOAT5 : JSON_FLOAT) : JSON_INT;
  numberSyntax.isExtended ||= extended;
  return end;
}

/** `inf` and `infinity` behind a sign, in any case. */
function readInfinity(text: Uint8Array, at: number): number {
  if (!isWord(text, at + 1, "inf")) {
    return fail(at);
  }
  numberSyntax.isInfinite = true;
  numberSyntax.isExtended = true;
  numberSyntax.type = JSON_FLOAT;
  return isWord(text, at + 4, "inity") ? at + 9 : at + 4;
}

/** Whether a word, given in lower case, stands at `at` in any case. */
export function isWord(text: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if ((text[at + i]! | 0x20) !== word.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}
