/**
 * An LSM keyspace in pages beside a model of it: flushes, compactions and moves are done to both, and whatever can be read
 * is compared. The model is a map from keys to values.
 *
 * Merges put their operands behind what is there. With `isKnown: false` the engine does not know that, as the checkpoint worker
 * does not know a function of the application's, and has to keep operands until they are read.
 *
 * `check` proves the runs (check.ts), and accounts for pages: each is reached once, or free, or in use by nobody.
 */
import { assert } from "../../src/assert.ts";
import {
  BATCH_DELETE,
  BATCH_MERGE,
  BATCH_PUT,
  type BatchSource,
  CELL_DELETE,
  CELL_PUT,
} from "../../src/btree/index.ts";
import { checkRunsSteps } from "../../src/lsm/check.ts";
import { compactRuns, freeRuns, relocateRuns } from "../../src/lsm/compaction.ts";
import { flushRun, withRun } from "../../src/lsm/flush.ts";
import { Manifest } from "../../src/lsm/manifest.ts";
import { type Combine, encodeItems, Operands } from "../../src/lsm/operands.ts";
import { type Compaction, chooseCompaction, policyFor } from "../../src/lsm/policy.ts";
import { coveringDelete, type RangeDelete, uniteDeletes } from "../../src/lsm/range-deletes.ts";
import { NOT_FOUND, RunReader, SearchCounts } from "../../src/lsm/reader.ts";
import { RunMerge } from "../../src/lsm/run-merge.ts";
import { DEFAULT_LSM_SETTINGS, type LsmSettings } from "../../src/lsm/settings.ts";
import type { LsmSurroundings, PageFrees } from "../../src/lsm/surroundings.ts";
import { FreeSpace, MemoryDisk, PageFile } from "../../src/pager/index.ts";

export interface RunOperation {
  readonly key: string;
  readonly kind: "put" | "delete" | "merge";
  readonly value: Uint8Array;
  /** 0: none. */
  readonly expiry?: number;
}

export interface RunModelOptions {
  readonly settings?: Partial<LsmSettings>;
  readonly segmentBytes?: number;
  /** Whether the engine knows how operands are combined. */
  readonly isKnown?: boolean;
}

const FILE_BYTES = 1 << 26;
/** The hour: entries that end before are gone. */
export const NOW = 1000;

export const append: Combine = (older, newer) => Buffer.concat([older, newer]);

export class RunModel {
  readonly pages: PageFile;
  readonly free: FreeSpace;
  readonly values: Map<string, { readonly value: Buffer; readonly expiry: number }>;
  manifest: Manifest;
  readonly #options: RunModelOptions;
  #birth: number;
  #freed: [number, number][];

  constructor(options: RunModelOptions = {}) {
    this.pages = PageFile.open(new MemoryDisk(), {
      backend: "memory",
      cacheBytes: 0,
      readOnly: false,
      fileBytes: FILE_BYTES,
    });
    this.free = FreeSpace.of(2, [], this.pages.pagesPerFile);
    this.values = new Map();
    this.manifest = Manifest.empty;
    this.#options = options;
    this.#birth = 0;
    this.#freed = [];
  }

  get around(): LsmSurroundings {
    const { settings, segmentBytes = 1 << 16, isKnown = true } = this.#options;
    return {
      pages: this.pages,
      allocator: this.free,
      birth: this.#birth,
      settings: { ...DEFAULT_LSM_SETTINGS, ...settings },
      segmentBytes,
      combine: isKnown ? append : undefined,
      expiredBefore: NOW,
    };
  }

  get #frees(): PageFrees {
    return { add: (first, count) => this.#freed.push([first, count]) };
  }

