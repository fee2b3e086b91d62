/**
 * Bloom filters beside sets that hold what was added to them: a filter that denies one of it is found, and so is one that
 * lets through more of what was not added than its bits account for.
 *
 *   a filter by itself   added to, merged, written and read again; bytes that are damaged, cut off or made up are refused or
 *                        make a filter that can be used, and nothing else
 *   filters in pages     of any number of keys and bits, in page files that may be too small for them, some of the pages
 *                        taken back and written again
 *
 * Canaries are planted around the filters:
 *
 *   lost-key       a key is not added
 *   lost-merge     what is merged is an empty filter of the same shape
 *   cleared-bit    a bit is cleared in the bytes that a filter is read from, their checksum being right
 *   set-bits       a block is filled in them
 *   no-checksum    whatever bytes are read have the checksum that they should have
 *   lost-page      the last page of some filters keeps what was there before
 *   early-reuse    pages of a filter that is in use are handed out again
 */
import { crc32 } from "node:zlib";
import { BloomFilter, type BloomFilterOptions } from "../src/bloom.ts";
import { DbError } from "../src/errors.ts";
import { FilterBuilder, FilterReader, type FilterRecord } from "../src/lsm/filter.ts";
import { checkFilter, checkFiltered } from "../src/lsm/filter-check.ts";
import { KeyHash } from "../src/lsm/hash.ts";
import { FreeSpace, MemoryDisk, PageFile } from "../src/pager/index.ts";
import { type Rng, seededRng } from "../src/random.ts";
import { Dice } from "./dice.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const MOST_STEPS = 60;
const HEADER_BYTES = 64;
const CRC_OFFSET = 12;
const CRC_START = 16;
const ABSENT_KEYS = 500;

export const bloomFuzzer: Fuzzer = {
  name: "bloom",
  canaries: ["lost-key", "lost-merge", "cleared-bit", "set-bits", "no-checksum", "lost-page", "early-reuse"],
  fixedDraws: 2,
  run(rng: Rng, options: FuzzOptions): void {
    const dice = new Dice(seededRng(rng.next()));
    const round = dice.once(2) ? new PagesRound(dice, options) : new FilterRound(dice, options.canary);
    for (let left = rng.next() % MOST_STEPS; left > 0; left--) {
      const seed = rng.next();
      if (seed === 0) {
        break;
      }
      round.step(new Dice(seededRng(seed)));
    }
    round.end();
  },
};

interface Round {
  step(dice: Dice): void;
  end(): void;
}

type Key = string | Uint8Array;

/** A filter and what was added to it, by the keys' bytes. */
interface Modelled {
  filter: BloomFilter;
  readonly keys: Map<string, Key>;
}

class FilterRound implements Round {
  readonly #canary: string | undefined;
  readonly #options: BloomFilterOptions;
  readonly #filters: readonly [Modelled, Modelled];
  #fresh: number;

  constructor(dice: Dice, canary: string | undefined) {
    this.#canary = canary;
    this.#options = drawOptions(dice);
    const made = (): Modelled => ({ filter: new BloomFilter(this.#options), keys: new Map() });
    this.#filters = [made(), made()];
    this.#fresh = 0;
  }

  step(dice: Dice): void {
    const into = dice.pick(this.#filters);
    switch (dice.below(8)) {
      case 0:
        this.#merge(into, dice.pick(this.#filters));
        break;
      case 1:
        into.filter = this.#writtenAndRead(dice, into);
        break;
      case 2:
        this.#readDamaged(dice, into.filter.serialize());
        break;
      case 3:
        readMadeUp(dice, into.filter.serialize());
        break;
      default:
        this.#add(dice, into);
    }
    check(into);
  }

  end(): void {
    for (const each of this.#filters) {
      check(each);
      this.#countAbsent(each);
    }
  }

  #add(dice: Dice, { filter, keys }: Modelled): void {
    const most = dice.pick([1, 10, 300]);
    for (let left = dice.between(1, most); left > 0; left--) {
      const key = drawKey(dice);
      const wasThere = filter.has(key);
      expect(wasThere || !keys.has(nameOf(key)), `a key that was added is denied: ${nameOf(key)}`);
      keys.set(nameOf(key), key);
      if (this.#canary !== "lost-key" || !dice.once(50)) {
        expect(filter.add(key) !== wasThere, "add says that a key is new, and has says that it is there, or neither");
      }
    }
  }

  #merge(into: Modelled, from: Modelled): void {
    into.filter.merge(this.#canary === "lost-merge" ? new BloomFilter(this.#options) : from.filter);
    for (const [name, key] of from.keys) {
      into.keys.set(name, key);
    }
  }

  #writtenAndRead(dice: Dice, { filter }: Modelled): BloomFilter {
    const bytes = filter.serialize();
    if (this.#canary === "cleared-bit" && filter.count > 0) {
      const set = bytes.findIndex((byte, i) => i >= HEADER_BYTES && byte !== 0);
      bytes[set]! &= bytes[set]! - 1;
      seal(bytes);
    } else if (this.#canary === "set-bits") {
      bytes.fill(0xff, HEADER_BYTES, 2 * HEADER_BYTES);
      seal(bytes);
    }
    const before = dice.below(9);
    const around = new Uint8Array(before + bytes.length);
    around.set(bytes, before);
    const read = BloomFilter.deserialize(around.subarray(before));
    expect(Buffer.compare(read.serialize(), bytes) === 0, "a filter that was read is written in other bytes");
    expect(read.falsePositiveRate === filter.falsePositiveRate, "a filter that was read has other bits");
    return read;
  }

  #readDamaged(dice: Dice, bytes: Uint8Array): void {
    let damaged = bytes.slice();
    if (dice.once(3)) {
      damaged = damaged.slice(0, dice.below(bytes.length));
    } else if (dice.once(4)) {
      damaged = new Uint8Array(bytes.length + dice.pick([1, 3, 64, 1000]));
      damaged.set(bytes);
    } else {
      for (let left = dice.between(1, 3); left > 0; left--) {
        damaged[dice.once(2) ? dice.below(HEADER_BYTES) : dice.below(bytes.length)]! ^= dice.between(1, 255);
      }
    }
    if (Buffer.compare(damaged, bytes) !== 0) {
      expect(this.#isRefused(damaged), "damaged bytes were taken for a filter");
    }
  }

  #isRefused(bytes: Uint8Array): boolean {
    if (this.#canary === "no-checksum" && bytes.length > CRC_START) {
      seal(bytes);
    }
    return readOrRefuse(bytes) === undefined;
  }

  /** What is let through of keys that nobody added is what the bits say, within seven deviations. */
  #countAbsent({ filter }: Modelled): void {
    const rate = filter.falsePositiveRate;
    let found = 0;
    for (let left = ABSENT_KEYS; left > 0; left--) {
      found += filter.has(`nobody adds this: ${this.#fresh++}`) ? 1 : 0;
    }
    checkShare(found, ABSENT_KEYS, rate);
  }
}

