/**
 * Where a bulk load writes: a tree, or a run.
 *
 * A run goes to the deepest level if it is the keyspace's first, so that nothing has to be compacted; otherwise it lies
 * above all that there is, as a flush would.
 */
import { CELL_PUT, TreeBuilder } from "../btree/index.ts";
import { DEEPEST_LEVEL, type LsmSettings, Manifest, PartWriter, partBytesFor, withRun } from "../lsm/index.ts";
import type { KeyspaceInfo } from "./catalog.ts";
import type { CheckpointJob } from "./checkpoint-job.ts";
import type { Store } from "./store.ts";

export interface LoadTarget {
  /** Entries so far. */
  readonly count: number;
  /** The next entry, in ascending order. */
  add(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
  ): void;
  /** Names what was built to the job. */
  finish(): void;
}

export function targetFor(store: Store, info: KeyspaceInfo, job: CheckpointJob): LoadTarget {
  return info.lsm === undefined ? new TreeTarget(store, info.id, job) : new RunTarget(store, info.id, info.lsm, job);
}

class TreeTarget implements LoadTarget {
  readonly #keyspace: number;
  readonly #job: CheckpointJob;
  readonly #builder: TreeBuilder;

  constructor(store: Store, keyspace: number, job: CheckpointJob) {
    this.#keyspace = keyspace;
    this.#job = job;
    this.#builder = new TreeBuilder(store.pages, job.allocator, job.number);
  }

  get count(): number {
    return this.#builder.count;
  }

  add(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
  ): void {
    this.#builder.add(key, keyOffset, keyLength, value, valueOffset, valueLength, expiry);
  }

  finish(): void {
    this.#job.setRoot(this.#keyspace, this.#builder.finish());
  }
}

class RunTarget implements LoadTarget {
  count: number;
  readonly #keyspace: number;
  readonly #job: CheckpointJob;
  readonly #before: Manifest;
  readonly #level: number;
  readonly #writer: PartWriter;
  #userBytes: number;

  constructor(store: Store, keyspace: number, settings: LsmSettings, job: CheckpointJob) {
    this.count = 0;
    this.#keyspace = keyspace;
    this.#job = job;
    this.#before = store.state.manifests.get(keyspace) ?? Manifest.empty;
    const isFirst = this.#before.runs.length === 0;
    this.#level = isFirst ? DEEPEST_LEVEL : 0;
    this.#userBytes = 0;
    this.#writer = new PartWriter({
      pages: store.pages,
      allocator: job.allocator,
      birth: job.number,
      settings,
      level: this.#level,
      isCompressed: isFirst,
      partBytes: partBytesFor(store.options.segmentBytes, this.#level),
    });
  }

  add(
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
  ): void {
    this.#writer.add(CELL_PUT, key, keyOffset, keyLength, value, valueOffset, valueLength, expiry);
    this.#userBytes += keyLength + valueLength;
    this.count++;
  }

  finish(): void {
    const parts = this.#writer.finish();
    const { areas, writtenBytes } = this.#writer;
    const run = { parts, areas, userBytes: this.#userBytes, writtenBytes };
    this.#job.setManifest(this.#keyspace, withRun(this.#before, this.#level, run));
  }
}