  /** One flush; of several operations on a key the last counts, unless they merge. */
  flush(operations: readonly RunOperation[], rangeDeletes: readonly RangeDelete[] = []): void {
    const united = rangeDeletes.reduce((all, each) => uniteDeletes(all, [each]), [] as readonly RangeDelete[]);
    for (const key of [...this.values.keys()].filter((each) => isCovered(united, each))) {
      this.values.delete(key);
    }
    const cells = new Map<string, Cell>();
    for (const operation of operations) {
      cells.set(operation.key, this.#cellOf(cells.get(operation.key), operation, isCovered(united, operation.key)));
      this.#applyToValues(operation);
    }
    const sorted = [...cells].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#change(function* (around) {
      return withRun(this.manifest, 0, yield* flushRun(around, this.manifest, new CellBatch(sorted), united));
    });
  }

  /** What the policy wants next; false where that is nothing. */
  compact(isIdle: boolean): boolean {
    const { settings, segmentBytes } = this.around;
    const compaction = chooseCompaction(this.manifest, policyFor(settings.compaction, segmentBytes, isIdle));
    if (compaction !== undefined) {
      this.apply(compaction);
    }
    return compaction !== undefined;
  }

  apply(compaction: Compaction): void {
    this.#change((around) => compactRuns(around, this.#frees, this.manifest, compaction));
  }

  /** Moves what lies from page `from` on; how many pages were. */
  relocate(from: number, mostPages: number, movesValues: boolean): number {
    let moved = 0;
    const movesValue = () => movesValues;
    this.#change(function* (around) {
      const result = yield* relocateRuns(around, this.#frees, this.manifest, from, mostPages, movesValue, () => false);
      moved = result.pagesMoved;
      return result.manifest;
    });
    return moved;
  }

  /** Gives everything up. */
  drop(): void {
    this.#change(function* (this: RunModel) {
      yield* freeRuns(this.pages, this.#frees, this.manifest);
      return this.manifest;
    });
    this.manifest = this.manifest.apply(this.manifest.removals());
    assert(this.manifest.isEmpty, "nothing is left of what was dropped");
    this.values.clear();
  }

  check(): void {
    const used = new Set<number>([0, 1]);
    const onPage = (first: number, count: number): void => {
      for (let page = first; page < first + count; page++) {
        assert(!used.has(page) && !this.free.isFree(page), `page ${page} is reached once, and not free`);
        used.add(page);
      }
    };
    const deadlines = new Map<string, number>();
    for (const _ of checkRunsSteps(this.pages, this.manifest, {
      onPage,
      onDeadline: (key, length, expiry) => deadlines.set(Buffer.from(key.subarray(0, length)).toString(), expiry),
    })) {
      // It goes on by itself.
    }
    assert(used.size + this.free.freeCount === this.free.pageCount, "every page is reached or free");
    for (const { liveBytes, lengthBytes } of this.manifest.areas.values()) {
      assert(liveBytes > 0 && liveBytes <= lengthBytes, "no area is kept for nothing");
    }
    for (const [key, { expiry }] of this.values) {
      assert(expiry < NOW || deadlines.get(key) === expiry, `the deadline of ${key} is told of`);
    }
  }

  /** Every key that there was, one by one; and all of them as the merge of all runs. */
  compare(): void {
    const reader = new RunReader(this.pages, new SearchCounts());
    for (let n = 0; n < 1000; n++) {
      const key = keyOf(n);
      assert(sameBytes(this.#read(reader, key), this.#expected(key)), `${key} reads as it should`);
    }
    const { runs } = this.manifest;
    const merge = new RunMerge(this.pages, {
      inputs: runs.map((run) => ({ run, rangeDeletes: run.parts.flatMap(({ rangeDeletes }) => rangeDeletes) })),
      lower: undefined,
      upper: undefined,
      isBottom: true,
      expiredBefore: NOW,
      combine: append,
      onDropped() {},
    });
    const found: string[] = [];
    while (runs.length > 0 && merge.next()) {
      found.push(Buffer.from(merge.cursor.key.subarray(0, merge.cursor.keyLength)).toString());
    }
    const expected = [...this.values.keys()].filter((key) => this.#expected(key) !== undefined).sort();
    assert(found.join() === expected.join(), "all runs as one have the keys that there are");
  }

  #expected(key: string): Uint8Array | undefined {
    const entry = this.values.get(key);
    return entry === undefined || (entry.expiry !== 0 && entry.expiry < NOW) ? undefined : entry.value;
  }

  #read(reader: RunReader, key: string): Uint8Array | undefined {
    const bytes = Buffer.from(key);
    const operands = new Operands(append);
    let kind = reader.find(this.manifest, bytes, 0, bytes.length);
    while (kind !== NOT_FOUND && kind !== CELL_DELETE && !operands.hasBase) {
      const { tree } = reader;
      if (tree.expiry !== 0 && tree.expiry < NOW) {
        break;
      }
      const value = new Uint8Array(tree.valueLength);
      tree.copyValue(value, 0);
      operands.addOlder(value, kind);
      if (!operands.hasBase) {
        kind = reader.findOlder(this.manifest, bytes, 0, bytes.length);
      }
    }
    return operands.isEmpty ? undefined : operands.fold(true).bytes;
  }

  #applyToValues({ key, kind, value, expiry = 0 }: RunOperation): void {
    const before = this.#expected(key);
    if (kind === "delete") {
      this.values.delete(key);
    } else {
      const whole = kind === "merge" && before !== undefined ? Buffer.concat([before, value]) : Buffer.from(value);
      this.values.set(key, { value: whole, expiry: kind === "merge" ? 0 : expiry });
    }
  }

  /** What a memtable makes of one more operation on the same key (memtable-batch.ts). */
  #cellOf(before: Cell | undefined, { kind, value, expiry = 0 }: RunOperation, isCovered: boolean): Cell {
    if (kind === "put") {
      return { kind: BATCH_PUT, bytes: value, expiry };
    }
    if (kind === "delete") {
      return { kind: BATCH_DELETE, bytes: new Uint8Array(0), expiry: 0 };
    }
    const operands = new Operands(this.around.combine);
    operands.addOlder(encodeItems([value], false), BATCH_MERGE);
    if (before !== undefined && before.kind !== BATCH_DELETE) {
      operands.addOlder(before.bytes, before.kind === BATCH_PUT ? CELL_PUT : BATCH_MERGE);
    }
    const folded = operands.fold(before?.kind === BATCH_DELETE || (before === undefined && isCovered));
    return { kind: folded.kind === CELL_PUT ? BATCH_PUT : BATCH_MERGE, bytes: folded.bytes, expiry: 0 };
  }

  #change(work: (this: RunModel, around: LsmSurroundings) => Generator<void, Manifest>): void {
    this.#birth++;
    const steps = work.call(this, this.around);
    let step = steps.next();
    while (step.done !== true) {
      step = steps.next();
    }
    const changes = step.value.changesSince(this.manifest);
    const applied = this.manifest.apply(changes);
    this.manifest = step.value;
    assert(describeManifest(applied) === describeManifest(this.manifest), "what changed is written down");
    for (const [first, count] of this.#freed) {
      this.free.release(first, count);
    }
    this.#freed = [];
  }
}

