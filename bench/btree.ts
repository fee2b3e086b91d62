/**
 * The page tree by itself: what its README's figures are from. `node dist/bench/btree.js [entries] [backend]`
 *
 * 16-byte random keys, 100-byte values; for packed leaves, rows as JSON below ascending keys of 8 bytes, and random bytes. Each
 * figure is the best of several rounds.
 */
import { join } from "node:path";
import {
  type BatchSource,
  type Compression,
  checkTree,
  isZstdAvailable,
  TreeBuilder,
  TreeCursor,
  TreeMerge,
  TreeReader,
} from "../src/btree/index.ts";
import { type Backend, FreeSpace, openDirectory, PAGE_SIZE, PageFile } from "../src/pager/index.ts";
import { seededRng } from "../src/random.ts";
import { temporaryDirectory } from "../test/support/temporary-directory.ts";

const KEY_BYTES = 16;
const VALUE: Uint8Array = new Uint8Array(100).fill(7);
const ROUNDS = 7;
const PROBES = 200_000;

/** Sorted keys, spread over all numbers; `salt` makes other ones. */
function sortedKeys(count: number, salt: number): Uint8Array {
  const heads = Uint32Array.from({ length: count }, (_, i) => Math.imul(i + salt, 2654435761)).sort();
  const keys = new Uint8Array(count * KEY_BYTES);
  const data = new DataView(keys.buffer);
  for (let i = 0; i < count; i++) {
    data.setUint32(i * KEY_BYTES, heads[i]!);
    data.setUint32(i * KEY_BYTES + 12, heads[i]! ^ salt);
  }
  return keys;
}

class PutBatch implements BatchSource {
  readonly u8: Uint8Array;
  readonly values: Uint8Array;
  readonly keyLength: number = KEY_BYTES;
  readonly kind = 1;
  readonly valueOffset: number;
  readonly valueLength: number = VALUE.length;
  readonly expiry = 0;
  keyOffset: number = -KEY_BYTES;

  constructor(keys: Uint8Array) {
    this.u8 = new Uint8Array(keys.length + VALUE.length);
    this.values = this.u8;
    this.u8.set(keys);
    this.u8.set(VALUE, keys.length);
    this.valueOffset = keys.length;
  }

  next(): boolean {
    this.keyOffset += KEY_BYTES;
    return this.keyOffset < this.valueOffset;
  }
}

function bestNs(label: string, count: number, run: () => number): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count);
  }
  const rate = (1000 / best).toFixed(2);
  process.stdout.write(`${label.padEnd(24)} ${best.toFixed(1).padStart(8)} ns   ${rate.padStart(8)} M/s\n`);
}

function benchReads(pages: PageFile, root: number, count: number, keys: Uint8Array, probeCount = PROBES): void {
  const keyBytes = keys.length / count;
  const probes = Uint32Array.from({ length: probeCount }, () => Math.floor(Math.random() * count) * keyBytes);
  const reader = new TreeReader(pages);
  bestNs("find", probeCount, () => {
    let found = 0;
    for (const offset of probes) {
      found += reader.find(root, keys, offset, keyBytes) ? 1 : 0;
    }
    return found;
  });
  const cursor = new TreeCursor(pages);
  cursor.open(root);
  bestNs("cursor, a cell", count, () => {
    let bytes = 0;
    for (let more = cursor.first(); more; more = cursor.next()) {
      bytes += cursor.valueLength;
    }
    return bytes;
  });
  bestNs("leaf run, a cell", count, () => {
    let bytes = 0;
    for (let more = cursor.first(); more; more = cursor.nextLeaf()) {
      const { u16, slots } = cursor;
      for (let slot = cursor.slot, end = cursor.leafRun(); slot < end; slot++) {
        bytes += u16[slots + slot + 1]! - u16[slots + slot]!;
      }
    }
    return bytes;
  });
}

const NAMES = ["Ada", "Barbara", "Charles", "Donald", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "John", "Ken"];
const CITIES = ["Bern", "Cambridge", "London", "New York", "Paris", "Vienna", "Zurich", "Zwolle"];

/** Rows of a table, one behind the other, and where each begins. */
interface Values {
  readonly name: string;
  readonly u8: Uint8Array;
  readonly starts: Uint32Array;
}

function jsonRows(count: number): Values {
  const rng = seededRng(1);
  const pick = (from: readonly string[]): string => from[rng.next() % from.length]!;
  const rows = Array.from({ length: count }, (_, id) => {
    const name = `${pick(NAMES)} ${pick(NAMES)}${rng.next() % 1000}`;
    const email = `${name.toLowerCase().replace(" ", ".")}@example.com`;
    return Buffer.from(JSON.stringify({ id, name, email, city: pick(CITIES), score: (rng.next() % 1000) / 10 }));
  });
  return valuesOf("JSON rows", rows);
}

function randomValues(count: number): Values {
  const rng = seededRng(2);
  const rows = Array.from({ length: count }, () =>
    Buffer.from(Uint32Array.from({ length: 24 }, () => rng.next()).buffer),
  );
  return valuesOf("random values", rows);
}

