/** What the bytes of JSON text are: a class of bits for each, so that a test is one read of a table. */

/** White space of RFC 8259. */
const SPACE = 1;
export const DIGIT = 2;
export const HEX_DIGIT = 4;
/** Letters and digits of ASCII: what must not follow a word such as `true`. */
export const ALPHANUMERIC = 8;
/** What an unquoted label begins with: letters, `$`, `_` and everything beyond ASCII. */
export const LABEL_START = 16;
/** Stands for itself in a string, whatever the quotes: no control character, quote or backslash. */
export const PLAIN = 32;

const CLASSES = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const letter = byte | 0x20;
  const isLetter = letter >= 0x61 && letter <= 0x7a;
  const isPlain = byte >= 0x20 && byte !== 0x22 && byte !== 0x27 && byte !== 0x5c;
  CLASSES[byte] =
    (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d ? SPACE : 0) |
    (isDigit ? DIGIT : 0) |
    (isDigit || (isLetter && letter <= 0x66) ? HEX_DIGIT : 0) |
    (isDigit || (isLetter && byte < 0x80) ? ALPHANUMERIC : 0) |
    ((isLetter && byte < 0x80) || byte === 0x24 || byte === 0x5f || byte >= 0x80 ? LABEL_START : 0) |
    (isPlain ? PLAIN : 0);
}

/** 1 for bytes of the class PLAIN: for the innermost loops, where a test of bits takes twice as long. */
export const PLAIN_BYTES: Uint8Array = CLASSES.map((classes) => (classes & PLAIN) >>> 5);

/** Whether a byte has one of these classes; what lies behind the end of an array has none. */
export function isClass(byte: number | undefined, classes: number): boolean {
  return (CLASSES[byte!]! & classes) !== 0;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function isDigit(byte: number | undefined): boolean {
  return byte! >= 0x30 && byte! <= 0x39;
}

/** The value of a byte as a hexadecimal digit; of one that is none, some value below 16. */
export function hexValue(byte: number | undefined): number {
  const code = byte ?? 0;
  return (code + (code & 0x40 ? 9 : 0)) & 15;
}

/** Whether `count` hexadecimal digits stand at `at`. */
export function isHex(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) {
    if (!isClass(bytes[i], HEX_DIGIT)) {
      return false;
    }
  }
  return true;
}

/** The value of the two (or four) hexadecimal digits at `at`. */
export function hexNumber(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    value = value * 16 + hexValue(bytes[i]);
  }
  return value;
}
