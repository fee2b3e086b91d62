/**
 * An immutable picture of where the data is: the memtables, newest first, over what the last checkpoint left in pages.
 *
 * A commit does not make a new state; a rotation, a checkpoint or a bulk load does. A snapshot is a pinned state and a
 * commit number: versions after that number are skipped, whatever is added to the active memtable later. While a state is
 * pinned no page that its roots reach is reused (M3) and no memtable of it is recycled (M4).
 */
import type { RootRecord } from "../btree/index.ts";
import type { DbError } from "../errors.ts";
import type { Manifest } from "../lsm/index.ts";
import type { Memtable } from "./memtable.ts";
import type { Roots } from "./roots.ts";

export class ReadState {
  /** Newest first; the first is the active one, if there is one. */
  readonly memtables: readonly Memtable[];
  readonly roots: Roots;
  /** Those of `roots`: where B+trees begin, and which runs LSM keyspaces have. */
  readonly trees: ReadonlyMap<number, RootRecord>;
  readonly manifests: ReadonlyMap<number, Manifest>;
  /** The checkpoint that `roots` belong to. */
  readonly checkpoint: number;
  pins: number;

  constructor(memtables: readonly Memtable[], roots: Roots, checkpoint: number) {
    this.memtables = memtables;
    this.roots = roots;
    this.trees = roots.trees;
    this.manifests = roots.manifests;
    this.checkpoint = checkpoint;
    this.pins = 0;
    for (const memtable of memtables) {
      memtable.references++;
    }
  }
}

/**
 * Where a reader stands: a state and the last commit that it sees. The live point moves with every commit; a snapshot's
 * stays. `now` fixes the time by which deadlines are judged (0: ask the clock, for the live point).
 */
export class ReadPoint {
  state: ReadState;
  commit: number;
  now: number;
  /** Why nothing can be read here any more: the memory was taken back, or the holder is closed. Every read throws it. */
  ended: DbError | undefined;

  constructor(state: ReadState, commit: number, now: number) {
    this.state = state;
    this.commit = commit;
    this.now = now;
    this.ended = undefined;
  }
}
