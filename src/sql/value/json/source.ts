/** The text that is read now, as UTF-8 with zero bytes behind it: what parsers look ahead into. One buffer, used again. */
import { writeText } from "../text.ts";
import { copyBytes } from "./byte-buffer.ts";

/** What a parser may look at behind the end. */
const ZEROS_BEHIND = 16;
const FIRST_BYTES = 4096;
/** A larger buffer is not kept. */
const KEPT_BYTES = 2 ** 20;

let kept: Uint8Array = new Uint8Array(FIRST_BYTES);

/** Valid until the next text is encoded. */
export const source: { bytes: Uint8Array; length: number } = { bytes: kept, length: 0 };

export function encodeSource(text: string): void {
  const bytes = roomFor(text.length * 3);
  close(bytes, writeText(text, bytes, 0));
}

/** Takes bytes `[start, end)` for UTF-8, as SQLite does with a blob where it wants a text. */
export function copySource(from: Uint8Array, start: number, end: number): void {
  const bytes = roomFor(end - start);
  // It may be the source itself that is copied, but then to a place before.
  copyBytes(from, start, end, bytes, 0);
  close(bytes, end - start);
}

function roomFor(count: number): Uint8Array {
  if (count + ZEROS_BEHIND <= kept.length) {
    return kept;
  }
  const larger = new Uint8Array(Math.max(count + ZEROS_BEHIND, kept.length * 2));
  if (larger.length <= KEPT_BYTES) {
    kept = larger;
  }
  return larger;
}

function close(bytes: Uint8Array, length: number): void {
  for (let i = length; i < length + ZEROS_BEHIND; i++) {
    bytes[i] = 0;
  }
  source.bytes = bytes;
  source.length = length;
}
