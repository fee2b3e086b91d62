/**
 * Text between JavaScript strings and the UTF-8 that is stored, and its order, which is that of the bytes.
 *
 * Short ASCII is decoded by one `String.fromCharCode` over all its units: 5 bytes 16 ns, 8 bytes 19 ns, where a loop takes
 * 34 and 55 and `latin1Slice` 51 at any length. UTF-16 order is UTF-8 order except where a surrogate meets a unit from U+E000 on; `compareText`
 * mends that.
 */
const { fromCharCode } = String;
const nativeSlice = Buffer.prototype.latin1Slice as (this: Uint8Array, start: number, end: number) => string;
const nativeUtf8Slice = Buffer.prototype.utf8Slice as (this: Uint8Array, start: number, end: number) => string;
const nativeUtf8Write = Buffer.prototype.utf8Write as (this: Uint8Array, text: string, offset: number) => number;

/** Longest ASCII that is decoded in JavaScript. */
const SHORT_BYTES = 12;

/** ASCII bytes `[start, end)` as a string. */
export function asciiText(u8: Uint8Array, start: number, end: number): string {
  const length = end - start;
  return length <= 8
    ? shortText(u8, start, length)
    : length <= SHORT_BYTES
      ? shortText(u8, start, 8) + shortText(u8, start + 8, length - 8)
      : nativeSlice.call(u8, start, end);
}

/** Up to 8 ASCII bytes in one call. */
function shortText(u8: Uint8Array, at: number, length: number): string {
  switch (length) {
    case 0:
      return "";
    case 1:
      return fromCharCode(u8[at]!);
    case 2:
      return fromCharCode(u8[at]!, u8[at + 1]!);
    case 3:
      return fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!);
    case 4:
      return fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!, u8[at + 3]!);
    case 5:
      return fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!, u8[at + 3]!, u8[at + 4]!);
    case 6:
      return fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!, u8[at + 3]!, u8[at + 4]!, u8[at + 5]!);
    case 7:
      return fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!, u8[at + 3]!, u8[at + 4]!, u8[at + 5]!, u8[at + 6]!);
    default:
      return fromCharCode(
        u8[at]!,
        u8[at + 1]!,
        u8[at + 2]!,
        u8[at + 3]!,
        u8[at + 4]!,
        u8[at + 5]!,
        u8[at + 6]!,
        u8[at + 7]!,
      );
  }
}

/** UTF-8 bytes `[start, end)` as a string; what is not UTF-8 becomes U+FFFD. */
export function utf8Text(u8: Uint8Array, start: number, end: number): string {
  return nativeUtf8Slice.call(u8, start, end);
}

/** Longest text that is encoded in JavaScript. */
const SHORT_TEXT = 40;

/** Writes `text` as UTF-8; there is room for three bytes a unit. The bytes written: as many as units if it is ASCII. */
export function writeText(text: string, into: Uint8Array, offset: number): number {
  const { length } = text;
  if (length <= SHORT_TEXT) {
    let at = 0;
    for (; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 128) {
        break;
      }
      into[offset + at] = code;
    }
    if (at === length) {
      return length;
    }
  }
  return nativeUtf8Write.call(into, text, offset);
}

export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  return bytes.slice(0, writeText(text, bytes, 0));
}

/** Negative, zero or positive, in the order of the UTF-8 of both. */
export function compareText(a: string, b: string): number {
  const shared = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      return x >= 0xd800 && y >= 0xd800 ? rotate(x) - rotate(y) : x - y;
    }
  }
  return a.length - b.length;
}

/** Puts surrogates (code points from U+10000) after U+E000 … U+FFFF. */
function rotate(unit: number): number {
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Compares bytes `[start, end)` with `other`, as `memcmp` does. */
export function compareInPlace(u8: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const length = end - start;
  const shared = length < other.length ? length : other.length;
  for (let i = 0; i < shared; i++) {
    const difference = u8[start + i]! - other[i]!;
    if (difference !== 0) {
      return difference;
    }
  }
  return length - other.length;
}

/** Whether bytes `[start, end)` are those of `other`. */
export function equalInPlace(u8: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) {
    return false;
  }
  for (let i = 0; i < other.length; i++) {
    if (u8[start + i] !== other[i]) {
      return false;
    }
  }
  return true;
}

/** The text up to its first NUL: what SQLite sees of it where it takes it for a C string. */
export function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
