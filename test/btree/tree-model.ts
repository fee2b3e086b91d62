/**
 * A tree beside a model of it: batches are applied to both, and everything that can be asked of the tree is compared
 * with the model's answer. The model is a sorted list.
 *
 * Pages are accounted for after every merge: each one is reachable from the root, or free, or waits to be released;
 * the tree of before the merge is read once more before its pages are.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { assert } from "../../src/assert.ts";
import {
  type AppliedEntry,
  BATCH_DELETE,
  BATCH_MERGE,
  BATCH_PUT,
  type BatchSource,
  CELL_DELETE,
  CELL_MERGE,
  CELL_PUT,
  type CheckResult,
  type Compression,
  checkTree,
  countRange,
  EMPTY_ROOT,
  type FreedPages,
  type MergeOptions,
  type RootRecord,
  rank,
  TreeBuilder,
  TreeCursor,
  TreeMerge,
  TreeReader,
  treeExtents,
} from "../../src/btree/index.ts";
import { compareBytes } from "../../src/bytes.ts";
import {
  type Backend,
  type Extent,
  extentPages,
  FreeSpace,
  MemoryDisk,
  openDirectory,
  PART_CRC_BYTES,
  type PageAllocator,
  PageFile,
  putU32,
  writeExtent,
} from "../../src/pager/index.ts";

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly expiry: number;
  /** A CELL_ constant; CELL_PUT unless given. */
  readonly kind?: number;
  /** Where the value lies, if that is in an extent which the tree only refers to. */
  readonly place?: ValuePlace;
}

/** `page` is the first of the extent, `offset` where in its bytes the value begins. */
export interface ValuePlace {
  readonly page: number;
  readonly offset: number;
}

/** A put, or without a value a delete; or operands, which go behind the bytes that are there. */
export interface Operation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly expiry: number;
  readonly isMerge?: boolean;
}

export function kindOf({ kind = CELL_PUT }: Entry): number {
  return kind;
}

export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

/** Sorts operations by key; of several with one key the last counts. */
export function sortedBatch(operations: readonly Operation[]): Operation[] {
  const newest = new Map(operations.map((operation) => [Buffer.from(operation.key).toString("latin1"), operation]));
  return [...newest.values()].sort((a, b) => compareKeys(a.key, b.key));
}

/** Room for what is taken of a range; few, so that leaves have more. */
/** How far from a range others begin. */
const NEARBY = [0, 1, 3, 40, 38, 45];
const PLACES = {
  keyOffsets: new Uint32Array(20),
  keyLengths: new Uint32Array(20),
  valueOffsets: new Uint32Array(20),
  valueLengths: new Uint32Array(20),
};

/** A batch in one buffer, as the log has it. */
export class ArrayBatch implements BatchSource {
  readonly u8: Uint8Array;
  readonly values: Uint8Array;
  keyOffset = 0;
  keyLength = 0;
  kind = 0;
  valueOffset = 0;
  valueLength = 0;
  expiry = 0;
  readonly #operations: readonly Operation[];
  #index = 0;
  #offset = 0;

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    this.u8 = Buffer.concat(operations.flatMap(({ key, value }) => (value === undefined ? [key] : [key, value])));
    this.values = this.u8;
  }

  next(): boolean {
    const operation = this.#operations[this.#index++];
    if (operation === undefined) {
      return false;
    }
    this.kind = operation.value === undefined ? BATCH_DELETE : operation.isMerge ? BATCH_MERGE : BATCH_PUT;
    this.keyOffset = this.#offset;
    this.keyLength = operation.key.length;
    this.valueOffset = this.#offset + this.keyLength;
    this.valueLength = operation.value?.length ?? 0;
    this.expiry = operation.expiry;
    this.#offset = this.valueOffset + this.valueLength;
    return true;
  }

  applyTo(value: Uint8Array | undefined, kind: number): AppliedEntry {
    const operands = this.values.subarray(this.valueOffset, this.valueOffset + this.valueLength);
    return applied(value, kind, operands);
  }
}

/** What operands make of an entry: they go behind its bytes. With nothing there they stay operands. */
function applied(value: Uint8Array | undefined, kind: number, operands: Uint8Array): AppliedEntry {
  const bytes = value === undefined || kind === CELL_DELETE ? operands : Buffer.concat([value, operands]);
  return { kind: value === undefined ? CELL_MERGE : kind === CELL_DELETE ? CELL_PUT : kind, bytes };
}

