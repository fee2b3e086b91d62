/**
 * Bloom filters: the hash, a filter by itself beside npm's bloom-filters, filters in pages, and what a full one lets through.
 *
 *     node dist/bench/bloom.js [keys]          10,000,000 unless given; a minute
 *
 * Nanoseconds of processor time for each key of 16 bytes, the best of several rounds; the peer's turn follows ours in each
 * round. Small filters lie in the processor's caches, large ones do not. The peer is made for the rate that ours has.
 */
import { BloomFilter } from "../src/bloom.ts";
import { FilterBuilder, FilterReader } from "../src/lsm/filter.ts";
import { KeyHash } from "../src/lsm/hash.ts";
import { FreeSpace, MemoryDisk, PageFile } from "../src/pager/index.ts";
import { installPeers, requirePeer } from "./kv/peers.ts";

interface PeerFilter {
  add(key: Buffer | string): void;
  has(key: Buffer | string): boolean;
}

interface Peer {
  readonly BloomFilter: {
    create(keys: number, rate: number): PeerFilter & { readonly size: number };
  };
}

const KEY_BYTES = 16;
const ROUNDS = 7;
/** Keys asked for in a round, out of all; the peer is too slow for as many. */
const SAMPLE = 200_000;
const PEER_SAMPLE = 10_000;
/** Strings are made before the clock runs, and few, since what they take of the caches is not the filter's. */
const TEXTS = 2000;

const key: Buffer = Buffer.alloc(KEY_BYTES);
const keyData: DataView = new DataView(key.buffer, key.byteOffset, KEY_BYTES);

/** Key number `n`, spread so that neighbours have nothing in common. */
function writeKey(data: DataView, offset: number, n: number): void {
  data.setUint32(offset, Math.imul(n, 0x9e3779b1), true);
  data.setUint32(offset + 4, n, true);
  data.setUint32(offset + 8, Math.imul(n, 0x85ebca6b) ^ (n >>> 13), true);
  data.setUint32(offset + 12, n ^ 0x5bd1e995, true);
}

function userNs(count: number, run: () => void): number {
  const start = process.cpuUsage().user;
  run();
  return ((process.cpuUsage().user - start) * 1000) / count;
}

function print(label: string, ...columns: string[]): void {
  process.stdout.write(`${label.padEnd(34)}${columns.map((column) => column.padStart(14)).join("")}\n`);
}

function ns(value: number): string {
  return `${value.toFixed(1)} ns`;
}

/** The best of several rounds each, in turn. */
function compare(label: string, ours: (round: number) => number, theirs?: (round: number) => number): void {
  let bestOurs = Number.POSITIVE_INFINITY;
  let bestTheirs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    bestOurs = Math.min(bestOurs, ours(round));
    bestTheirs = Math.min(bestTheirs, theirs?.(round) ?? Number.POSITIVE_INFINITY);
  }
  const peer = theirs === undefined ? [] : [ns(bestTheirs), `${(bestTheirs / bestOurs).toFixed(0)}x`];
  print(label, ns(bestOurs), ...peer);
}

function benchHash(): void {
  const bytes = new Uint8Array(1 << 20).map((_, i) => Math.imul(i, 0x9e3779b1) >>> 11);
  const hash = new KeyHash();
  let sum = 0;
  for (const length of [4, 8, 16, 20, 32, 64, 128, 1024]) {
    const count = 1 << 16;
    compare(`hash of ${length} bytes`, () =>
      userNs(4 * count, () => {
        for (let i = 0; i < 4 * count; i++) {
          hash.of(bytes, 7 * (i & (count - 1)), length);
          sum ^= hash.low ^ hash.high;
        }
      }),
    );
  }
  refuse(sum === 1, "the hashes of all keys cannot cancel out");
}

/** A filter with `keys` keys beside the peer's. One key is made over and over, which takes 3 ns of each figure. */
function benchFilter(peer: Peer, keys: number): void {
  const filter = new BloomFilter({ capacity: keys });
  const other = peer.BloomFilter.create(keys, filter.predictedFalsePositiveRate);
  for (let n = 0; n < keys; n++) {
    writeKey(keyData, 0, n);
    filter.add(key);
  }
  const texts = Array.from({ length: TEXTS }, (_, n) => `user:${String((n * 7919) % keys).padStart(11, "0")}`);
  const size = `${keys.toLocaleString("en")} keys`;
  print(size, `${filter.sizeBytes >> 10} KiB`, `${other.size >> 13} KiB`);
  compare(
    `${size}: add`,
    (round) => timeAdd(filter, keys, SAMPLE, round),
    (round) => timeAdd(other, keys, PEER_SAMPLE, round),
  );
  compare(
    `${size}: has, hit`,
    (round) => timeHas(filter, 0, keys, SAMPLE, round),
    (round) => timeHas(other, 0, keys, PEER_SAMPLE, round),
  );
  compare(
    `${size}: has, miss`,
    (round) => timeHas(filter, keys, keys, SAMPLE, round),
    (round) => timeHas(other, keys, keys, PEER_SAMPLE, round),
  );
  compare(
    `${size}: has, string`,
    () => timeTexts(filter, texts, SAMPLE / TEXTS),
    () => timeTexts(other, texts, PEER_SAMPLE / TEXTS),
  );
}

