/** Whether JSONB is well formed in all its parts, which only `json_valid()` and `json_error_position()` ask for. */
import { HEX_DIGIT, isClass, isDigit, isHex, PLAIN } from "./characters.ts";
import {
  element,
  elementType,
  isLabelType,
  JSON_ARRAY,
  JSON_FALSE,
  JSON_FLOAT,
  JSON_FLOAT5,
  JSON_INT,
  JSON_INT5,
  JSON_NULL,
  JSON_OBJECT,
  JSON_TEXT,
  JSON_TEXT5,
  JSON_TEXTJ,
  JSON_TEXTRAW,
  JSON_TRUE,
  MOST_DEPTH,
  readElement,
} from "./element.ts";
import { escaped, INVALID_CHARACTER, readEscape } from "./escape.ts";

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** 0, or the place of the first fault, counted from 1. `end` is where the element must end, which its reader has checked. */
export function checkElement(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (depth > MOST_DEPTH || !readElement(bytes, at, end)) {
    return at + 1;
  }
  const { start } = element;
  switch (elementType(bytes, at)) {
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
      return end - at === 1 ? 0 : at + 1;
    case JSON_INT:
      return checkInteger(bytes, at, start, end);
    case JSON_INT5:
      return checkHexadecimal(bytes, at, start, end);
    case JSON_FLOAT:
      return checkReal(bytes, at, start, end, false);
    case JSON_FLOAT5:
      return checkReal(bytes, at, start, end, true);
    case JSON_TEXT:
      return checkPlain(bytes, start, end);
    case JSON_TEXTJ:
      return checkEscaped(bytes, start, end, false);
    case JSON_TEXT5:
      return checkEscaped(bytes, start, end, true);
    case JSON_TEXTRAW:
      return 0;
    case JSON_ARRAY:
      return checkParts(bytes, start, end, depth, false);
    case JSON_OBJECT:
      return checkParts(bytes, start, end, depth, true);
    default:
      return at + 1;
  }
}

function checkParts(bytes: Uint8Array, start: number, end: number, depth: number, isObject: boolean): number {
  let count = 0;
  let at = start;
  for (; at < end; count++) {
    const isLabel = isObject && (count & 1) === 0;
    if (!readElement(bytes, at, end) || (isLabel && !isLabelType(elementType(bytes, at)))) {
      return at + 1;
    }
    const next = element.end;
    const fault = checkElement(bytes, at, next, depth + 1);
    if (fault !== 0) {
      return fault;
    }
    at = next;
  }
  return isObject && (count & 1) === 1 ? at + 1 : 0;
}

function checkInteger(bytes: Uint8Array, at: number, start: number, end: number): number {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  return digits >= end ? at + 1 : checkClass(bytes, digits, end, isDigit);
}

function checkHexadecimal(bytes: Uint8Array, at: number, start: number, end: number): number {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  if (end - digits < 3 || bytes[digits] !== ZERO) {
    return at + 1;
  }
  return (bytes[digits + 1]! | 0x20) !== 0x78
    ? digits + 2
    : checkClass(bytes, digits + 2, end, (byte) => isClass(byte, HEX_DIGIT));
}

function checkClass(bytes: Uint8Array, start: number, end: number, isRight: (byte: number) => boolean): number {
  for (let at = start; at < end; at++) {
    if (!isRight(bytes[at]!)) {
      return at + 1;
    }
  }
  return 0;
}

function checkReal(bytes: Uint8Array, at: number, start: number, end: number, isJson5: boolean): number {
  let next = bytes[start] === MINUS ? start + 1 : start;
  if (end - next < 2) {
    return at + 1;
  }
  let hasPoint = false;
  let hasExponent = false;
  if (bytes[next] === POINT) {
    if (!isJson5 || !isDigit(bytes[next + 1])) {
      return next + 1;
    }
    hasPoint = true;
    next += 2;
  } else if (bytes[next] === ZERO && !isJson5) {
    const after = bytes[next + 1]!;
    if (next + 3 > end || (after !== POINT && (after | 0x20) !== 0x65)) {
      return next + 1;
    }
    next++;
  }
  for (; next < end; next++) {
    const byte = bytes[next]!;
    if (byte === POINT) {
      if (hasPoint || hasExponent || (!isJson5 && (next === end - 1 || !isDigit(bytes[next + 1])))) {
        return next + 1;
      }
      hasPoint = true;
    } else if ((byte | 0x20) === 0x65) {
      if (hasExponent || next === end - 1) {
        return next + 1;
      }
      if (bytes[next + 1] === 0x2b || bytes[next + 1] === MINUS) {
        next++;
        if (next === end - 1) {
          return next + 1;
        }
      }
      hasExponent = true;
    } else if (!isDigit(byte)) {
      return next + 1;
    }
  }
  return hasPoint || hasExponent ? 0 : at + 1;
}

function isPlain(byte: number): boolean {
  return isClass(byte, PLAIN) || byte === 0x27;
}

function checkPlain(bytes: Uint8Array, start: number, end: number): number {
  return checkClass(bytes, start, end, isPlain);
}

function checkEscaped(bytes: Uint8Array, start: number, end: number, isJson5: boolean): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (isPlain(byte)) {
      at++;
    } else if (byte !== BACKSLASH) {
      // A quote of the other kind, or a control character: JSON5 has them.
      if (!isJson5) {
        return at + 1;
      }
      at++;
    } else {
      const next = checkEscape(bytes, at, end, isJson5);
      if (next === 0) {
        return at + 1;
      }
      at = next;
    }
  }
  return 0;
}

const JSON_ESCAPES = '"\\/bfnrt';

/** Where the escape ends; 0: it is wrong. */
function checkEscape(bytes: Uint8Array, at: number, end: number, isJson5: boolean): number {
  if (at + 1 >= end) {
    return 0;
  }
  const kind = bytes[at + 1]!;
  if (kind === 0 || JSON_ESCAPES.includes(String.fromCharCode(kind))) {
    return at + 2;
  }
  if (kind === 0x75) {
    return at + 5 < end && isHex(bytes, at + 2, 4) ? at + 2 : 0;
  }
  if (!isJson5) {
    return 0;
  }
  const next = readEscape(bytes, at, end);
  return escaped.codePoint === INVALID_CHARACTER ? 0 : next;
}
