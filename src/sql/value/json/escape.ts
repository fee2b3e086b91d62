/**
 * Escapes in strings: read, and written. Payloads of type TEXTJ and TEXT5 hold them as they were in the text; JSON that is
 * written has only those of RFC 8259.
 */
import type { ByteBuffer } from "./byte-buffer.ts";
import { hexNumber, isClass, isDigit, PLAIN } from "./characters.ts";
import { isLineSeparator } from "./white-space.ts";

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/** The character that `readEscape` found. */
export const escaped = { codePoint: 0 };
/** No character: the escape is wrong. */
export const INVALID_CHARACTER = -1;

const SIMPLE: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
  [0x27, 0x27],
  [QUOTE, QUOTE],
  [0x2f, 0x2f],
  [BACKSLASH, BACKSLASH],
]);

/** Reads the escape at `at` into `escaped`; answers where it ends. Bytes from `end` on are not the string's. */
export function readEscape(bytes: Uint8Array, at: number, end: number): number {
  const kind = bytes[at + 1]!;
  const left = end - at;
  if (left < 2) {
    return found(INVALID_CHARACTER, end);
  }
  switch (kind) {
    case 0x75:
      return left < 6 ? found(INVALID_CHARACTER, end) : readUnicode(bytes, at, end);
    case 0x78:
      return left < 4 ? found(INVALID_CHARACTER, end) : found(hexNumber(bytes, at + 2, 2), at + 4);
    case 0x30:
      return found(left > 2 && isDigit(bytes[at + 2]) ? INVALID_CHARACTER : 0, at + 2);
    case 0xe2:
    case 0x0d:
    case 0x0a:
      return readBehindLineEnds(bytes, at, end);
    default:
      return found(SIMPLE.get(kind) ?? INVALID_CHARACTER, at + 2);
  }
}

function found(codePoint: number, end: number): number {
  escaped.codePoint = codePoint;
  return end;
}

function readUnicode(bytes: Uint8Array, at: number, end: number): number {
  const unit = hexNumber(bytes, at + 2, 4);
  if ((unit & 0xfc00) === 0xd800 && end - at >= 12 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75) {
    const low = hexNumber(bytes, at + 8, 4);
    if ((low & 0xfc00) === 0xdc00) {
      return found(((unit & 0x3ff) << 10) + (low & 0x3ff) + 0x10000, at + 12);
    }
  }
  return found(unit, at + 6);
}

/** A backslash before the end of a line stands for nothing: the character is the one behind all of them. */
function readBehindLineEnds(bytes: Uint8Array, at: number, end: number): number {
  const behind = skipLineEnds(bytes, at, end);
  if (behind === at) {
    return found(INVALID_CHARACTER, end);
  }
  if (behind === end) {
    return found(0, end);
  }
  return bytes[behind] === BACKSLASH ? readEscape(bytes, behind, end) : readUtf8(bytes, behind, end);
}

function skipLineEnds(bytes: Uint8Array, at: number, end: number): number {
  while (at + 1 < end && bytes[at] === BACKSLASH) {
    const next = bytes[at + 1];
    if (next === 0x0a) {
      at += 2;
    } else if (next === 0x0d) {
      at += at + 2 < end && bytes[at + 2] === 0x0a ? 3 : 2;
    } else if (at + 3 < end && isLineSeparator(bytes, at + 1)) {
      at += 4;
    } else {
      break;
    }
  }
  return at;
}

/** Reads one character of UTF-8 into `escaped`; what is not UTF-8 gives some character. */
export function readUtf8(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  let codePoint = first;
  let next = at + 1;
  if (first >= 0xc0) {
    codePoint = first & (first < 0xe0 ? 0x1f : first < 0xf0 ? 0x0f : first < 0xf8 ? 0x07 : first < 0xfc ? 0x03 : 0x01);
    const last = Math.min(end, at + 4);
    while (next < last && (bytes[next]! & 0xc0) === 0x80) {
      codePoint = codePoint * 64 + (bytes[next]! & 0x3f);
      next++;
    }
  }
  return found(codePoint, next);
}

