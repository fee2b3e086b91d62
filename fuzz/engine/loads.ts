/**
 * A bulk load that is under way while the program goes on.
 *
 *     begun ─▶ holding: writes to the map are refused ─▶ installed, with a commit of its own ─▶ ended
 *        └──────────┴──▶ ended, without a trace: aborted, a bad entry, the map dropped or written to before, a failing disk
 *
 * Its entries come through a gate, some at a time. The commit is made between two steps of the program; the model is told
 * of it as it happens (`watchLoads`). That commit's record is on disk before the loaded pages count, so that a crash
 * between them leaves the commit without what was loaded: `Model.pushLoad` keeps both states, until it is installed.
 */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Database, LoadResult } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import { type Changes, isUncertain } from "./changes.ts";
import { Gate } from "./gate.ts";
import type { Entry, MapState, Model } from "./model.ts";
import { openMap } from "./sight.ts";
import { valueFor } from "./universe.ts";

export class HeldLoad {
  readonly map: MapState;
  readonly gate: Gate;
  readonly promise: Promise<LoadResult>;
  readonly #model: Model;
  readonly #begunAt: number;
  readonly #entries: ReadonlyMap<number, Entry>;
  /** How many entries come before one that is out of order; undefined: all are in order. */
  readonly #badAt: number | undefined;
  readonly #abort: AbortController;
  /** From when the first entry was taken until the load has ended: nothing else writes to the map. */
  isHolding: boolean;
  #installedAt: number | undefined;

  constructor(database: Database, model: Model, map: MapState, changes: Changes, dice: Dice) {
    this.map = map;
    this.gate = new Gate();
    this.#model = model;
    this.#begunAt = model.last;
    this.#entries = drawEntries(map, changes, dice);
    this.#badAt = this.#entries.size > 0 && dice.once(10) ? dice.between(1, this.#entries.size) : undefined;
    this.#abort = new AbortController();
    this.isHolding = false;
    this.#installedAt = undefined;
    const entries = dice.once(4) ? this.#all() : this.#gated();
    this.promise = openMap(database, map).load(entries, { signal: this.#abort.signal });
  }

  abort(): void {
    this.#abort.abort(this);
  }

  /** Its commit is made. */
  installed(commit: number, isOnDisk: boolean): void {
    this.#installedAt = commit;
    this.#model.pushLoad(this.map, this.#entries, isOnDisk);
  }

  checkResult({ entries, commit }: LoadResult): void {
    assert(entries === this.#entries.size, `a load tells of ${this.#entries.size} entries, not ${entries}`);
    assert(this.#badAt === undefined, "a load refuses entries that are out of order");
    assert(
      this.#entries.size === 0 || commit === this.#installedAt,
      `a load was installed at commit ${this.#installedAt}, not ${commit}`,
    );
  }

  /** Whether it had to end so: by what the program did to it or, `isHeldUp`, by another load that holds up the log. */
  isExpected(error: unknown, isHeldUp: boolean): boolean {
    if (error === this.#abort.signal.reason) {
      return error !== undefined;
    }
    if (!(error instanceof DbError) || this.#installedAt !== undefined) {
      return false;
    }
    if (error.code === "INVALID") {
      return this.#badAt !== undefined || this.#isGone() || this.#mayBeTouched();
    }
    return error.code === "FULL" && isHeldUp;
  }

  #isGone(): boolean {
    return this.#model.state.get(this.map.name)?.incarnation !== this.map.incarnation;
  }

  /** It was not empty when the load began, if only of what had expired, or somebody wrote to it before it was held. */
  #mayBeTouched(): boolean {
    const { incarnation, name, universe } = this.map;
    if (universe.engine === "lsm") {
      return false;
    }
    const then = this.#model.stateAt(this.#begunAt).get(name);
    return then!.entries.size > 0 || this.#model.findWriter(this.#begunAt, (id) => id === incarnation) !== undefined;
  }

  *#all(): Generator<[unknown, unknown]> {
    this.isHolding = true;
    let left = this.#badAt ?? Number.POSITIVE_INFINITY;
    for (const [key, { token }] of this.#entries) {
      const entry: [unknown, unknown] = [this.map.universe.keys[key], valueFor(this.map.universe, token)];
      yield entry;
      if (--left === 0) {
        yield entry;
      }
    }
  }

  async *#gated(): AsyncGenerator<[unknown, unknown]> {
    this.isHolding = true;
    for (const entry of this.#all()) {
      await this.gate.pass();
      yield entry;
    }
  }
}

function drawEntries(map: MapState, changes: Changes, dice: Dice): Map<number, Entry> {
  const share = dice.pick([0, 1, 1, 2, 3]);
  const entries = new Map<number, Entry>();
  const most = dice.pick([5, 60, 200]);
  for (let key = 0; key < map.universe.keys.length && entries.size < most && share > 0; key++) {
    if (dice.once(share)) {
      entries.set(key, { token: changes.drawToken(dice), expiry: 0 });
    }
  }
  return entries;
}

/**
 * Tells the load that holds the page space (there is one at a time) of its commit, and of its end, as they happen.
 * Whatever fails from there on poisons the handle, and the next opening decides whether the commit is there.
 */
export function watchLoads(database: Database, holder: () => HeldLoad | undefined, onInstall: () => void): void {
  const { store } = database;
  const install = store.checkpointer.pageSpace.install.bind(store.checkpointer.pageSpace);
  const unlock = store.writer.unlockKeyspace.bind(store.writer);
  store.writer.unlockKeyspace = () => {
    const load = holder();
    if (load !== undefined) {
      load.isHolding = false;
    }
    unlock();
  };
  store.checkpointer.pageSpace.install = (job, beforeMeta) => {
    onInstall();
    const load = holder();
    const before = store.lastCommit;
    let isLogged = false;
    try {
      install(job, () => {
        isLogged = true;
        beforeMeta();
      });
    } catch (error) {
      if (store.lastCommit > before || (isLogged && isUncertain(error))) {
        load?.installed(before + 1, false);
      }
      throw error;
    }
    load?.installed(store.lastCommit, true);
  };
}
