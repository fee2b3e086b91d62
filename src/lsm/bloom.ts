/**
 * The Bloom filter as a structure of its own: `import { BloomFilter } from "nacre/bloom"`. The engine's filters are the same
 * blocks in pages (filter.ts).
 *
 * Serialised, little endian:
 *
 *     0                8         12      16       20       24              32                 40      64
 *     ├────────────────┼─────────┼───────┼────────┼────────┼───────────────┼──────────────────┼───────┼──────────────────┤
 *     │ "nacre.bf"     │ version │ crc32 │ blocks │ probes │ count, 2 × u32 │ capacity, 2 × u32 │ zeros │ blocks, 64 bytes │
 *     └────────────────┴─────────┴───────┴────────┴────────┴───────────────┴──────────────────┴───────┴──────────────────┘
 *
 *   crc32    of bytes 16 to the end (zlib's polynomial)
 *
 * A filter that other versions are to read keeps its hash, its blocks and its bits: all of it is the format.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { highWord, isBytes, joinWords, lowWord } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { BLOCK_BITS, BLOCK_BYTES, blockOf, hasBits, MAX_PROBES, setBits } from "./bloom-block.ts";
import { predictedRate, probesFor, summedRate } from "./bloom-rate.ts";
import { KeyHash } from "./hash.ts";

/** How large a filter is made: by bits for each key, or by the rate of false positives that it may reach. */
export type BloomFilterOptions =
  | {
      /** How many different keys it is made for. More may be added, at a higher rate of false positives. */
      readonly capacity: number;
      /** 1 to 64; 10 unless given, which comes to a rate of 1 %. */
      readonly bitsPerKey?: number;
      readonly falsePositiveRate?: never;
    }
  | {
      readonly capacity: number;
      readonly bitsPerKey?: never;
      /** 1e-7 to 0.5: with `capacity` keys in it, at most this share of other keys looks as if it were there. */
      readonly falsePositiveRate: number;
    };

const OPTIONS = ["capacity", "bitsPerKey", "falsePositiveRate"];
const DEFAULT_BITS_PER_KEY = 10;
const MAX_BITS_PER_KEY = 64;
const MIN_RATE = 1e-7;
const MAX_RATE = 0.5;
/** 1 GiB. */
const MAX_BLOCKS = 2 ** 24;

// The format of a serialised filter; never renumber.
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

/** Strings of up to a third of this are encoded here; longer ones get bytes of their own. */
const SCRATCH_BYTES = 4096;
/** Up to here a loop encodes ASCII faster than a call into C++, which takes 60 to 90 ns. */
const LOOP_CHARACTERS = 40;
const MAX_BYTES_A_CHARACTER = 3;

const hash = new KeyHash();
const scratch: Buffer = Buffer.alloc(SCRATCH_BYTES);

/**
 * A set that is asked "is this key in it?" and answers "no" or "probably": in ten bits a key, whatever the keys' size. What
 * was added is always found; of what was not, a known share (1 % at ten bits) is found too. Nothing can be taken out.
 *
 *     import { BloomFilter } from "nacre/bloom";
 *
 *     const seen = new BloomFilter({ capacity: 1_000_000, falsePositiveRate: 0.001 });
 *     seen.add("https://example.org/");
 *     seen.has("https://example.org/"); // true
 *     seen.has("https://example.com/"); // false, but for one key in a thousand
 *
 *     const bytes = seen.serialize(); // 1.9 MB for a million keys
 *     const same = BloomFilter.deserialize(bytes);
 *
 * Keys are bytes; a string stands for its UTF-8 bytes. A key is hashed (MurmurHash3 x86_128) to one block of 512 bits and
 * to bits of it: a blocked Bloom filter after Putze, Sanders and Singler, Cache-, Hash- and Space-Efficient Bloom Filters
 * (2007), one or two cache misses a key. The hash is no secret: whoever may choose keys can choose some that are found
 * without having been added.
 */
export class BloomFilter {
  #capacity: number;
  #count: number;
  #blocks: number;
  #probes: number;
  #u8: Uint8Array;

  /** An empty filter. Throws INVALID for options that are not as described, or that come to more than 1 GiB. */
  constructor(options: BloomFilterOptions) {
    checkOptions(options);
    const { capacity, bitsPerKey = DEFAULT_BITS_PER_KEY, falsePositiveRate } = options;
    const isByRate = falsePositiveRate !== undefined;
    const blocks = isByRate ? blocksFor(capacity, falsePositiveRate) : Math.ceil((capacity * bitsPerKey) / BLOCK_BITS);
    checkBlocks(blocks);
    this.#capacity = capacity;
    this.#count = 0;
    this.#blocks = blocks;
    this.#probes = isByRate ? probesWithin(capacity, blocks, falsePositiveRate) : probesFor(bitsPerKey);
    this.#u8 = new Uint8Array(blocks * BLOCK_BYTES);
  }

