/**
 * The entries, the same for every engine, round and process: a function of their number, so that nobody has to hold them.
 *
 *   key     16 bytes: four scrambled words of the entry's number. Numbers in order are keys at random.
 *   value   100 random bytes, one of 4096 that are made once: no two in a block of any engine's are alike, so there is
 *           nothing to compress, and preparing a value costs nothing
 *
 * Keys are prepared, and thrown away, 100,000 at a time with the clock stopped: 3 million Buffers held would make every
 * collection of garbage a part of what is measured.
 */
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
/** How many keys are prepared at a time. */
export const CHUNK_ENTRIES = 100_000;

const VALUE_COUNT = 4096;
const SEED = 0x6e61_6372;

const values: readonly Buffer[] = makeValues();

/** Writes the key of entry number `entry` (below 2^30). */
export function writeKey(entry: number, into: Buffer, offset: number): void {
  for (let word = 0; word < KEY_BYTES / 4; word++) {
    const bits = scramble(Math.imul(entry, 4) + word + SEED);
    into[offset + word * 4] = bits;
    into[offset + word * 4 + 1] = bits >>> 8;
    into[offset + word * 4 + 2] = bits >>> 16;
    into[offset + word * 4 + 3] = bits >>> 24;
  }
}

export function keyFor(entry: number): Buffer {
  const key = Buffer.allocUnsafeSlow(KEY_BYTES);
  writeKey(entry, key, 0);
  return key;
}

export function valueFor(entry: number): Buffer {
  return values[entry % VALUE_COUNT]!;
}

/** Keys of `count` entries, whose numbers `entryAt(0)`, `entryAt(1)`, … gives; all in one block of memory. */
export function keysOf(count: number, entryAt: (index: number) => number): Buffer[] {
  const block = Buffer.allocUnsafeSlow(count * KEY_BYTES);
  const keys: Buffer[] = new Array(count);
  for (let i = 0; i < count; i++) {
    writeKey(entryAt(i), block, i * KEY_BYTES);
    keys[i] = block.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES);
  }
  return keys;
}

/** What a tally of all entries must come to. */
export function sumOfFirstBytes(entries: number): number {
  let sum = 0;
  const key = Buffer.allocUnsafeSlow(KEY_BYTES);
  for (let entry = 0; entry < entries; entry++) {
    writeKey(entry, key, 0);
    sum += key[0]! + valueFor(entry)[0]!;
  }
  return sum;
}

/** Numbers drawn from [0, limit), the same sequence for the same seed (xorshift, Marsaglia 2003). */
export function drawing(limit: number, seed: number): () => number {
  let state = scramble(seed + 1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Every number of [0, limit) once, far from its neighbours: the first `limit` results of the function. */
export function shuffling(limit: number): () => number {
  let stride = Math.max(1, Math.floor(limit * 0.618));
  while (greatestCommonDivisor(stride, limit) !== 1) {
    stride++;
  }
  let next = 0;
  return () => {
    next = (next + stride) % limit;
    return next;
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The finalizer of MurmurHash3: one to one on words, so that keys differ. */
function scramble(word: number): number {
  let bits = word >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function makeValues(): Buffer[] {
  const block = Buffer.allocUnsafeSlow(VALUE_COUNT * VALUE_BYTES);
  const draw = drawing(256, SEED);
  for (let i = 0; i < block.length; i++) {
    block[i] = draw();
  }
  return Array.from({ length: VALUE_COUNT }, (_, i) => block.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES));
}