/** Key number `i` of a round, of `keys` keys that lie all over the filter. */
function pick(i: number, round: number, keys: number): number {
  return (round * SAMPLE + i) % keys;
}

function timeAdd(filter: { add(key: Buffer): unknown }, keys: number, count: number, round: number): number {
  return userNs(count, () => {
    for (let i = 0; i < count; i++) {
      writeKey(keyData, 0, pick(i, round, keys));
      filter.add(key);
    }
  });
}

function timeHas(
  filter: { has(key: Buffer): boolean },
  from: number,
  keys: number,
  count: number,
  round: number,
): number {
  let found = 0;
  const each = userNs(count, () => {
    for (let i = 0; i < count; i++) {
      writeKey(keyData, 0, from + pick(i, round, keys));
      found += filter.has(key) ? 1 : 0;
    }
  });
  refuse(found > count, "more keys are found than were asked for");
  return each;
}

function timeTexts(filter: { has(key: string): boolean }, texts: readonly string[], repeats: number): number {
  let found = 0;
  const each = userNs(repeats * texts.length, () => {
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const text of texts) {
        found += filter.has(text) ? 1 : 0;
      }
    }
  });
  refuse(found > repeats * texts.length, "more keys are found than were asked for");
  return each;
}

/** The engine's own: filters of parts of 130,000 keys, in pages that are mapped, or in memory as here. */
function benchPages(keys: number): void {
  const pages = PageFile.open(new MemoryDisk(), { backend: "memory", cacheBytes: 0, readOnly: false });
  const free = FreeSpace.of(2, [], pages.pagesPerFile);
  const builder = new FilterBuilder();
  const reader = new FilterReader(pages);
  const hash = new KeyHash();
  const bytes = new Uint8Array(2 * keys * KEY_BYTES);
  const data = new DataView(bytes.buffer);
  for (let i = 0; i < 2 * keys; i++) {
    writeKey(data, i * KEY_BYTES, i);
  }
  for (let i = 0; i < keys; i++) {
    hash.of(bytes, i * KEY_BYTES, KEY_BYTES);
    builder.add(hash.low, hash.high);
  }
  let record = builder.write(pages, free, 1, 10);
  compare("in pages: write, a key", () => {
    free.release(record.page, record.pageCount);
    return userNs(keys, () => {
      record = builder.write(pages, free, 1, 10);
    });
  });
  for (const [label, from] of [
    ["hit", 0],
    ["miss", keys],
  ] as const) {
    compare(`in pages: hash and ask, ${label}`, () => {
      let found = 0;
      const each = userNs(keys, () => {
        for (let i = from; i < from + keys; i++) {
          hash.of(bytes, i * KEY_BYTES, KEY_BYTES);
          found += reader.mayContain(record, hash.low, hash.high) ? 1 : 0;
        }
      });
      refuse(from === 0 && found < keys, "a key is lost");
      return each;
    });
  }
}

/** Counts what a filter of `keys` keys, full, loses and lets through. */
function countErrors(keys: number): void {
  print("full filters", "lost", "let through", "by its bits", "predicted");
  for (const bitsPerKey of [5, 8, 10, 12, 16, 20]) {
    const filter = new BloomFilter({ capacity: keys, bitsPerKey });
    let found = 0;
    let lost = 0;
    for (let n = 0; n < keys; n++) {
      writeKey(keyData, 0, n);
      filter.add(key);
    }
    for (let n = 0; n < 2 * keys; n++) {
      writeKey(keyData, 0, n);
      const has = filter.has(key);
      lost += n < keys && !has ? 1 : 0;
      found += n >= keys && has ? 1 : 0;
    }
    const rates = [found / keys, filter.falsePositiveRate, filter.predictedFalsePositiveRate];
    const label = `${keys.toLocaleString("en")} keys, ${bitsPerKey} bits each`;
    print(label, String(lost), ...rates.map((rate) => `${(100 * rate).toFixed(4)} %`));
    refuse(lost > 0, "keys are lost");
  }
}

function refuse(isWrong: boolean, why: string): void {
  if (isWrong) {
    throw new Error(why);
  }
}

const keys = Number(process.argv[2] ?? 10_000_000);
installPeers();
const peer = requirePeer<Peer>("bloom-filters");
print("", "nacre", "bloom-filters", "ratio");
benchHash();
for (const count of [10_000, 1_000_000, keys]) {
  benchFilter(peer, count);
}
benchPages(130_000);
countErrors(keys);