  /**
   * The filter that `serialize` made the bytes of. They are copied. Throws UNSUPPORTED { version } for a version that this
   * one does not know, CORRUPT for bytes that are no filter, or a damaged one, and INVALID for what is not bytes.
   */
  static deserialize(bytes: Uint8Array): BloomFilter {
    if (!isBytes(bytes)) {
      throw new DbError("INVALID", "a Bloom filter is deserialised from a Uint8Array, as serialize made it");
    }
    const { blocks, probes, count, capacity } = decodeHeader(bytes);
    const filter = new BloomFilter({ capacity: 1 });
    filter.#capacity = capacity;
    filter.#count = count;
    filter.#blocks = blocks;
    filter.#probes = probes;
    filter.#u8 = new Uint8Array(blocks * BLOCK_BYTES);
    filter.#u8.set(bytes.subarray(HEADER_BYTES));
    return filter;
  }

  /** The number of keys that it was made for. */
  get capacity(): number {
    return this.#capacity;
  }

  /**
   * How many different keys were added, as far as the filter can tell: a key that looked as if it were there already is not
   * counted, so that the count falls behind once the rate of false positives is more than a few percent. After `merge` it
   * is the sum, in which keys of both count twice.
   */
  get count(): number {
    return this.#count;
  }

  /** Bytes of memory that its bits take, a multiple of 64; serialised, it takes 64 more. */
  get sizeBytes(): number {
    return this.#u8.length;
  }

