/**
 * What a checkpoint job does for LSM keyspaces: flushes into new runs, drops, and compactions as far as there is time.
 *
 * Compactions go by units of some tens of megabytes (lsm/policy.ts), each of which leaves a manifest that could stay. The
 * job takes units, of the keyspace with the most to do, until its budget is spent or somebody is in a hurry.
 */
import {
  chooseCompaction,
  compactionDebt,
  compactRuns,
  flushRun,
  freeRuns,
  type LsmSettings,
  type LsmSurroundings,
  Manifest,
  type ManifestEntry,
  type PolicySettings,
  policyFor,
  relocateRuns,
} from "../lsm/index.ts";
import type { PageAllocator, PageFile } from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import type { MemtableBatch } from "./memtable-batch.ts";
import { combineFor } from "./merge-operator.ts";
import type { Roots } from "./roots.ts";

export interface LsmWorkOptions {
  /** Of a log segment: runs, parts and units are measured by it. */
  readonly segmentBytes: number;
  /** Pages that compactions may read before the job ends, in bytes; 0: none are made. */
  readonly compactionBytes: number;
  readonly isIdle: boolean;
  /** Entries that ended before are dropped in compactions; ms since the epoch. */
  readonly expiredBefore: number;
}

interface LsmInput {
  readonly pages: PageFile;
  readonly roots: Roots;
  readonly keyspaces: ReadonlyMap<number, KeyspaceKind | undefined>;
  readonly lsm: LsmWorkOptions;
  readonly isHurried: () => boolean;
}

export class LsmWork {
  readonly #input: LsmInput;
  readonly #allocator: PageAllocator;
  readonly #frees: LsmSurroundings["frees"];
  readonly #birth: number;
  /** Those that the job has changed. */
  readonly #manifests: Map<number, Manifest>;
  readonly #dropped: Map<number, readonly ManifestEntry[]>;

  constructor(input: LsmInput, allocator: PageAllocator, frees: LsmSurroundings["frees"], birth: number) {
    this.#input = input;
    this.#allocator = allocator;
    this.#frees = frees;
    this.#birth = birth;
    this.#manifests = new Map();
    this.#dropped = new Map();
  }

  set(keyspace: number, manifest: Manifest): void {
    this.#manifests.set(keyspace, manifest);
  }

  *flush(keyspace: number, batch: MemtableBatch): Generator<void, void> {
    const around = this.#surroundings(keyspace, this.#settings(keyspace)!);
    this.set(keyspace, yield* flushRun(around, this.#manifest(keyspace), batch, batch.rangeDeletes));
  }

  *freeDropped(): Generator<void, void> {
    const { pages, roots, keyspaces } = this.#input;
    for (const [keyspace, manifest] of roots.manifests) {
      if (!keyspaces.has(keyspace)) {
        yield* freeRuns(pages, this.#frees, manifest);
        this.#dropped.set(keyspace, manifest.removals());
      }
    }
  }

  /** Moves what lies from page `from` on, `mostPages` at the most. */
  *relocate(from: number, mostPages: number, movesValues: boolean): Generator<void, void> {
    let moved = 0;
    for (const keyspace of this.#keyspaces()) {
      const settings = this.#settings(keyspace);
      if (settings !== undefined) {
        const around = this.#surroundings(keyspace, settings);
        const before = this.#manifest(keyspace);
        const left = mostPages - moved;
        const { isHurried } = this.#input;
        const { manifest, pagesMoved } = yield* relocateRuns(around, before, from, left, movesValues, isHurried);
        moved += pagesMoved;
        this.set(keyspace, manifest);
      }
    }
  }

  *compact(): Generator<void, void> {
    let leftBytes = this.#input.lsm.compactionBytes;
    // One at least: compactions that never come to their turn pile up.
    for (let isFirst = true; leftBytes > 0 && (isFirst || !this.#input.isHurried()); isFirst = false) {
      const next = this.#neediest();
      if (next === undefined) {
        return;
      }
      const { keyspace, settings } = next;
      const manifest = this.#manifest(keyspace);
      const compaction = chooseCompaction(manifest, this.#policy(settings));
      if (compaction === undefined) {
        return;
      }
      for (const { parts } of compaction.inputs) {
        leftBytes -= parts.reduce((sum, part) => sum + part.bytes, 0);
      }
      this.set(keyspace, yield* compactRuns(this.#surroundings(keyspace, settings), manifest, compaction));
    }
  }

  /** What of each keyspace's manifest the roots tree has to be told. */
  changes(): ReadonlyMap<number, readonly ManifestEntry[]> {
    const changes = new Map(this.#dropped);
    for (const [keyspace, manifest] of this.#manifests) {
      const before = this.#input.roots.manifests.get(keyspace) ?? Manifest.empty;
      changes.set(keyspace, manifest.changesSince(before));
    }
    return changes;
  }

  /** The keyspace whose compactions have the most to do. */
  #neediest(): { keyspace: number; settings: LsmSettings } | undefined {
    let neediest: { keyspace: number; settings: LsmSettings } | undefined;
    let most = 0;
    for (const keyspace of this.#keyspaces()) {
      const settings = this.#settings(keyspace);
      const debt = settings === undefined ? 0 : compactionDebt(this.#manifest(keyspace), this.#policy(settings));
      if (debt > most) {
        most = debt;
        neediest = { keyspace, settings: settings! };
      }
    }
    return neediest;
  }

  #keyspaces(): Set<number> {
    return new Set([...this.#input.roots.manifests.keys(), ...this.#manifests.keys()]);
  }

  #manifest(keyspace: number): Manifest {
    return this.#manifests.get(keyspace) ?? this.#input.roots.manifests.get(keyspace) ?? Manifest.empty;
  }

  #settings(keyspace: number): LsmSettings | undefined {
    return this.#input.keyspaces.get(keyspace)?.lsm;
  }

  #policy({ compaction }: LsmSettings): PolicySettings {
    const { segmentBytes, isIdle } = this.#input.lsm;
    return policyFor(compaction, segmentBytes, isIdle);
  }

  #surroundings(keyspace: number, settings: LsmSettings): LsmSurroundings {
    const { pages, lsm, keyspaces } = this.#input;
    const merge = keyspaces.get(keyspace)?.merge;
    return {
      pages,
      allocator: this.#allocator,
      frees: this.#frees,
      birth: this.#birth,
      settings,
      segmentBytes: lsm.segmentBytes,
      combine: merge === undefined ? undefined : combineFor(merge),
      expiredBefore: lsm.expiredBefore,
    };
  }
}
