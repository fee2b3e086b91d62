/** White space of JSON5: that of RFC 8259, the other spaces of Unicode, and comments. The text ends with a zero byte. */

/** Where the white space ends that begins at `at`; a comment that does not end is none. */
export function skipWhiteSpace(text: Uint8Array, at: number): number {
  for (;;) {
    const next = skipOne(text, at);
    if (next === at) {
      return at;
    }
    at = next;
  }
}

function skipOne(text: Uint8Array, at: number): number {
  const byte = text[at]!;
  if ((byte >= 0x09 && byte <= 0x0d) || byte === 0x20) {
    return at + 1;
  }
  if (byte === 0x2f) {
    return skipComment(text, at);
  }
  return byte < 0xc2 ? at : at + unicodeSpaceBytes(byte, text[at + 1]!, text[at + 2]!);
}

function skipComment(text: Uint8Array, at: number): number {
  if (text[at + 1] === 0x2a && text[at + 2] !== 0) {
    for (let end = at + 3; text[end] !== 0; end++) {
      if (text[end] === 0x2f && text[end - 1] === 0x2a) {
        return end + 1;
      }
    }
    return at;
  }
  if (text[at + 1] !== 0x2f) {
    return at;
  }
  let end = at + 2;
  while (text[end] !== 0 && text[end] !== 0x0a && text[end] !== 0x0d && !isLineSeparator(text, end)) {
    end++;
  }
  return text[end] === 0 ? end : end + (text[end] === 0xe2 ? 3 : 1);
}

/** U+2028 and U+2029 end a line. */
export function isLineSeparator(text: Uint8Array, at: number): boolean {
  return text[at] === 0xe2 && text[at + 1] === 0x80 && (text[at + 2] === 0xa8 || text[at + 2] === 0xa9);
}

/** The length of the space that begins with these bytes, or 0. */
function unicodeSpaceBytes(first: number, second: number, third: number): number {
  switch (first) {
    case 0xc2: // U+00A0
      return second === 0xa0 ? 2 : 0;
    case 0xe1: // U+1680
      return second === 0x9a && third === 0x80 ? 3 : 0;
    case 0xe2: {
      // U+2000 … U+200A, U+2028, U+2029, U+202F; U+205F
      const isSpace =
        second === 0x80
          ? (third >= 0x80 && third <= 0x8a) || third === 0xa8 || third === 0xa9 || third === 0xaf
          : second === 0x81 && third === 0x9f;
      return isSpace ? 3 : 0;
    }
    case 0xe3: // U+3000
      return second === 0x80 && third === 0x80 ? 3 : 0;
    case 0xef: // U+FEFF, the byte order mark
      return second === 0xbb && third === 0xbf ? 3 : 0;
    default:
      return 0;
  }
}
