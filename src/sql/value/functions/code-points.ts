/**
 * Text as code points, which is how SQLite counts. Nothing here makes an array: a string is walked by its units, 1 ns
 * each, and only as far as needed.
 */
import { utf8Text } from "../text.ts";

const HALF_BITS = 0xfc00;
const FIRST_HALF = 0xd800;
const OTHER_HALF = 0xdc00;

export function codePointCount(text: string): number {
  const { length } = text;
  let count = length;
  for (let i = 0; i < length; i++) {
    if ((text.charCodeAt(i) & HALF_BITS) === FIRST_HALF && isPair(text, i)) {
      count--;
      i++;
    }
  }
  return count;
}

/** Where the code point begins that is `count` behind the one at `from`; at most the end. */
export function skipCodePoints(text: string, from: number, count: number): number {
  const { length } = text;
  let at = from;
  for (let i = 0; i < count && at < length; i++) {
    at += (text.charCodeAt(at) & HALF_BITS) === FIRST_HALF && isPair(text, at) ? 2 : 1;
  }
  return at;
}

/** Whether the other half of a pair follows the first. */
function isPair(text: string, at: number): boolean {
  return (text.charCodeAt(at + 1) & HALF_BITS) === OTHER_HALF;
}

/** Whether all units are below 128: then bytes, units and code points are the same. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= 128) {
      return false;
    }
  }
  return true;
}

const UNPAIRED = new Uint8Array(4);

/**
 * The character of a number of up to 21 bits. SQLite writes those that Unicode does not have (halves of pairs, numbers
 * from 0x110000) as bytes all the same; read as text these are a U+FFFD each.
 */
export function characterOf(code: number): string {
  if (code < 0xd800 || (code > 0xdfff && code <= 0x10ffff)) {
    return code <= 0xffff ? String.fromCharCode(code) : String.fromCodePoint(code);
  }
  const isLong = code > 0xffff;
  const lead = isLong ? 0xf0 | ((code >>> 18) & 7) : 0xe0 | ((code >>> 12) & 15);
  const places = isLong ? [lead, code >>> 12, code >>> 6, code] : [lead, code >>> 6, code];
  places.forEach((bits, index) => {
    UNPAIRED[index] = index === 0 ? bits : 0x80 | (bits & 63);
  });
  return utf8Text(UNPAIRED, 0, places.length);
}