function check({ filter, keys }: Modelled): void {
  for (const [name, key] of keys) {
    expect(filter.has(key), `a key that was added is denied: ${name}`);
  }
  const predicted = filter.predictedFalsePositiveRate;
  expect(predicted > 0 && predicted <= 1, `a predicted rate of ${predicted}`);
}

/** Fields of any value under a checksum that is right. */
function readMadeUp(dice: Dice, bytes: Uint8Array): void {
  const data = new DataView(bytes.buffer);
  for (let left = dice.between(1, 4); left > 0; left--) {
    const value = dice.pick([
      0,
      1,
      dice.below(30),
      2 ** 21 - 1,
      2 ** 21,
      2 ** 24,
      2 ** 31,
      2 ** 32 - 1,
      dice.rng.next(),
    ]);
    data.setUint32(dice.pick([8, 16, 20, 24, 28, 32, 36, 40, 60]), value, true);
  }
  seal(bytes);
  const filter = readOrRefuse(bytes);
  if (filter !== undefined) {
    const key = drawKey(dice);
    filter.add(key);
    expect(filter.has(key), "a filter of made-up fields forgets");
    const rates = [filter.falsePositiveRate, filter.predictedFalsePositiveRate];
    expect(
      rates.every((rate) => rate >= 0 && rate <= 1),
      `rates of ${rates}`,
    );
    expect(filter.serialize().length === bytes.length, "a filter of made-up fields has another length");
  }
}

function readOrRefuse(bytes: Uint8Array): BloomFilter | undefined {
  try {
    return BloomFilter.deserialize(bytes);
  } catch (error) {
    if (error instanceof DbError && (error.code === "CORRUPT" || error.code === "UNSUPPORTED")) {
      return undefined;
    }
    throw error;
  }
}

/** A filter in pages, and the number from which its keys follow. */
interface PageFilter {
  readonly record: FilterRecord;
  readonly birth: number;
  readonly seed: number;
  readonly count: number;
}

class PagesRound implements Round {
  readonly #canary: string | undefined;
  readonly #pages: PageFile;
  readonly #free: FreeSpace;
  readonly #builder: FilterBuilder;
  readonly #reader: FilterReader;
  readonly #hash: KeyHash;
  #filters: PageFilter[];
  #birth: number;

  constructor(dice: Dice, { backend, canary }: FuzzOptions) {
    this.#canary = canary;
    const disk = new MemoryDisk({ mapped: backend === "mmap" });
    const fileBytes = 2 ** dice.between(16, 20);
    this.#pages = PageFile.open(disk, { backend, cacheBytes: 2 ** dice.between(14, 18), readOnly: false, fileBytes });
    this.#free = FreeSpace.of(2, [], this.#pages.pagesPerFile);
    this.#builder = new FilterBuilder();
    this.#reader = new FilterReader(this.#pages);
    this.#hash = new KeyHash();
    this.#filters = [];
    this.#birth = 0;
  }