function valuesOf(name: string, rows: readonly Uint8Array[]): Values {
  const starts = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    starts[i + 1] = starts[i]! + rows[i]!.length;
  }
  return { name, u8: Buffer.concat(rows), starts };
}

/** Ascending numbers: 8 bytes each. */
function numberKeys(count: number): Uint8Array {
  const keys = new Uint8Array(count * 8);
  const data = new DataView(keys.buffer);
  for (let i = 0; i < count; i++) {
    data.setUint32(i * 8 + 4, i);
  }
  return keys;
}

/** The root page of a tree with these values; says how fast it was built, and how large it is. */
function buildValues(
  pages: PageFile,
  free: FreeSpace,
  keys: Uint8Array,
  values: Values,
  compression: Compression,
): number {
  const count = keys.length / 8;
  const { u8, starts } = values;
  const start = process.hrtime.bigint();
  const builder = new TreeBuilder(pages, free, 1, { compression });
  for (let i = 0; i < count; i++) {
    builder.add(keys, i * 8, 8, u8, starts[i]!, starts[i + 1]! - starts[i]!, 0);
  }
  const root = builder.finish();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const bytes = u8.length + keys.length;
  const { leafFill, packedPages, leaves } = checkTree(pages, root);
  process.stdout.write(
    `build, ${values.name}, ${compression}: ${(count / seconds / 1e6).toFixed(2)} M entries/s, ` +
      `${(bytes / seconds / 1e6).toFixed(0)} MB/s, ${((builder.pagesWritten * PAGE_SIZE) / count).toFixed(1)} bytes an entry ` +
      `of ${(bytes / count).toFixed(1)}, ${packedPages} of ${leaves} leaf pages packed, ${Math.round(100 * leafFill)} % full\n`,
  );
  return root.page;
}

/** Packed leaves: with a cache for all of them, and with one for next to none. */
function benchPacked(count: number, backend: Backend): void {
  const keys = numberKeys(count);
  for (const cacheBytes of [1 << 30, 1 << 20]) {
    using directory = temporaryDirectory();
    const disk = openDirectory(join(directory.path, "bench.nacre"), { create: true, readOnly: false });
    const pages = PageFile.open(disk, { backend, cacheBytes, readOnly: false });
    const free = FreeSpace.of(2);
    const isCached = cacheBytes === 1 << 30;
    const rows = jsonRows(count);
    const roots = new Map<Compression, number>();
    for (const compression of ["none", "deflate", ...(isZstdAvailable() ? ["zstd" as const] : [])] as const) {
      roots.set(compression, buildValues(pages, free, keys, rows, compression));
      if (isCached) {
        buildValues(pages, free, keys, randomValues(count), compression);
      }
    }
    for (const [compression, root] of roots) {
      const isInCache = isCached || compression === "none";
      process.stdout.write(`rows, ${compression}, leaves ${isInCache ? "in" : "not in"} the cache\n`);
      benchReads(pages, root, count, keys, isInCache ? PROBES : 20_000);
    }
    pages.close();
  }
}

function main(count: number, backend: Backend): void {
  using directory = temporaryDirectory();
  const disk = openDirectory(join(directory.path, "bench.nacre"), { create: true, readOnly: false });
  const pages = PageFile.open(disk, { backend, cacheBytes: 64 << 20, readOnly: false });
  const free = FreeSpace.of(2);
  const keys = sortedKeys(count, 0);
  let start = process.hrtime.bigint();
  const perEntry = (entries: number): string =>
    `${(entries / (Number(process.hrtime.bigint() - start) / 1e3)).toFixed(2)} M entries/s`;
  const builder = new TreeBuilder(pages, free, 1);
  for (let offset = 0; offset < keys.length; offset += KEY_BYTES) {
    builder.add(keys, offset, KEY_BYTES, VALUE, 0, VALUE.length, 0);
  }
  let root = builder.finish();
  process.stdout.write(`build: ${perEntry(count)}, ${((free.pageCount * 8192) / count).toFixed(1)} bytes an entry\n`);
  benchReads(pages, root.page, count, keys);
  for (let round = 1; round <= 5; round++) {
    const batch = new PutBatch(sortedKeys(Math.floor(count / 12), round * 7919));
    const freed: number[] = [];
    start = process.hrtime.bigint();
    const merge = new TreeMerge(pages, free, { add: (page) => freed.push(page) }, round + 1, root, batch);
    root = merge.run();
    process.stdout.write(`merge of a twelfth: ${perEntry(root.count)}\n`);
    for (const page of freed) {
      free.release(page, 1);
    }
  }
  start = process.hrtime.bigint();
  const { leafFill } = checkTree(pages, root);
  process.stdout.write(`check: ${perEntry(root.count)}, leaves ${Math.round(100 * leafFill)} % full\n`);
  pages.close();
  benchPacked(Math.floor(count / 2), backend);
}

main(Number(process.argv[2] ?? 1_000_000), (process.argv[3] ?? "mmap") as Backend);
