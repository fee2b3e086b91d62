/**
 * What takes long and goes on between the steps of a program: bulk loads, backups, compactions.
 *
 * They get on when the program lets them (`pass`: some entries through the gates of loads, some turns of the event loop)
 * or when it waits for them (`hurry`), and never else, so that a seed repeats it all.
 */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import { readFreeList } from "../../src/mvcc/free-list.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { PAGE_SIZE } from "../../src/pager/index.ts";
import type { Dice } from "../dice.ts";
import type { Changes } from "./changes.ts";
import { type CopyUse, HeldCopy } from "./copies.ts";
import { HeldLoad, watchLoads } from "./loads.ts";
import type { MapState, Model } from "./model.ts";
import type { Pending } from "./pending.ts";
import { openMap } from "./sight.ts";
import { isPlanned } from "./simulated-worker.ts";
import { valueFor } from "./universe.ts";

export interface LongWorkOptions {
  /** Undefined: no backups are made. */
  readonly copies: CopyUse | undefined;
  /** Whether a call of the disk has failed, or a worker died. */
  readonly hasFailed: () => boolean;
  readonly onInstall: () => void;
  readonly onLoaded: (commit: number) => void;
}

const MOST_AT_ONCE = 4;
/** What a compaction may leave: a few pages, or gaps that are too small for a large value. */
const FEW_PAGES = 12;
const LARGEST_VALUE_PAGES = 5;

export class LongWork {
  readonly #database: Database;
  readonly #model: Model;
  readonly #options: LongWorkOptions;
  readonly #pending: Pending;
  readonly #loads: Set<HeldLoad>;
  readonly #aborts: Set<() => void>;
  #isAbandoned: boolean;