export function applyToModel(entries: readonly Entry[], batch: readonly Operation[]): Entry[] {
  const result: Entry[] = [];
  let at = 0;
  for (const { key, value, expiry, isMerge } of batch) {
    while (at < entries.length && compareKeys(entries[at]!.key, key) < 0) {
      result.push(entries[at++]!);
    }
    let there: Entry | undefined;
    if (at < entries.length && compareKeys(entries[at]!.key, key) === 0) {
      there = entries[at++];
    }
    if (value !== undefined && isMerge) {
      const { kind, bytes } = applied(there?.value, there === undefined ? CELL_PUT : kindOf(there), value);
      result.push({ key, value: bytes, expiry: 0, kind });
    } else if (value !== undefined) {
      result.push({ key, value, expiry });
    }
  }
  return [...result, ...entries.slice(at)];
}

export interface TreeModelOptions {
  readonly backend: Backend;
  /** A directory, for backends that have one; in memory without. */
  readonly directory?: string;
  readonly cacheBytes?: number;
}

export class TreeModel implements Disposable {
  readonly pages: PageFile;
  readonly free: FreeSpace = FreeSpace.of(2);
  root: RootRecord = EMPTY_ROOT;
  entries: Entry[] = [];
  checkpoint = 0;
  /** Extents of values that the tree refers to and does not own; they stay. */
  readonly areas: Extent[] = [];
  /** Between the merge and the moment when its frees are released. */
  #freed: Extent[] = [];

  constructor(options: TreeModelOptions) {
    const { backend, directory, cacheBytes = 1 << 18 } = options;
    const disk =
      directory === undefined
        ? new MemoryDisk()
        : openDirectory(join(directory, "tree.nacre"), { create: true, readOnly: false });
    this.pages = PageFile.open(disk, { backend, cacheBytes, readOnly: false });
  }

  [Symbol.dispose](): void {
    this.pages.close();
  }

  /** Where the next merge's pages come from and go to; a fuzzer puts its bugs here. */
  allocator(): PageAllocator {
    return this.free;
  }

  /** Replaces the tree by one built in bulk. */
  build(entries: readonly Entry[], fillFactor = 1, compression: Compression = "none"): void {
    assert(this.root.page === 0, "the tree is empty");
    this.checkpoint++;
    const builder = new TreeBuilder(this.pages, this.allocator(), this.checkpoint, { fillFactor, compression });
    for (const entry of entries) {
      const { key, value, expiry, place } = entry;
      if (place === undefined) {
        builder.add(key, 0, key.length, value, 0, value.length, expiry, kindOf(entry));
      } else {
        builder.addReference(key, 0, key.length, place.page, place.offset, value.length, expiry, kindOf(entry));
      }
    }
    assert(builder.count === entries.length, "a builder counts what it is given");
    this.root = builder.finish();
    this.entries = [...entries];
  }

  /** Gives up the tree and its pages; what it referred to stays. */
  drop(): void {
    for (const { first, count } of [...treeExtents(this.pages, this.root)]) {
      this.free.release(first, count);
    }
    this.root = EMPTY_ROOT;
    this.entries = [];
  }

  /** Puts values one behind the other into an extent, each behind its checksum; returns where they lie. */
  writeArea(values: readonly Uint8Array[]): ValuePlace[] {
    const parts: Uint8Array[] = [];
    const offsets: number[] = [];
    let end = 0;
    for (const value of values) {
      const crc = new Uint8Array(PART_CRC_BYTES);
      putU32(crc, 0, crc32(value));
      offsets.push(end + PART_CRC_BYTES);
      parts.push(crc, value);
      end += PART_CRC_BYTES + value.length;
    }
    const bytes = Buffer.concat(parts);
    const page = writeExtent(this.pages, this.free, this.checkpoint, bytes, 0, bytes.length);
    this.areas.push({ first: page, count: extentPages(bytes.length) });
    return offsets.map((offset) => ({ page, offset }));
  }

  /** Merges a batch, sorted and without duplicates, and shows that the old tree was left alone. */
  merge(
    batch: readonly Operation[],
    options: MergeOptions = {},
    source: BatchSource = new ArrayBatch(batch),
  ): TreeMerge {
    const before = { root: this.root, entries: this.entries };
    const merge = this.startMerge(source, options);
    while (!merge.step()) {}
    this.root = merge.result;
    this.entries = applyToModel(before.entries, batch);
    new TreeReading(this.pages, before.root, before.entries).compareScan();
    this.release();
    return merge;
  }

  startMerge(source: BatchSource, options: MergeOptions = {}): TreeMerge {
    this.checkpoint++;
    const frees: FreedPages = {
      add: (first, count, birth) => {
        assert(birth <= this.checkpoint, "what is freed was born before");
        this.#freed.push({ first, count });
      },
    };
    return new TreeMerge(this.pages, this.allocator(), frees, this.checkpoint, this.root, source, options);
  }