  /**
   * The share of keys, of those that were not added, that `has` says true of: measured, exactly, from the bits that are
   * set, at half a millisecond for each MiB. 0 to 1.
   */
  get falsePositiveRate(): number {
    return summedRate(this.#words, 0, this.#blocks, this.#probes) / this.#blocks;
  }

  /** The rate that is to be expected when as many keys are in it as it was made for, to hold the measured one against. 0 to 1. */
  get predictedFalsePositiveRate(): number {
    return predictedRate(this.#capacity, this.#blocks, this.#probes);
  }

  /**
   * Adds a key. Returns false if it was there already, or looks as if it were, and so nothing changed. Throws INVALID for a
   * key that is neither string nor bytes.
   */
  add(key: string | Uint8Array): boolean {
    hashKey(key);
    const block = blockOf(hash.low, this.#blocks) * BLOCK_BYTES;
    const isNew = setBits(this.#u8, block, hash.high, this.#probes);
    if (isNew) {
      this.#count++;
    }
    return isNew;
  }

  /** False: the key was not added. True: it was, or is one of the false positives. Throws INVALID as `add` does. */
  has(key: string | Uint8Array): boolean {
    hashKey(key);
    const block = blockOf(hash.low, this.#blocks) * BLOCK_BYTES;
    return hasBits(this.#u8, block, hash.high, this.#probes);
  }

  /**
   * Adds all that was added to another filter. Throws INVALID unless both have the same shape: made with the same options,
   * or deserialised from filters that were.
   */
  merge(other: BloomFilter): void {
    if (typeof other !== "object" || other === null || !(#blocks in other)) {
      throw new DbError("INVALID", "a Bloom filter is merged with another BloomFilter");
    }
    if (other.#blocks !== this.#blocks || other.#probes !== this.#probes) {
      throw new DbError(
        "INVALID",
        `Bloom filters of different shapes cannot be merged: ${this.#shape} here, ${other.#shape} there; ` +
          "make both with the same options",
        {
          sizeBytes: this.sizeBytes,
          otherSizeBytes: other.sizeBytes,
          probes: this.#probes,
          otherProbes: other.#probes,
        },
      );
    }
    if (other === this) {
      return;
    }
    const from = other.#words;
    const into = this.#words;
    for (let i = 0; i < into.length; i++) {
      into[i] = into[i]! | from[i]!;
    }
    this.#count += other.#count;
  }

  /** The filter as bytes, with a checksum, for `deserialize` of this or a later version on any machine. */
  serialize(): Uint8Array {
    const bytes = new Uint8Array(HEADER_BYTES + this.#u8.length);
    const data = new DataView(bytes.buffer);
    for (let i = 0; i < MAGIC.length; i++) {
      bytes[i] = MAGIC.charCodeAt(i);
    }
    data.setUint32(VERSION_OFFSET, VERSION, true);
    data.setUint32(BLOCKS_OFFSET, this.#blocks, true);
    data.setUint32(PROBES_OFFSET, this.#probes, true);
    putWords(data, COUNT_OFFSET, this.#count);
    putWords(data, CAPACITY_OFFSET, this.#capacity);
    bytes.set(this.#u8, HEADER_BYTES);
    data.setUint32(CRC_OFFSET, crc32(bytes.subarray(BLOCKS_OFFSET)), true);
    return bytes;
  }

  get #words(): Uint32Array {
    return new Uint32Array(this.#u8.buffer);
  }

  get #shape(): string {
    return `${this.sizeBytes} bytes and ${this.#probes} bits a key`;
  }
}

/** Leaves the key's hash in `hash`. */
function hashKey(key: string | Uint8Array): void {
  if (typeof key === "string") {
    hashText(key);
  } else if (isBytes(key)) {
    hash.of(key, 0, key.length);
  } else {
    throw new DbError("INVALID", `a key of a Bloom filter is a string or a Uint8Array, not ${kindOf(key)}`);
  }
}

function hashText(text: string): void {
  const length = text.length;
  if (length <= LOOP_CHARACTERS) {
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bits |= code;
      scratch[i] = code;
    }
    if (bits < 0x80) {
      hash.of(scratch, 0, length);
      return;
    }
  }
  if (length * MAX_BYTES_A_CHARACTER <= SCRATCH_BYTES) {
    hash.of(scratch, 0, scratch.write(text));
  } else {
    const bytes = Buffer.from(text);
    hash.of(bytes, 0, bytes.length);
  }
}

/** Throws INVALID. */
function checkOptions(options: BloomFilterOptions): void {
  if (typeof options !== "object" || options === null) {
    throw invalid("a Bloom filter takes options: { capacity, bitsPerKey } or { capacity, falsePositiveRate }");
  }
  for (const name in options) {
    if (!OPTIONS.includes(name)) {
      throw invalid(`a Bloom filter has no option ${name}; it takes ${OPTIONS.join(", ")}`);
    }
  }
  const { capacity, bitsPerKey, falsePositiveRate } = options;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw invalid(`the option capacity is how many keys a Bloom filter is made for, from 1 on, not ${capacity}`);
  }
  if (bitsPerKey !== undefined && falsePositiveRate !== undefined) {
    throw invalid("a Bloom filter takes bitsPerKey or falsePositiveRate, not both: one follows from the other");
  }
  if (bitsPerKey !== undefined && !(bitsPerKey >= 1 && bitsPerKey <= MAX_BITS_PER_KEY)) {
    throw invalid(`the option bitsPerKey is from 1 to ${MAX_BITS_PER_KEY}, not ${bitsPerKey}`);
  }
  if (falsePositiveRate !== undefined && !(falsePositiveRate >= MIN_RATE && falsePositiveRate <= MAX_RATE)) {
    throw invalid(`the option falsePositiveRate is from ${MIN_RATE} to ${MAX_RATE}, not ${falsePositiveRate}`);
  }
}

/** The fewest blocks with which `capacity` keys stay within a rate. */
function blocksFor(capacity: number, rate: number): number {
  let tooFew = 0;
  let enough = Math.ceil((capacity * MAX_BITS_PER_KEY) / BLOCK_BITS);
  while (enough - tooFew > 1) {
    const blocks = Math.floor((tooFew + enough) / 2);
    if (predictedRate(capacity, blocks, probesFor((blocks * BLOCK_BITS) / capacity)) <= rate) {
      enough = blocks;
    } else {
      tooFew = blocks;
    }
  }
  return enough;
}

/** The fewest bits to set for a key with which `capacity` keys stay within a rate; some number of them does. */
function probesWithin(capacity: number, blocks: number, rate: number): number {
  let probes = 1;
  while (predictedRate(capacity, blocks, probes) > rate) {
    probes++;
  }
  return probes;
}

/** Throws INVALID. */
function checkBlocks(blocks: number): void {
  if (blocks > MAX_BLOCKS) {
    throw new DbError(
      "INVALID",
      `a Bloom filter is at most ${MAX_BLOCKS * BLOCK_BYTES} bytes, and this one would be ${blocks * BLOCK_BYTES}; ` +
        "make it for fewer keys or with fewer bits for each, or divide the keys among several",
      { limit: MAX_BLOCKS * BLOCK_BYTES, sizeBytes: blocks * BLOCK_BYTES },
    );
  }
}

interface Header {
  readonly blocks: number;
  readonly probes: number;
  readonly count: number;
  readonly capacity: number;
}

/** Throws CORRUPT or UNSUPPORTED for whatever `serialize` does not write. */
function decodeHeader(bytes: Uint8Array): Header {
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
  const header = {
    blocks,
    probes: data.getUint32(PROBES_OFFSET, true),
    count: getWords(data, COUNT_OFFSET),
    capacity: getWords(data, CAPACITY_OFFSET),
  };
  const { probes, count, capacity } = header;
  const isPossible =
    probes >= 1 &&
    probes <= MAX_PROBES &&
    Number.isSafeInteger(count) &&
    Number.isSafeInteger(capacity) &&
    capacity > 0;
  if (!isPossible || bytes.subarray(UNUSED_OFFSET, HEADER_BYTES).some((byte) => byte !== 0)) {
    throw corrupt(`there is no filter of ${probes} bits a key, ${count} keys of ${capacity}`, bytes);
  }
  return header;
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

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function invalid(message: string): DbError {
  return new DbError("INVALID", message);
}

function corrupt(why: string, bytes: Uint8Array): DbError {
  return new DbError(
    "CORRUPT",
    `${bytes.length} bytes are no Bloom filter, or a damaged one: ${why}; restore them, or make the filter anew`,
    { sizeBytes: bytes.length },
  );
}