  constructor(database: Database, model: Model, pending: Pending, options: LongWorkOptions) {
    this.#database = database;
    this.#model = model;
    this.#options = options;
    this.#pending = pending;
    this.#loads = new Set();
    this.#aborts = new Set();
    this.#isAbandoned = false;
    const holder = () => (this.#isAbandoned ? undefined : this.#holder);
    watchLoads(database, holder, options.onInstall);
  }

  get isUnderWay(): boolean {
    return this.#aborts.size > 0;
  }

  /** The map that is written to by nobody but its load. */
  get heldMap(): MapState | undefined {
    return this.#holder?.map;
  }

  get #holder(): HeldLoad | undefined {
    return [...this.#loads].find((load) => load.isHolding);
  }

  async load(map: MapState, changes: Changes, dice: Dice): Promise<void> {
    if (this.#aborts.size < MOST_AT_ONCE) {
      const load = new HeldLoad(this.#database, this.#model, map, changes, dice);
      this.#loads.add(load);
      const judged = load.promise.then(
        (result) => {
          load.checkResult(result);
          if (result.entries > 0) {
            this.#options.onLoaded(result.commit);
          }
        },
        (error: unknown) => {
          if (!load.isExpected(error, this.#loads.size > 1)) {
            throw error;
          }
        },
      );
      await this.#add(
        "a load",
        judged.finally(() => this.#loads.delete(load)),
        () => load.abort(),
      );
    }
  }

  async backup(dice: Dice): Promise<void> {
    const { copies } = this.#options;
    if (copies !== undefined && this.#aborts.size < MOST_AT_ONCE) {
      const copy = new HeldCopy(this.#database, this.#model, copies, dice);
      await this.#add("a backup", copy.promise, () => copy.abort());
    }
  }

  async compact(): Promise<void> {
    if (this.#aborts.size < MOST_AT_ONCE) {
      const abort = new AbortController();
      const compacted = this.#database.compact({ signal: abort.signal }).then(
        ({ bytesBefore, bytesAfter }) => {
          assert(bytesBefore % PAGE_SIZE === 0 && bytesAfter % PAGE_SIZE === 0, "files are compacted to whole pages");
        },
        (error: unknown) => {
          if (error !== abort.signal.reason) {
            throw error;
          }
        },
      );
      await this.#add("a compaction", compacted, () => abort.abort(this));
    }
  }

  /** All compactions of runs that there are to do. */
  async tidy(): Promise<void> {
    if (this.#aborts.size < MOST_AT_ONCE) {
      const abort = new AbortController();
      const tidied = this.#database.store.checkpointer.tidy(abort.signal).catch((error: unknown) => {
        if (error !== abort.signal.reason) {
          throw error;
        }
      });
      await this.#add("the compactions", tidied, () => abort.abort(this));
    }
  }

  /** With nobody beside it and nobody who holds old pages, a compaction leaves a dense file. */
  async compactAlone(): Promise<void> {
    const { store } = this.#database;
    if (store.pins.count > 0 || this.isUnderWay) {
      return;
    }
    let isDone = false;
    const compacted = this.#database.compact().then(() => {
      isDone = true;
    });
    await this.#add("a compaction by itself", compacted, () => {});
    await this.#pending.settleAll();
    if (isDone) {
      const { pagesFree, pagesPending } = store.checkpointer.stats();
      const { pageCount } = store.checkpointer.meta;
      const free = pagesFree + pagesPending;
      const runs = readFreeList(store.pages, store.checkpointer.meta).runs();
      // Where an area is moved its values may find room only at the end, again and again.
      const hasAreas = [...store.state.manifests.values()].some(({ areas }) => areas.size > 0);
      const largest = Math.max(LARGEST_VALUE_PAGES, hasAreas ? pageCount >> 1 : store.pages.pagesPerFile >> 1);
      const isDense = free <= FEW_PAGES || runs.every(({ count }) => count <= largest);
      assert(isDense, `a compaction by itself left ${free} of ${pageCount} pages free: ${JSON.stringify(runs)}`);
    }
  }

  /** A write to the map that is being loaded is refused. */
  tryToWrite(changes: Changes, dice: Dice): void {
    const map = this.heldMap;
    if (map === undefined || this.#model.state.get(map.name)?.incarnation !== map.incarnation) {
      return;
    }
    let error: unknown;
    try {
      const { key, keys } = map.universe;
      const opened = openMap(this.#database, map);
      if (dice.once(4)) {
        opened.deleteRange();
      } else {
        opened.put(dice.pick(keys), valueFor(map.universe, changes.drawToken(dice)));
      }
      error = `was made, with a key of kind ${key}`;
    } catch (reason) {
      error = reason;
    }
    if (!(error instanceof DbError) || error.code !== "CONFLICT") {
      throw new Error("a write to a map that is being loaded is a CONFLICT", { cause: error });
    }
  }

  /** Between two steps: something gets on, or ends. */
  async pass(dice: Dice): Promise<void> {
    if (dice.once(60)) {
      dice.pick([...this.#aborts])();
    }
    for (const { gate } of this.#loads) {
      gate.give(dice.pick([0, 0, 1, 5, 50]));
    }
    for (let turns = dice.pick([0, 0, 1, 1, 2, 5]); turns > 0; turns--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Somebody waits: all entries may come. */
  hurry(): void {
    for (const { gate } of this.#loads) {
      gate.give(1_000_000);
    }
  }

  /** The power failed: what goes on in what was the database is nobody's business. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  async #add(what: string, judged: Promise<void>, abort: () => void): Promise<void> {
    this.#aborts.add(abort);
    const ended = judged
      .catch((error: unknown) => {
        if (!this.#isExcused(error)) {
          throw error;
        }
      })
      .finally(() => this.#aborts.delete(abort));
    await this.#pending.add(what, ended);
  }

  /** It ended for a reason that lies in the disk, in the worker, or in the end of the database. */
  #isExcused(error: unknown): boolean {
    if (!(error instanceof DbError)) {
      return false;
    }
    return (
      isPlanned(error) ||
      (error.code === "CLOSED" && this.#database.store.isClosed) ||
      (["IO", "FULL", "POISONED"].includes(error.code) && this.#options.hasFailed()) ||
      (error.code === "FULL" && this.#loads.size > 0)
    );
  }
}