  /** Gives up a merge that was started. */
  abandon(merge: TreeMerge): void {
    this.#freed = [];
    for (let i = 0; i < merge.allocated.length; i += 2) {
      this.free.release(merge.allocated[i]!, merge.allocated[i + 1]!);
    }
  }

  release(): void {
    for (const { first, count } of this.#freed) {
      this.free.release(first, count);
    }
    this.#freed = [];
  }

  /** The structure, that every page is reachable once or free, and that all that is referred to is told of. */
  check(): CheckResult {
    const used = new Set<number>([0, 1]);
    const use = (first: number, count: number): void => {
      for (let page = first; page < first + count; page++) {
        assert(!used.has(page), `page ${page} is reached once`);
        assert(!this.free.isFree(page), `page ${page} is reached and not free`);
        used.add(page);
      }
    };
    for (const { first, count } of this.areas) {
      use(first, count);
    }
    const referred: string[] = [];
    const result = checkTree(this.pages, this.root, use, {
      kinds: [CELL_PUT, CELL_DELETE, CELL_MERGE],
      onReference: (page, offset, length) => referred.push(`${page} ${offset} ${length}`),
    });
    assert(used.size + this.free.freeCount === this.free.pageCount, "every page is reachable or free");
    const expected = this.entries.filter(({ place }) => place !== undefined);
    assert(
      referred.join() === expected.map(({ place, value }) => `${place!.page} ${place!.offset} ${value.length}`).join(),
      "every reference is told of, in order",
    );
    return result;
  }

  /** What the tree itself owns, as its owner would give it up, is what the checker reaches. */
  checkExtents(): void {
    const found: string[] = [];
    for (const { first, count, birth } of treeExtents(this.pages, this.root)) {
      found.push(`${first} ${count} ${birth}`);
    }
    const reached: string[] = [];
    checkTree(this.pages, this.root, (first, count, birth) => reached.push(`${first} ${count} ${birth}`), {
      kinds: [CELL_PUT, CELL_DELETE, CELL_MERGE],
      onReference() {},
    });
    assert(found.sort().join() === reached.sort().join(), "a tree's extents are what the checker reaches");
  }

  get reading(): TreeReading {
    return new TreeReading(this.pages, this.root, this.entries);
  }
}

/** One tree and what it should hold. */
export class TreeReading {
  readonly #pages: PageFile;
  readonly #root: RootRecord;
  readonly #entries: readonly Entry[];
  readonly #cursor: TreeCursor;
  readonly #reader: TreeReader;
  readonly #buffer: Uint8Array = new Uint8Array(1 << 20);

  constructor(pages: PageFile, root: RootRecord, entries: readonly Entry[]) {
    this.#pages = pages;
    this.#root = root;
    this.#entries = entries;
    this.#cursor = new TreeCursor(pages);
    this.#cursor.open(root.page);
    this.#reader = new TreeReader(pages);
  }

  /** Everything, forwards and backwards. */
  compareScan(): void {
    const cursor = this.#cursor;
    assert(this.#root.count === this.#entries.length, "the root's record counts the entries");
    let more = cursor.first();
    for (let i = 0; i < this.#entries.length; i++) {
      this.#compareAt(more ? i : -1, i);
      more = cursor.next();
    }
    assert(!more, "nothing comes after the last entry");
    more = cursor.last();
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      this.#compareAt(more ? i : -1, i);
      more = cursor.prev();
    }
    assert(!more, "nothing comes before the first entry");
  }