  step(dice: Dice): void {
    if (this.#filters.length > 0 && dice.once(3)) {
      this.#release(dice);
    } else {
      this.#write(dice);
    }
    if (dice.once(4)) {
      this.#pages.forget(0, this.#pages.pageCount);
    }
    this.#check(dice.pick([...this.#filters, undefined]));
  }

  end(): void {
    for (const filter of this.#filters) {
      this.#check(filter);
    }
    this.#pages.close();
  }

  #write(dice: Dice): void {
    const count = dice.below(dice.pick([2, 100, 3000, 30_000]));
    const bitsPerKey = dice.pick([0, 1, 2, 5, 10, 16, 32]);
    const seed = dice.rng.next();
    this.#builder.reset();
    for (let i = 0; i < count; i++) {
      this.#hashOf(seed, i);
      if (this.#canary !== "lost-key" || i !== count >> 1) {
        this.#builder.add(this.#hash.low, this.#hash.high);
      }
    }
    const pages = this.#canary === "lost-page" && dice.once(3) ? withoutLastPage(this.#pages) : this.#pages;
    this.#birth++;
    const record = this.#builder.write(pages, this.#free, this.#birth, bitsPerKey);
    this.#filters.push({ record, birth: this.#birth, seed, count });
    const roomBits = this.#pages.pagesPerFile * 127 * 512;
    const isFair = count > 0 && bitsPerKey >= 2 && roomBits >= 2 * count;
    expect(
      !isFair || record.pageCount > 0,
      `there is no filter of ${bitsPerKey} bits for ${count} keys, in ${roomBits}`,
    );
  }

  #release(dice: Dice): void {
    const gone = dice.pick(this.#filters);
    if (gone.record.pageCount > 0) {
      this.#free.release(gone.record.page, gone.record.pageCount);
    }
    if (this.#canary !== "early-reuse") {
      this.#filters = this.#filters.filter((filter) => filter !== gone);
    }
  }

  #check(filter: PageFilter | undefined): void {
    if (filter === undefined) {
      return;
    }
    const { record, birth, seed, count } = filter;
    const { keys, falsePositiveRate } = checkFilter(this.#pages, record, birth);
    expect(keys === count || record.pageCount === 0, `a filter of ${count} keys says ${keys}`);
    for (let i = 0; i < count; i++) {
      this.#hashOf(seed, i);
      checkFiltered(this.#reader, record, this.#hash.low, this.#hash.high);
    }
    let found = 0;
    for (let i = count; i < count + ABSENT_KEYS; i++) {
      this.#hashOf(seed, i);
      found += this.#reader.mayContain(record, this.#hash.low, this.#hash.high) ? 1 : 0;
    }
    checkShare(found, ABSENT_KEYS, falsePositiveRate);
  }

  #hashOf(seed: number, index: number): void {
    const key = new Uint32Array([index, seed, seed ^ index]);
    this.#hash.of(new Uint8Array(key.buffer), 0, 4 + (index % 9));
  }
}

/** Pages to which the last one of several that are written together never comes. */
function withoutLastPage(pages: PageFile): PageFile {
  return new Proxy(pages, {
    get(target, name) {
      if (name === "writePages") {
        return (from: Uint8Array, fromOffset: number, firstPage: number, count: number) =>
          target.writePages(from, fromOffset, firstPage, count === 1 ? 1 : count - 1);
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function drawOptions(dice: Dice): BloomFilterOptions {
  const capacity = dice.between(1, dice.pick([1, 10, 1000, 5000]));
  switch (dice.below(3)) {
    case 0:
      return { capacity };
    case 1:
      return { capacity, bitsPerKey: dice.between(10, 640) / 10 };
    default:
      return { capacity, falsePositiveRate: dice.pick([0.5, 0.1, 0.01, 0.0001, 1e-7]) };
  }
}

/** Few enough short ones that they come again. */
function drawKey(dice: Dice): Key {
  const length = dice.below(dice.pick([2, 10, 50, 3000]));
  switch (dice.below(4)) {
    case 0:
      return `user:${dice.below(2000)}`;
    case 1:
      return String.fromCodePoint(dice.pick([0x61, 0xe9, 0x20ac, 0x1f308])).repeat(length);
    default:
      return new Uint8Array(length).map(() => dice.rng.next());
  }
}

function nameOf(key: Key): string {
  return Buffer.from(key as string).toString("hex");
}

function seal(bytes: Uint8Array): void {
  new DataView(bytes.buffer).setUint32(CRC_OFFSET, crc32(bytes.subarray(CRC_START)), true);
}

function checkShare(found: number, of: number, rate: number): void {
  const expected = of * rate;
  const most = expected + 7 * Math.sqrt(expected) + 5;
  const least = expected - 7 * Math.sqrt(expected) - 5;
  expect(
    found >= least && found <= most,
    `${found} of ${of} absent keys are let through, where the bits say ${expected}`,
  );
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new Error(otherwise);
  }
}
