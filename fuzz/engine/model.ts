/**
 * The model of a database: what every map held after every commit, and which keys each commit wrote.
 *
 * A map is known by its name and its incarnation (it may be dropped and made again), a key by its place in the map's
 * universe. A state is never changed; a `Draft` is a state with changes on top, which `Model.push` makes the next commit.
 */
import { assert } from "../../src/assert.ts";
import { mergedValue, type Universe } from "./universe.ts";

export interface Entry {
  readonly token: number;
  /** Milliseconds since the epoch; 0 for none. */
  readonly expiry: number;
  /** What merges made of it. */
  readonly merged?: unknown;
}

/** Tokens of operands, the oldest first, that are applied to whatever the entry is when they are committed. */
interface Operands {
  readonly operands: readonly number[];
}

/** Undefined is a deletion. */
type Change = Entry | Operands | undefined;

export interface MapState {
  readonly name: string;
  /** A number of its own for each map that was ever made. */
  readonly incarnation: number;
  /** The commit that made it. */
  readonly since: number;
  readonly universe: Universe;
  readonly entries: ReadonlyMap<number, Entry>;
}

export type State = ReadonlyMap<string, MapState>;

interface Commit {
  readonly state: State;
  /** Incarnation ▶ keys that it put, merged or deleted. */
  readonly written: ReadonlyMap<number, ReadonlySet<number>>;
  /** Incarnations of maps that it deleted ranges of. */
  readonly cleared: ReadonlySet<number>;
  readonly isByDeadline: boolean;
  readonly load?: Load;
}

/** What the commit of a bulk load is besides. */
interface Load {
  readonly incarnation: number;
  readonly name: string;
  readonly entries: ReadonlyMap<number, Entry>;
  /** The same commit where the loaded pages did not come to count. */
  readonly without: State;
  /** The loaded pages are known to count: they do from when anybody was told of the commit. */
  readonly isInstalled: boolean;
}

export class Model {
  readonly #commits: Commit[];
  #incarnations: number;
  #serials: number;

  constructor() {
    this.#incarnations = 0;
    this.#serials = 0;
    this.#commits = [{ state: new Map(), written: new Map(), cleared: new Set(), isByDeadline: false }];
  }

  /** A model of its own that has the commits up to `last`, to go on from there. */
  fork(last: number): Model {
    assert(last <= this.last, `commit ${last} was never made; the last one is ${this.last}`);
    const fork = new Model();
    fork.#commits.splice(0, 1, ...this.#commits.slice(0, last + 1));
    fork.#incarnations = this.#incarnations;
    fork.#serials = this.#serials;
    return fork;
  }

  /** The number of the last commit. */
  get last(): number {
    return this.#commits.length - 1;
  }

  get state(): State {
    return this.#commits.at(-1)!.state;
  }

  stateAt(commit: number): State {
    const found = this.#commits[commit];
    assert(found !== undefined, `commit ${commit} was never made; the last one is ${this.last}`);
    return found.state;
  }

  commit(number: number): Commit {
    return this.#commits[number]!;
  }

  /** A number of its own for each value. */
  nextSerial(): number {
    return ++this.#serials;
  }

  /** A map that the next commit makes. */
  newMap(name: string, universe: Universe): MapState {
    return { name, incarnation: ++this.#incarnations, since: this.last + 1, universe, entries: new Map() };
  }

  push(draft: Draft): void {
    const state = new Map(this.state);
    for (const name of draft.dropped) {
      state.delete(name);
    }
    for (const made of draft.made.values()) {
      state.set(made.name, made);
    }
    const written = new Map<number, Set<number>>();
    for (const [incarnation, changes] of draft.changes) {
      const map = [...state.values()].find((candidate) => candidate.incarnation === incarnation);
      assert(map !== undefined, "the model writes to maps that are there");
      const entries = new Map(map.entries);
      for (const [key, change] of changes) {
        const entry = settled(map, key, change);
        if (entry === undefined) {
          entries.delete(key);
        } else {
          entries.set(key, entry);
        }
      }
      state.set(map.name, { ...map, entries });
      written.set(incarnation, new Set(changes.keys()));
    }
    this.#commits.push({ state, written, cleared: new Set(draft.cleared), isByDeadline: false });
  }

  /** A commit that deletes everything that has expired, of the map that is being loaded nothing; it may be the first of several. */
  pushDeadlines(now: number, loading: MapState | undefined): void {
    const state = new Map(this.state);
    const written = new Map<number, Set<number>>();
    for (const map of this.state.values()) {
      const expired = [...map.entries].filter(([, entry]) => !isVisible(entry, now)).map(([key]) => key);
      if (expired.length > 0 && map.incarnation !== loading?.incarnation) {
        const entries = new Map([...map.entries].filter(([, entry]) => isVisible(entry, now)));
        state.set(map.name, { ...map, entries });
        written.set(map.incarnation, new Set(expired));
      }
    }
    this.#commits.push({ state, written, cleared: new Set(), isByDeadline: true });
  }

  /**
   * A commit that fills a map past the log. Whoever uses the map meets it, whichever keys that are. `isInstalled` false:
   * the disk failed in the middle of it.
   */
  pushLoad(map: MapState, entries: ReadonlyMap<number, Entry>, isInstalled: boolean): void {
    const { name, incarnation, universe } = map;
    const without = this.state;
    const loaded = without.get(name);
    assert(loaded?.incarnation === incarnation, "the model loads maps that are there");
    // Into runs it may be loaded above what is there.
    const state = new Map(without).set(name, { ...loaded, entries: new Map([...loaded.entries, ...entries]) });
    const written = new Map([[incarnation, new Set(universe.keys.keys())]]);
    const load = { incarnation, name, entries, without, isInstalled };
    this.#commits.push({ state, written, cleared: new Set(), isByDeadline: false, load });
  }

  /** The last commit is a load's, and what it should have loaded is not there. */
  takeBackLoad(): void {
    const last = this.#commits.pop();
    assert(last?.load !== undefined, "a load is taken back");
    this.#commits.push({ ...last, state: last.load.without });
  }

  /** Whether a commit after `after` loaded the map. */
  isLoaded(incarnation: number, after: number): boolean {
    return this.#commits.some((commit, number) => number > after && commit.load?.incarnation === incarnation);
  }

  /** A crash took the commits after this one. */
  truncate(last: number): void {
    assert(last <= this.last, `commit ${last} was never made; the last one is ${this.last}`);
    this.#commits.length = last + 1;
  }

  /** The first commit after `after` that wrote something that `touches`; undefined: none did. */
  findWriter(after: number, touches: (incarnation: number, key: number) => boolean): number | undefined {
    for (let number = after + 1; number <= this.last; number++) {
      for (const [incarnation, keys] of this.commit(number).written) {
        for (const key of keys) {
          if (touches(incarnation, key)) {
            return number;
          }
        }
      }
    }
    return undefined;
  }
}

export function isVisible(entry: Entry, now: number): boolean {
  return entry.expiry === 0 || entry.expiry > now;
}

/** What an entry is after a change. */
function settled({ universe, entries }: MapState, key: number, change: Change): Entry | undefined {
  if (change === undefined || !("operands" in change)) {
    return change;
  }
  const merged = mergedValue(universe, entries.get(key), change.operands);
  return { token: change.operands.at(-1)!, expiry: 0, merged };
}

type MapChanges = ReadonlyMap<number, ReadonlyMap<number, Change>>;

/** What a savepoint keeps. */
interface Changes {
  readonly made: ReadonlyMap<string, MapState>;
  readonly changes: MapChanges;
  readonly cleared: ReadonlySet<number>;
}

/** A state as a reader sees it, and what a transaction has changed on top. */
export class Draft {
  readonly base: State;
  made: Map<string, MapState>;
  readonly dropped: Set<string>;
  changes: Map<number, Map<number, Change>>;
  /** Incarnations of maps that ranges were deleted of. */
  cleared: Set<number>;

