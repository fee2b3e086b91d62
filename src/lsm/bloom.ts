/**
 * The Bloom filter as a structure of its own: `import { BloomFilter } from "nacre/bloom"`. The engine's filters are the same
 * blocks in pages (filter.ts).
 *
 * How large a filter becomes is in bloom-shape.ts, how it is written down in bloom-format.ts.
 */
import { Buffer } from "node:buffer";
import { isBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { BLOCK_BYTES, blockOf, hasBits, setBits } from "./bloom-block.ts";
import { decodeBloom, encodeBloom } from "./bloom-format.ts";
import { predictedRate, summedRate } from "./bloom-rate.ts";
import { type BloomFilterOptions, shapeOf } from "./bloom-shape.ts";
import { KeyHash } from "./hash.ts";

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
    const { capacity, blocks, probes } = shapeOf(options);
    this.#capacity = capacity;
    this.#count = 0;
    this.#blocks = blocks;
    this.#probes = probes;
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
    const { capacity, count, blocks, probes, bits } = decodeBloom(bytes);
    const filter = new BloomFilter({ capacity: 1 });
    filter.#capacity = capacity;
    filter.#count = count;
    filter.#blocks = blocks;
    filter.#probes = probes;
    filter.#u8 = bits;
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
   * set, at 2 or 3 ms for each MiB. 0 to 1.
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
    return encodeBloom({
      capacity: this.#capacity,
      count: this.#count,
      blocks: this.#blocks,
      probes: this.#probes,
      bits: this.#u8,
    });
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

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}