function describeManifest(manifest: Manifest): string {
  return manifest
    .entries()
    .map(({ key, value }) => `${Buffer.from(key).toString("hex")} ${Buffer.from(value!).toString("hex")}`)
    .sort()
    .join();
}

export function keyOf(n: number): string {
  return `key ${String(n).padStart(4, "0")}`;
}

interface Cell {
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly expiry: number;
}

class CellBatch implements BatchSource {
  u8: Uint8Array = new Uint8Array(0);
  keyOffset = 0;
  keyLength = 0;
  kind = 0;
  values: Uint8Array = new Uint8Array(0);
  words: Uint32Array | undefined = undefined;
  valueOffset = 0;
  valueLength = 0;
  expiry = 0;
  readonly #cells: readonly (readonly [string, Cell])[];
  #at = 0;

  constructor(cells: readonly (readonly [string, Cell])[]) {
    this.#cells = cells;
  }

  next(): boolean {
    const entry = this.#cells[this.#at++];
    if (entry === undefined) {
      return false;
    }
    const [key, { kind, bytes, expiry }] = entry;
    this.u8 = Buffer.from(key);
    this.keyLength = this.u8.length;
    this.kind = kind;
    this.values = bytes;
    this.valueLength = bytes.length;
    this.expiry = expiry;
    return true;
  }

  applyTo(): never {
    throw new Error("a run is written without a look at what is there");
  }
}

function isCovered(deletes: readonly RangeDelete[], key: string): boolean {
  const bytes = Buffer.from(key);
  return coveringDelete(deletes, bytes, 0, bytes.length) !== undefined;
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
