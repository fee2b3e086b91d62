/** What a checkpoint job does for LSM keyspaces: flushes into new runs, drops, moves, and compactions (compactions.ts). */
import type { RelocatesExtent } from "../btree/index.ts";
import {
  flushRun,
  freeRuns,
  type LsmSettings,
  type LsmSurroundings,
  type Manifest,
  type ManifestEntry,
  type PageFrees,
  relocateRuns,
  withRun,
} from "../lsm/index.ts";
import { PAGE_SIZE, type PageAllocator } from "../pager/index.ts";
import { type CompactionInput, Compactions } from "./compactions.ts";
import type { JobPages } from "./job-pages.ts";
import { Manifests } from "./manifests.ts";
import type { MemtableBatch } from "./memtable-batch.ts";
import { combineFor } from "./merge-operator.ts";

export class LsmWork {
  readonly compactions: Compactions;
  /** Of pages and areas, to lower places. */
  movedBytes: number;
  readonly #input: CompactionInput;
  readonly #allocator: PageAllocator;
  readonly #frees: PageFrees;
  readonly #birth: number;
  readonly #manifests: Manifests;

  constructor(input: CompactionInput, allocator: JobPages, frees: PageFrees, birth: number) {
    this.#input = input;
    this.#allocator = allocator;
    this.#frees = frees;
    this.#birth = birth;
    this.movedBytes = 0;
    this.#manifests = new Manifests(input.roots.manifests);
    this.compactions = new Compactions(input, this.#manifests, allocator, frees, birth);
  }

  set(keyspace: number, manifest: Manifest): void {
    this.#manifests.change(keyspace, () => manifest);
  }

  *flush(keyspace: number, batch: MemtableBatch): Generator<void, void> {
    const around = this.#surroundings(keyspace, this.#settings(keyspace)!);
    const run = yield* flushRun(around, this.#manifests.before(keyspace), batch, batch.rangeDeletes);
    this.#manifests.change(keyspace, (manifest) => withRun(manifest, 0, run));
  }

  *freeDropped(): Generator<void, void> {
    const { pages, roots, keyspaces } = this.#input;
    for (const [keyspace, manifest] of roots.manifests) {
      if (!keyspaces.has(keyspace)) {
        yield* freeRuns(pages, this.#frees, manifest);
        this.#manifests.drop(keyspace);
      }
    }
  }

  /** Moves what lies from page `from` on, `mostPages` at the most. After compactions. */
  *relocate(from: number, mostPages: number, movesValue: RelocatesExtent | undefined): Generator<void, void> {
    const { isHurried } = this.#input;
    let left = mostPages;
    for (const keyspace of this.#manifests.keyspaces()) {
      const settings = this.#settings(keyspace);
      if (settings !== undefined) {
        const around = this.#surroundings(keyspace, settings);
        const before = this.#manifests.now(keyspace);
        const moved = yield* relocateRuns(around, this.#frees, before, from, left, movesValue, isHurried);
        left -= moved.pagesMoved;
        this.movedBytes += moved.pagesMoved * PAGE_SIZE;
        this.#manifests.compacted(keyspace, moved.manifest);
      }
    }
  }

  /** What of each keyspace's manifest the roots tree has to be told. */
  changes(): ReadonlyMap<number, readonly ManifestEntry[]> {
    return this.#manifests.changes();
  }

  #settings(keyspace: number): LsmSettings | undefined {
    return this.#input.keyspaces.get(keyspace)?.lsm;
  }

  #surroundings(keyspace: number, settings: LsmSettings): LsmSurroundings {
    const { pages, lsm, keyspaces } = this.#input;
    const merge = keyspaces.get(keyspace)?.merge;
    return {
      pages,
      allocator: this.#allocator,
      birth: this.#birth,
      settings,
      segmentBytes: lsm.segmentBytes,
      combine: merge === undefined ? undefined : combineFor(merge),
      expiredBefore: lsm.expiredBefore,
    };
  }
}
