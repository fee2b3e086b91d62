/** A follower of the change feed, which is held against the commits of the model. */
import { Buffer } from "node:buffer";
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Change, CommitChanges, Database } from "../../src/mvcc/index.ts";
import { KEY_SCRATCH_BYTES, type KeyCodec, keyCodec } from "../../src/mvcc/key-codec.ts";
import { combined } from "./merging.ts";
import type { MapState, Model } from "./model.ts";
import { placeOf } from "./sight.ts";
import { describeEntry, heldValue, isSameKey, isSameValue, type Universe } from "./universe.ts";

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
    // Of a load's commit that failed nobody knows whether it was made, and nobody is told of it.
    const lastMade = () => (database.store.isPoisoned ? database.lastCommit : model.last);
    const isBehind = () => this.#error === undefined && this.#last < this.#lastToCome(model, lastMade());
    for (let turns = 0; turns < MOST_TURNS && isBehind(); turns++) {
      await new Promise((resolve) => (turns < EAGER_TURNS ? setImmediate(resolve) : setTimeout(resolve, 5)));
    }
    if (this.#error !== undefined) {
      const code = this.#error instanceof DbError ? this.#error.code : "";
      const isLate = code === "INVALID" && this.#last < database.store.log.oldestCommit;
      if (!isLate) {
        throw this.#error;
      }
    }
    const end = this.#error === undefined ? lastMade() : this.#last;
    for (let commit = this.#since + 1; commit <= end; commit++) {
      this.#compare(model, commit);
    }
  }

  /** The last commit up to `lastMade` that the feed must tell of: it changed a map that is still there. */
  #lastToCome(model: Model, lastMade: number): number {
    for (let commit = lastMade; commit > this.#since; commit--) {
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
      if (isByDeadline) {
        for (const change of found) {
          this.#compareExpired(model, commit, map, change);
        }
      } else {
        compareChanges(model, commit, map, found, written.get(map.incarnation) ?? new Set<number>());
      }
    }
  }

  /** Of many that are due the model deletes all at once, the database so many a commit: each goes with that one, or later. */
  #compareExpired(model: Model, commit: number, map: MapState, { key, type }: Change): void {
    const place = placeOf(map, key);
    const what = `key ${place} of map ${map.name}`;
    assert(!model.stateAt(commit).get(map.name)!.entries.has(place), `commit ${commit} deleted ${what}`);
    const due = lastWriter(model, commit, map, place);
    assert(due !== undefined && model.commit(due).isByDeadline, `commit ${commit} changed ${what}`);
    const isTold = (change: Change): boolean => change.map === map.name && placeOf(map, change.key) === place;
    for (let earlier = due; earlier < commit; earlier++) {
      assert(!this.#commits.get(earlier)?.some(isTold), `commit ${commit} deleted ${what} once more`);
    }
    assert(type === "delete", `commit ${commit} deleted ${what}, with a change of type ${type}`);
  }
}

/** The last commit up to this one that wrote the key. */
function lastWriter(model: Model, commit: number, { incarnation }: MapState, key: number): number | undefined {
  for (let number = commit; number >= 0; number--) {
    if (model.commit(number).written.get(incarnation)?.has(key)) {
      return number;
    }
  }
  return undefined;
}

/** What the feed tells, one after the other, makes of the state before the commit the state after it. */
function compareChanges(
  model: Model,
  commit: number,
  map: MapState,
  found: readonly Change[],
  wanted: ReadonlySet<number>,
): void {
  const { universe, incarnation, name } = map;
  const before = model.stateAt(commit - 1).get(name);
  const told = new Replay(universe, before?.incarnation === incarnation ? before.entries : new Map());
  for (const change of found) {
    told.apply(change);
  }
  const after = model.stateAt(commit).get(name)!.entries;
  for (const [key, entry] of told.entries) {
    assert(wanted.has(key), `commit ${commit} changed key ${key} of map ${name}`);
    const expected = after.get(key);
    if (entry === undefined || expected === undefined) {
      assert(entry === expected, `commit ${commit} left what the feed says of key ${key} of map ${name}`);
    } else {
      assert(
        entry.expiry === expected.expiry && isSameValue(universe.value, heldValue(universe, expected), entry.value),
        `commit ${commit} left ${describeEntry(expected)} under key ${key} of map ${name}, as the feed says`,
      );
    }
  }
  assert(
    [...wanted].every((key) => told.entries.has(key)),
    `commit ${commit} changed ${wanted.size} keys of map ${name}, the feed tells of ${told.entries.size}`,
  );
  const isByKey = universe.merging === undefined && found.every(({ type }) => type === "put" || type === "delete");
  assert(!isByKey || found.length === wanted.size, `commit ${commit}: the feed tells of each key of map ${name} once`);
}

interface Told {
  readonly value: unknown;
  readonly expiry: number;
}

/** Changes of one map, applied to what there was. */
class Replay {
  /** What the keys that were told of became. */
  readonly entries: Map<number, Told | undefined>;
  readonly #universe: Universe;
  readonly #before: MapState["entries"];

  constructor(universe: Universe, before: MapState["entries"]) {
    this.entries = new Map();
    this.#universe = universe;
    this.#before = before;
  }

  apply(change: Change): void {
    const { keys, key: kind } = this.#universe;
    if (change.type === "deleteRange") {
      const { lower, upper } = change.range!;
      for (const [key, bytes] of keyBytesOf(this.#universe).entries()) {
        if (Buffer.compare(bytes, lower) >= 0 && (upper === undefined || Buffer.compare(bytes, upper) < 0)) {
          this.entries.set(key, undefined);
        }
      }
      return;
    }
    const key = keys.findIndex((candidate) => isSameKey(kind, candidate, change.key));
    switch (change.type) {
      case "put":
        this.entries.set(key, { value: change.value, expiry: change.expiresAt ?? 0 });
        break;
      case "merge":
        this.entries.set(key, { value: this.#merged(key, change.value), expiry: 0 });
        break;
      default:
        assert(change.type === "delete", `a map that was not loaded has changes, not a ${change.type}`);
        this.entries.set(key, undefined);
    }
  }

  #merged(key: number, operand: unknown): unknown {
    const { merging, value } = this.#universe;
    const entry = this.#before.get(key);
    const was = entry === undefined ? undefined : heldValue(this.#universe, entry);
    const older = this.entries.has(key) ? this.entries.get(key)?.value : was;
    return older === undefined ? operand : combined(merging!, value, older, operand);
  }
}

const KEY_BYTES = new WeakMap<Universe, readonly Uint8Array[]>();

/** The keys as ranges in the feed have them. */
function keyBytesOf(universe: Universe): readonly Uint8Array[] {
  let bytes = KEY_BYTES.get(universe);
  if (bytes === undefined) {
    const codec = keyCodec(universe.key) as KeyCodec<unknown>;
    bytes = universe.keys.map((key) => {
      const encoded = new Uint8Array(KEY_SCRATCH_BYTES);
      return encoded.slice(0, codec.encode(key, encoded, 0));
    });
    KEY_BYTES.set(universe, bytes);
  }
  return bytes;
}
