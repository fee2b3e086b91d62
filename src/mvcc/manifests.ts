/** The manifests of LSM keyspaces while a job changes them: with what compactions did, and without, should they come to nothing. */
import { Manifest, type ManifestEntry } from "../lsm/index.ts";

export class Manifests {
  readonly #before: ReadonlyMap<number, Manifest>;
  /** Those that were changed: by everything, and by all but compactions. */
  #now: Map<number, Manifest>;
  readonly #uncompacted: Map<number, Manifest>;
  readonly #dropped: Map<number, readonly ManifestEntry[]>;

  constructor(before: ReadonlyMap<number, Manifest>) {
    this.#before = before;
    this.#now = new Map();
    this.#uncompacted = new Map();
    this.#dropped = new Map();
  }

  keyspaces(): Set<number> {
    return new Set([...this.#before.keys(), ...this.#now.keys()]);
  }

  /** What is in pages. */
  before(keyspace: number): Manifest {
    return this.#before.get(keyspace) ?? Manifest.empty;
  }

  now(keyspace: number): Manifest {
    return this.#now.get(keyspace) ?? this.before(keyspace);
  }

  /** A change that stays though compactions come to nothing. */
  change(keyspace: number, change: (manifest: Manifest) => Manifest): void {
    const uncompacted = this.#uncompacted.get(keyspace) ?? this.before(keyspace);
    this.#uncompacted.set(keyspace, change(uncompacted));
    this.#now.set(keyspace, change(this.now(keyspace)));
  }

  /** What a compaction made of it, or a move. */
  compacted(keyspace: number, manifest: Manifest): void {
    this.#now.set(keyspace, manifest);
  }

  forgetCompactions(): void {
    this.#now = new Map(this.#uncompacted);
  }

  drop(keyspace: number): void {
    this.#dropped.set(keyspace, this.before(keyspace).removals());
  }

  /** What of each keyspace's manifest the roots tree has to be told. */
  changes(): ReadonlyMap<number, readonly ManifestEntry[]> {
    const changes = new Map(this.#dropped);
    for (const [keyspace, manifest] of this.#now) {
      changes.set(keyspace, manifest.changesSince(this.before(keyspace)));
    }
    return changes;
  }
}