/** Appends the string of a TEXTJ or TEXT5 payload: its escapes become the characters; wrong ones are left out. */
export function appendUnescaped(into: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; ) {
    const backslash = bytes.indexOf(BACKSLASH, at);
    const plainEnd = backslash < 0 || backslash >= end ? end : backslash;
    into.append(bytes, at, plainEnd);
    if (plainEnd === end) {
      return;
    }
    at = readEscape(bytes, plainEnd, end);
    if (escaped.codePoint !== INVALID_CHARACTER) {
      appendUtf8(into, escaped.codePoint);
    }
  }
}

/** A lone surrogate gets three bytes of its own, as in SQLite. */
function appendUtf8(into: ByteBuffer, codePoint: number): void {
  if (codePoint <= 0x7f) {
    into.put(codePoint);
  } else {
    if (codePoint <= 0x7ff) {
      into.put(0xc0 | (codePoint >>> 6));
    } else {
      if (codePoint < 0x10000) {
        into.put(0xe0 | (codePoint >>> 12));
      } else {
        into.put(0xf0 | (codePoint >>> 18));
        into.put(0x80 | ((codePoint >>> 12) & 0x3f));
      }
      into.put(0x80 | ((codePoint >>> 6) & 0x3f));
    }
    into.put(0x80 | (codePoint & 0x3f));
  }
}

/** Appends bytes that are a string of SQL as a string of JSON, quotes included. */
export function appendQuoted(into: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  into.put(QUOTE);
  for (let at = start; at < end; at++) {
    const plain = at;
    while (at < end && (isClass(bytes[at], PLAIN) || bytes[at] === 0x27)) {
      at++;
    }
    into.append(bytes, plain, at);
    if (at < end) {
      appendSpecial(into, bytes[at]!);
    }
  }
  into.put(QUOTE);
}

const SHORT_CONTROLS: ReadonlyMap<number, string> = new Map([
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
]);

/** Appends the escape of a quote, a backslash or a control character. */
function appendSpecial(into: ByteBuffer, byte: number): void {
  if (byte === QUOTE || byte === BACKSLASH) {
    into.put(BACKSLASH);
    into.put(byte);
  } else {
    into.appendAscii(SHORT_CONTROLS.get(byte) ?? `\\u${byte.toString(16).padStart(4, "0")}`);
  }
}

/** Appends a TEXT5 payload as a string of RFC 8259, quotes included; false where it is malformed. */
export function appendNormalized(into: ByteBuffer, bytes: Uint8Array, start: number, end: number): boolean {
  into.put(QUOTE);
  let isWhole = true;
  for (let at = start; at < end; ) {
    const plain = at;
    while (at < end && (isClass(bytes[at], PLAIN) || bytes[at] === 0x27)) {
      at++;
    }
    into.append(bytes, plain, at);
    if (at < end && bytes[at] !== BACKSLASH) {
      appendSpecial(into, bytes[at]!);
      at++;
    } else if (at + 1 < end) {
      const next = appendEscape(into, bytes, at, end);
      isWhole &&= next > 0;
      at = Math.abs(next);
    } else if (at < end) {
      isWhole = false;
      at = end;
    }
  }
  into.put(QUOTE);
  return isWhole;
}

/** Appends an escape of JSON5 as one of JSON; answers where it ends, negative where it is malformed. */
function appendEscape(into: ByteBuffer, bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at + 1]) {
    case 0x27:
      into.put(0x27);
      return at + 2;
    case 0x76:
      into.appendAscii("\\u000b");
      return at + 2;
    case 0x30:
      into.appendAscii("\\u0000");
      return at + 2;
    case 0x78:
      if (at + 4 > end) {
        return -end;
      }
      into.appendAscii("\\u00");
      into.append(bytes, at + 2, at + 4);
      return at + 4;
    case 0x0a:
      return at + 2;
    case 0x0d:
      return at + 2 < end && bytes[at + 2] === 0x0a ? at + 3 : at + 2;
    case 0xe2:
      return at + 4 <= end && isLineSeparator(bytes, at + 1) ? at + 4 : -end;
    default:
      into.append(bytes, at, at + 2);
      return at + 2;
  }
}