  constructor(base: State) {
    this.base = base;
    this.made = new Map();
    this.dropped = new Set();
    this.changes = new Map();
    this.cleared = new Set();
  }

  get isEmpty(): boolean {
    return this.made.size === 0 && this.dropped.size === 0 && this.changes.size === 0;
  }

  maps(): MapState[] {
    return [...new Map([...this.base, ...this.made]).values()];
  }

  get(map: MapState, key: number): Entry | undefined {
    const changes = this.changes.get(map.incarnation);
    return changes?.has(key) ? settled(map, key, changes.get(key)) : map.entries.get(key);
  }

  put({ incarnation }: MapState, key: number, entry: Entry | undefined): void {
    this.#change(incarnation, key, entry);
  }

  /** An operand is applied, without a look at the entry if this transaction has not written to it. */
  merge({ incarnation, universe }: MapState, key: number, token: number): void {
    const changes = this.changes.get(incarnation);
    const change = changes?.get(key);
    if (changes?.has(key) !== true) {
      this.#change(incarnation, key, { operands: [token] });
    } else if (change !== undefined && "operands" in change) {
      this.#change(incarnation, key, { operands: [...change.operands, token] });
    } else {
      this.#change(incarnation, key, { token, expiry: 0, merged: mergedValue(universe, change, [token]) });
    }
  }

  /** The keys from `from` to before `to`, one at least, are deleted as a range. */
  clear({ incarnation }: MapState, from: number, to: number): void {
    assert(from < to, "a range that is deleted has keys");
    this.cleared.add(incarnation);
    for (let key = from; key < to; key++) {
      this.#change(incarnation, key, undefined);
    }
  }

  /** Whether the key was written to otherwise than by operands. */
  overwrites(incarnation: number, key: number): boolean {
    const changes = this.changes.get(incarnation);
    const change = changes?.get(key);
    return changes?.has(key) === true && (change === undefined || !("operands" in change));
  }

  /** The visible entries from key `from` to before key `to`, ascending. */
  range(map: MapState, from: number, to: number, now: number): [number, Entry][] {
    const found: [number, Entry][] = [];
    for (const key of new Set([...map.entries.keys(), ...(this.changes.get(map.incarnation)?.keys() ?? [])])) {
      const entry = key >= from && key < to ? this.get(map, key) : undefined;
      if (entry !== undefined && isVisible(entry, now)) {
        found.push([key, entry]);
      }
    }
    return found.sort((a, b) => a[0] - b[0]);
  }

  savepoint(): Changes {
    return { made: new Map(this.made), changes: copyOf(this.changes), cleared: new Set(this.cleared) };
  }

  rollbackTo({ made, changes, cleared }: Changes): void {
    this.made = new Map(made);
    this.changes = copyOf(changes);
    this.cleared = new Set(cleared);
  }

  #change(incarnation: number, key: number, change: Change): void {
    const changes = this.changes.get(incarnation) ?? new Map<number, Change>();
    changes.set(key, change);
    this.changes.set(incarnation, changes);
  }
}

function copyOf(changes: MapChanges): Map<number, Map<number, Change>> {
  return new Map([...changes].map(([incarnation, keys]) => [incarnation, new Map(keys)]));
}