  /** What every kind of search says about a key. */
  compareKey(key: Uint8Array): void {
    const at = this.#lowerBound(key);
    const here = this.#entries[at];
    const isThere = here !== undefined && compareKeys(here.key, key) === 0;
    const reader = this.#reader;
    assert(reader.find(this.#root.page, key, 0, key.length) === isThere, "find finds what is there");
    if (isThere) {
      reader.copyValue(this.#buffer, 0);
      assert(reader.expiry === here.expiry && reader.kind === kindOf(here), "find knows the expiry and the kind");
      assert(
        compareBytes(this.#buffer, 0, reader.valueLength, here.value, 0, here.value.length) === 0,
        "and the value",
      );
    }
    const after = isThere ? at + 1 : at;
    const cursor = this.#cursor;
    const all = this.#entries.length;
    this.#compareAt(cursor.seek(key, 0, key.length) ? at : all, at);
    this.#compareAt(cursor.seek(key, 0, key.length, false) ? after : all, after);
    this.#compareAt(cursor.seekBefore(key, 0, key.length) ? after - 1 : -1, after - 1);
    this.#compareAt(cursor.seekBefore(key, 0, key.length, false) ? at - 1 : -1, at - 1);
    assert(rank(this.#pages, this.#root, key, 0, key.length) === at, "the rank of a key");
    assert(countRange(this.#pages, this.#root, key) === all - at, "the count from a key on");
  }

  /** Some steps in each direction from a place. */
  compareWalk(from: number, steps: readonly boolean[]): void {
    const cursor = this.#cursor;
    let at = from;
    let more = cursor.seekRank(at);
    assert(more === (at >= 0 && at < this.#entries.length), "a rank within the count is found");
    for (const isForward of steps) {
      if (!more) {
        break;
      }
      this.#compareAt(at, at);
      more = isForward ? cursor.next() : cursor.prev();
      at += isForward ? 1 : -1;
      assert(more === (at >= 0 && at < this.#entries.length), "a step ends at the ends only");
    }
  }

  compareRange(lower: Uint8Array, upper: Uint8Array): void {
    const expected = Math.max(0, this.#lowerBound(upper) - this.#lowerBound(lower));
    assert(countRange(this.#pages, this.#root, lower, upper) === expected, "the count of a range");
    assert(this.#runs(lower, upper) === expected, "leaf runs cover the range");
    this.#compareTaken(lower, upper, expected);
    // Ranges close by, which are looked for in the leaf first.
    const first = this.#lowerBound(lower);
    for (const distance of NEARBY) {
      const nearby = this.#entries[first + distance];
      if (nearby !== undefined) {
        this.#compareTaken(nearby.key, upper, Math.max(0, expected - distance));
      }
    }
  }

  /** The cells from `lower` to `upper`, counted a leaf at a time. */
  #runs(lower: Uint8Array, upper: Uint8Array): number {
    const cursor = this.#cursor;
    let count = 0;
    for (let more = cursor.seek(lower, 0, lower.length); more; more = cursor.nextLeaf()) {
      const end = cursor.searchInLeaf(upper, 0, upper.length) >>> 1;
      count += Math.max(0, end - cursor.slot);
      if (end < cursor.leafRun()) {
        break;
      }
    }
    return count;
  }

  /** What is taken of the range at once: its first entries, as far as they lie in one leaf. */
  #compareTaken(lower: Uint8Array, upper: Uint8Array, expected: number): void {
    const cursor = this.#cursor;
    const taken = cursor.takeRange(lower, upper, PLACES.keyOffsets.length, PLACES);
    const first = this.#lowerBound(lower);
    assert(taken !== 0 || expected === 0, "something is taken of a range that is not empty");
    assert(taken <= expected, "no more is taken than is in the range");
    for (let i = 0; i < taken; i++) {
      const { key } = this.#entries[first + i]!;
      const rest = PLACES.keyOffsets[i]!;
      const prefixLength = key.length - PLACES.keyLengths[i]!;
      assert(prefixLength === cursor.prefixLength, "a key is the prefix of its leaf and the rest");
      assert(
        compareBytes(cursor.u8, cursor.prefixOffset, prefixLength, key, 0, prefixLength) === 0 &&
          compareBytes(cursor.u8, rest, key.length - prefixLength, key, prefixLength, key.length - prefixLength) === 0,
        `the key of entry ${first + i}, taken`,
      );
    }
    const isOver = taken === expected && cursor.runEnd < cursor.count;
    if (taken > 0 && !isOver) {
      this.#compareAt(first + taken - 1, first + taken - 1);
    }
  }

  /** The cursor is where the tree says; `found` is where the model says it is. */
  #compareAt(found: number, expected: number): void {
    assert(found === expected, `the cursor is at entry ${expected}, not ${found}`);
    const entry = this.#entries[expected];
    if (entry === undefined) {
      return;
    }
    const cursor = this.#cursor;
    const { key, value } = entry;
    assert(cursor.valid && cursor.compareKey(key, 0, key.length) === 0, `the key of entry ${expected}`);
    assert(cursor.copyKey(this.#buffer, 0) === key.length && cursor.keyLength === key.length, "the length of the key");
    assert(compareBytes(this.#buffer, 0, key.length, key, 0, key.length) === 0, "the copy of the key");
    assert(cursor.valueLength === value.length && cursor.expiry === entry.expiry, "value length and expiry");
    assert(cursor.kind === kindOf(entry), "the kind");
    cursor.copyValue(this.#buffer, 0);
    assert(compareBytes(this.#buffer, 0, value.length, value, 0, value.length) === 0, "the value");
  }

  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#entries[middle]!.key, key) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
