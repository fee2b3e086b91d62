/**
 * Strings to UTF-8 and back, in any Uint8Array: a log arena (shared memory), a mapped page, a scratch.
 *
 * Neither direction allocates more than the string itself. Node's own `utf8Write` and `utf8Slice` take any
 * Uint8Array as `this`, shared memory included, so that no Buffer has to be made over an arena, nor kept
 * (a cached one would save 15 ns and hold a released arena in memory). Public routes to the same code cost more:
 * `TextEncoder.encodeInto` and `TextDecoder` need a subarray for every string (35–50 ns on top).
 *
 * What crosses from JavaScript into C++ costs 55–90 ns whatever its length, so short ASCII stays in JavaScript
 * (Node 20, shared memory, ns):
 *
 *     bytes                      8    16    32   100
 *     write: loop               19    32    58   170
 *            utf8Write          79    79    80    82
 *     read:  16 arguments       35    29     –     –
 *            utf8Slice          87    88    91   105
 *
 * UTF-8 has no form for half a surrogate pair. Such strings are refused (INVALID) where they are written, as the
 * platform would store U+FFFD instead without a word; ill-formed bytes are CORRUPT where they are read.
 */
import { Buffer, isUtf8 } from "node:buffer";
import { DbError } from "../errors.ts";

interface TextMethods {
  utf8Write(this: Uint8Array, text: string, offset: number, lengthBytes: number): number;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}

const { utf8Write, utf8Slice } = Buffer.prototype as unknown as TextMethods;

/** From this length on, one call into C++ is cheaper than a loop. */
const LOOP_CHARACTERS = 40;

/** `readShortText` always takes this many bytes. */
const SHORT_BYTES = 16;

const REPLACEMENT = "\ufffd";

/** Writes `text`, well-formed and known to fit, and returns the number of bytes. */
export function writeText(text: string, into: Uint8Array, offset: number): number {
  const length = text.length;
  if (length > LOOP_CHARACTERS) {
    return utf8Write.call(into, text, offset, into.length - offset);
  }
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) {
      return utf8Write.call(into, text, offset, into.length - offset);
    }
    into[offset + i] = code;
  }
  return length;
}

/** The string that these bytes spell; CORRUPT if they are not UTF-8. */
export function readText(bytes: Uint8Array, offset: number, length: number): string {
  if (isShortAscii(bytes, offset, length)) {
    return readShortText(bytes, offset, length);
  }
  const text = utf8Slice.call(bytes, offset, offset + length);
  // A string of one-byte characters, which most are, answers this without a search.
  if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(offset, offset + length))) {
    throw new DbError("CORRUPT", "stored text is not UTF-8; run `nacre check` on the database", { bytes: length });
  }
  return text;
}

/** The same with U+FFFD in place of what is not UTF-8: for bytes that may be no text, and are to be read as one. */
export function readLossyText(bytes: Uint8Array, offset: number, length: number): string {
  return isShortAscii(bytes, offset, length)
    ? readShortText(bytes, offset, length)
    : utf8Slice.call(bytes, offset, offset + length);
}

/** Whether every surrogate in `text` has its other half: 7 ns for ASCII and Latin-1, 0.6 ns a character beyond. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function isShortAscii(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length > SHORT_BYTES || offset + SHORT_BYTES > bytes.length) {
    return false;
  }
  let bits = 0;
  for (let i = 0; i < length; i++) {
    bits |= bytes[offset + i]!;
  }
  return bits <= 0x7f;
}

/** One call with a fixed number of arguments is compiled in place; appending characters one by one takes 165 ns. */
function readShortText(bytes: Uint8Array, offset: number, length: number): string {
  const text = String.fromCharCode(
    bytes[offset]!,
    bytes[offset + 1]!,
    bytes[offset + 2]!,
    bytes[offset + 3]!,
    bytes[offset + 4]!,
    bytes[offset + 5]!,
    bytes[offset + 6]!,
    bytes[offset + 7]!,
    bytes[offset + 8]!,
    bytes[offset + 9]!,
    bytes[offset + 10]!,
    bytes[offset + 11]!,
    bytes[offset + 12]!,
    bytes[offset + 13]!,
    bytes[offset + 14]!,
    bytes[offset + 15]!,
  );
  return length === SHORT_BYTES ? text : text.slice(0, length);
}
