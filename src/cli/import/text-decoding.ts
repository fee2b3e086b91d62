/**
 * Bytes of a file, in whatever chunks they arrive, as text that never splits a character.
 *
 * UTF-8 is verified, not repaired: a file in another encoding would otherwise be imported with U+FFFD in place of
 * its letters, and nobody would notice before the original is gone. A byte order mark is dropped; one of UTF-16
 * is refused with the way to convert. `Buffer.toString` after `isUtf8` decodes 3 GB/s of ASCII (a streaming
 * `TextDecoder` with `fatal`: 0.4 GB/s), so the incomplete character at the end of a chunk is held back by hand.
 */
import { isUtf8 } from "node:buffer";
import { DbError } from "../../errors.ts";

/** A character of UTF-8 is at most this long, so at most one byte fewer is ever held back. */
const MAX_CHARACTER_BYTES = 4;

export class TextDecoding {
  #name: string;
  #held: Buffer;
  #decodedBytes: number;

  /** `name` is the file as error messages are to call it. */
  constructor(name: string) {
    this.#name = name;
    this.#held = Buffer.alloc(0);
    this.#decodedBytes = 0;
  }

  /** The text of the whole characters so far; throws INVALID {offset} where the bytes are not UTF-8. */
  push(chunk: Uint8Array): string {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = this.#held.length === 0 ? view : Buffer.concat([this.#held, view]);
    const whole = wholeCharacters(bytes);
    // Copied, since the reader may reuse its chunk.
    this.#held = Buffer.from(bytes.subarray(whole));
    return this.#decode(bytes.subarray(0, whole));
  }

  /** To be called once after the last chunk. */
  end(): string {
    return this.#decode(this.#held);
  }

  #decode(bytes: Buffer): string {
    const isStart = this.#decodedBytes === 0;
    if (isStart) {
      refuseUtf16(this.#name, bytes);
    }
    if (!isUtf8(bytes)) {
      const offset = this.#decodedBytes + firstInvalid(bytes);
      throw new DbError(
        "INVALID",
        `${this.#name}: the byte at offset ${offset} is not UTF-8; convert the file first, for instance with iconv -f latin1 -t utf-8`,
        { offset },
      );
    }
    this.#decodedBytes += bytes.length;
    const text = bytes.toString("utf8");
    return isStart && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

/** How many leading bytes end at the end of a character (or of something that is none, for the check to find). */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back < MAX_CHARACTER_BYTES && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) {
      return bytes.length;
    }
    if (byte >= 0xc0) {
      const lengthBytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return lengthBytes > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function refuseUtf16(name: string, bytes: Buffer): void {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) {
    throw new DbError("INVALID", `${name}: this is UTF-16; convert it first: iconv -f utf-16 -t utf-8`);
  }
}

/** Offset of the first byte that belongs to no valid character: bisection over prefixes that end at a character. */
function firstInvalid(bytes: Buffer): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    const whole = wholeCharacters(bytes.subarray(0, middle));
    if (isUtf8(bytes.subarray(0, whole))) {
      valid = middle;
    } else {
      invalid = middle;
    }
  }
  return wholeCharacters(bytes.subarray(0, valid));
}
