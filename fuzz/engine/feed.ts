/** A follower of the change feed, which is held against the commits of the model. */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Change, CommitChanges, Database } from "../../src/mvcc/index.ts";
import type { MapState, Model } from "./model.ts";
import { isSameKey, isValueOf } from "./universe.ts";

/** Turns of the event loop until the feed has come as far as it must; the later ones take 5 ms. */
const EAGER_TURNS = 40;
const MOST_TURNS = 500;

export class Feed {
  readonly #since: number;
  readonly #abort: AbortController;
  readonly #commits: Map<number, Change[]>;
  readonly #done: Promise<void>;
  readonly #onCommit: (commit: number) => void;
  /** The commit of the last whole item. */
  #last: number;
  #error: unknown;

  /** What the feed gives is on disk: `onCommit` is told of each whole commit. */
  constructor(database: Database, since: number, onCommit: (commit: number) => void) {
    this.#since = since;
    this.#last = since;
    this.#abort = new AbortController();
    this.#commits = new Map();
    this.#onCommit = onCommit;
    this.#error = undefined;
    this.#done = this.#follow(database.changes({ since, signal: this.#abort.signal }));
  }

  /** Everything up to the last commit must have come, if the feed was let run; what came must be right in any case. */
  async check(model: Model, database: Database): Promise<void> {
    const last = this.#lastToCome(model);
    for (let turns = 0; turns < MOST_TURNS && this.#error === undefined && this.#last < last; turns++) {
      await new Promise((resolve) => (turns < EAGER_TURNS ? setImmediate(resolve) : setTimeout(resolve, 5)));
    }
    if (this.#error !== undefined) {
      const code = this.#error instanceof DbError ? this.#error.code : "";
      const isLate = code === "INVALID" && this.#last < database.store.log.oldestCommit;
      if (!isLate) {
        throw this.#error;
      }
    }
    const end = this.#error === undefined ? model.last : this.#last;
    for (let commit = this.#since + 1; commit <= end; commit++) {
      this.#compare(model, commit);
    }
  }

  /** The last commit that the feed must tell of: it changed a map that is still there. */
  #lastToCome(model: Model): number {
    for (let commit = model.last; commit > this.#since; commit--) {
      const { written } = model.commit(commit);
      if ([...model.state.values()].some((map) => written.has(map.incarnation))) {
        return commit;
      }
    }
    return this.#since;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #follow(changes: AsyncIterable<CommitChanges>): Promise<void> {
    let parts: Change[] = [];
    try {
      for await (const item of changes) {
        assert(item.commit > this.#last, "the feed gives commit after commit, each once");
        parts = [...parts, ...item.changes];
        if (item.isWhole) {
          this.#commits.set(item.commit, parts);
          this.#last = item.commit;
          this.#onCommit(item.commit);
          parts = [];
        }
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        this.#error = error;
      }
    }
  }

  /** Changes of maps that were dropped since are not to be had. */
  #compare(model: Model, commit: number): void {
    const changes = this.#commits.get(commit) ?? [];
    const { written, isByDeadline, load } = model.commit(commit);
    for (const map of model.state.values()) {
      if (commit < map.since) {
        continue;
      }
      const found = changes.filter((change) => change.map === map.name);
      if (load?.incarnation === map.incarnation) {
        assert(found.length === 1 && found[0]!.type === "load", `commit ${commit} loaded map ${map.name}`);
        continue;
      }
      const wanted = written.get(map.incarnation) ?? new Set<number>();
      assert(
        isByDeadline || found.length === wanted.size,
        `commit ${commit} changed ${wanted.size} keys of map ${map.name}, the feed tells of ${found.length}`,
      );
      for (const change of found) {
        compareChange(model, commit, map, change, wanted);
      }
    }
  }
}

function compareChange(model: Model, commit: number, map: MapState, change: Change, wanted: ReadonlySet<number>): void {
  const { universe } = map;
  const key = universe.keys.findIndex((candidate) => isSameKey(universe.key, candidate, change.key));
  assert(wanted.has(key), `commit ${commit} changed key ${key} of map ${map.name}`);
  const entry = model.stateAt(commit).get(map.name)!.entries.get(key);
  if (entry === undefined) {
    assert(change.type === "delete", `commit ${commit} deleted key ${key} of map ${map.name}`);
  } else {
    assert(
      change.type === "put" &&
        isValueOf(universe.value, entry.token, change.value) &&
        (change.expiresAt ?? 0) === entry.expiry,
      `commit ${commit} put what the feed says to key ${key} of map ${map.name}`,
    );
  }
}
