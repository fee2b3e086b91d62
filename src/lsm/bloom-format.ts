/**
 * A Bloom filter as bytes, little endian:
 *
 *     0            8         12      16       20       24                32                   40      64
 *     ├────────────┼─────────┼───────┼────────┼────────┼─────────────────┼────────────────────┼───────┼──────────────────┐
 *     │ "nacre.bf" │ version │ crc32 │ blocks │ probes │ count, 2 × u32  │ capacity, 2 × u32  │ zeros │ blocks, 64 bytes │
 *     └────────────┴─────────┴───────┴────────┴────────┴─────────────────┴────────────────────┴───────┴──────────────────┘
 *
 *   crc32    of bytes 16 to the end (zlib's polynomial)
 *
 * The hash of a key (hash.ts), its block and its bits (bloom-block.ts) belong to the format as well: version 1 has them as
 * they are there.
 */
import { crc32 } from "node:zlib";
import { highWord, joinWords, lowWord } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { BLOCK_BYTES, MAX_BLOCKS, MAX_PROBES } from "./bloom-block.ts";

// Part of the format; never renumber.
const MAGIC = "nacre.bf";
const VERSION = 1;
const VERSION_OFFSET = 8;
const CRC_OFFSET = 12;
const BLOCKS_OFFSET = 16;
const PROBES_OFFSET = 20;
const COUNT_OFFSET = 24;
const CAPACITY_OFFSET = 32;
const UNUSED_OFFSET = 40;
const HEADER_BYTES = 64;

export interface BloomState {
  readonly capacity: number;
  readonly count: number;
  readonly blocks: number;
  readonly probes: number;
  /** The blocks. */
  readonly bits: Uint8Array;
}

export function encodeBloom({ capacity, count, blocks, probes, bits }: BloomState): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + bits.length);
  const data = new DataView(bytes.buffer);
  for (let i = 0; i < MAGIC.length; i++) {
    bytes[i] = MAGIC.charCodeAt(i);
  }
  data.setUint32(VERSION_OFFSET, VERSION, true);
  data.setUint32(BLOCKS_OFFSET, blocks, true);
  data.setUint32(PROBES_OFFSET, probes, true);
  putWords(data, COUNT_OFFSET, count);
  putWords(data, CAPACITY_OFFSET, capacity);
  bytes.set(bits, HEADER_BYTES);
  data.setUint32(CRC_OFFSET, crc32(bytes.subarray(BLOCKS_OFFSET)), true);
  return bytes;
}

/** The filter in the bytes, which are copied. Throws CORRUPT or UNSUPPORTED for whatever `encodeBloom` does not write. */
export function decodeBloom(bytes: Uint8Array): BloomState {
  if (bytes.length < HEADER_BYTES || !hasMagic(bytes)) {
    throw corrupt("they do not begin as one does", bytes);
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = data.getUint32(VERSION_OFFSET, true);
  if (version !== VERSION) {
    throw new DbError(
      "UNSUPPORTED",
      `a Bloom filter of version ${version} cannot be read, only version ${VERSION}: a later version of nacre wrote it`,
      { version },
    );
  }
  const blocks = data.getUint32(BLOCKS_OFFSET, true);
  if (blocks < 1 || blocks > MAX_BLOCKS || bytes.length !== HEADER_BYTES + blocks * BLOCK_BYTES) {
    throw corrupt(`${blocks} blocks of ${BLOCK_BYTES} bytes have another length`, bytes);
  }
  const stored = data.getUint32(CRC_OFFSET, true);
  const actual = crc32(bytes.subarray(BLOCKS_OFFSET));
  if (stored !== actual) {
    throw corrupt(`their checksum is ${actual}, not ${stored} as they say`, bytes);
  }
  const probes = data.getUint32(PROBES_OFFSET, true);
  const count = getWords(data, COUNT_OFFSET);
  const capacity = getWords(data, CAPACITY_OFFSET);
  const isPossible =
    probes >= 1 &&
    probes <= MAX_PROBES &&
    Number.isSafeInteger(count) &&
    Number.isSafeInteger(capacity) &&
    capacity > 0 &&
    bytes.subarray(UNUSED_OFFSET, HEADER_BYTES).every((byte) => byte === 0);
  if (!isPossible) {
    throw corrupt(`there is no filter of ${probes} bits a key, ${count} keys of ${capacity}`, bytes);
  }
  const bits = new Uint8Array(blocks * BLOCK_BYTES);
  bits.set(bytes.subarray(HEADER_BYTES));
  return { capacity, count, blocks, probes, bits };
}

function hasMagic(bytes: Uint8Array): boolean {
  for (let i = 0; i < MAGIC.length; i++) {
    if (bytes[i] !== MAGIC.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** A whole number up to 2^53 as two words. */
function putWords(data: DataView, offset: number, value: number): void {
  data.setUint32(offset, lowWord(value), true);
  data.setUint32(offset + 4, highWord(value), true);
}

function getWords(data: DataView, offset: number): number {
  return joinWords(data.getUint32(offset, true), data.getUint32(offset + 4, true));
}

function corrupt(why: string, bytes: Uint8Array): DbError {
  return new DbError(
    "CORRUPT",
    `${bytes.length} bytes are no Bloom filter, or a damaged one: ${why}; restore them, or make the filter anew`,
    { sizeBytes: bytes.length },
  );
}
