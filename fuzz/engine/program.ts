/**
 * A random program on a database, step by step beside the model: single writes, transactions of both kinds with
 * savepoints and throws, readers held for long, scans that change what they scan, maps made and dropped, deadlines,
 * checkpoints at any moment, the change feed, programs that wait for changes (waits.ts), and bulk loads, backups and
 * compactions that go on meanwhile (long-work.ts).
 *
 * Each step leaves database and model in agreement, or throws: an AssertionError (a finding), or the DbError that the
 * database threw. A write that threw IO or POISONED may be on disk or not; the model then counts it as made, and the
 * next opening decides. `acknowledged` is the last commit that the database promised to keep.
 */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Database, Durability, WriteTransaction } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import { Changes, isUncertain } from "./changes.ts";
import type { CopyUse } from "./copies.ts";
import { Feed } from "./feed.ts";
import { HeldSnapshot, HeldTransaction, isConflict } from "./held.ts";
import { LongWork } from "./long-work.ts";
import { Draft, type MapState, type Model } from "./model.ts";
import { Pending, promisesSettled } from "./pending.ts";
import { checkAll, drawRange, expected, look, openMap, placeOf, type Reader, type Sight } from "./sight.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import { isPlanned } from "./simulated-worker.ts";
import { drawUniverse } from "./universe.ts";
import { Waits } from "./waits.ts";
import { ChangeOfMind, workWithin, writeWithin } from "./within.ts";

export interface ProgramOptions {
  readonly clock: SimulatedClock;
  readonly durability: Durability;
  readonly longestValue: number;
  /** Readers that are held for long may lose what they hold. */
  readonly mayExpire: boolean;
  readonly mostMaps: number;
  /** Undefined: no backups are made. */
  readonly copies: CopyUse | undefined;
  /** Whether a call of the disk has failed, or a worker died. */
  readonly hasFailed: () => boolean;
  /** A bulk load is about to be installed. */
  readonly onInstall: () => void;
}

const MOST_HELD = 4;
const LARGE_UNIVERSE = 100;

export class Program {
  readonly model: Model;
  readonly database: Database;
  /** The last commit that was promised to be on disk. */
  acknowledged: number;
  readonly #options: ProgramOptions;
  readonly #onAcknowledge: () => void;
  readonly #snapshots: HeldSnapshot[];
  readonly #transactions: HeldTransaction[];
  readonly #pending: Pending;
  readonly #changes: Changes;
  readonly #waits: Waits;
  readonly #longWork: LongWork;
  #feed: Feed | undefined;
  #isAbandoned: boolean;

  constructor(database: Database, model: Model, options: ProgramOptions, onAcknowledge: () => void) {
    this.database = database;
    this.model = model;
    this.#options = options;
    this.#onAcknowledge = onAcknowledge;
    this.acknowledged = 0;
    this.#snapshots = [];
    this.#transactions = [];
    this.#pending = new Pending((turns) => this.#letTimePass(turns));
    this.#changes = new Changes(model, options.clock, options.longestValue);
    this.#waits = new Waits(database, model);
    this.#longWork = new LongWork(database, model, this.#pending, {
      ...options,
      onLoaded: (commit) => this.acknowledge(commit),
    });
    this.#feed = undefined;
    this.#isAbandoned = false;
    assert(database.lastCommit === model.last, `the database is at commit ${database.lastCommit}, not ${model.last}`);
  }

  /** What readers outside of transactions must see now. */
  get sight(): Sight {
    const draft = new Draft(this.model.state);
    return { reader: this.database, draft, now: this.#options.clock.now(), onRead: () => {} };
  }

  /** The database can only be closed. */
  get isLost(): boolean {
    const { store } = this.database;
    return store.isClosed || store.isPoisoned;
  }

  async step(dice: Dice): Promise<void> {
    try {
      if (this.model.state.size === 0) {
        this.#makeMap(dice, []);
      } else {
        await this.#pickStep(dice);
      }
    } catch (error) {
      if (!this.#isRefusal(error)) {
        throw error;
      }
    }
    await this.#letLongWorkPass(dice);
    await promisesSettled();
    this.throwIfPoisoned();
    this.#waits.check();
    assert(this.database.lastCommit === this.model.last, "the database made the commits that the model made");
  }

  throwIfPoisoned(): void {
    if (this.database.store.isPoisoned) {
      throw new DbError("POISONED", "a call of the disk failed between two steps");
    }
  }

  /** A write that changed nothing because there was no room, or because no checkpoint made any; the program goes on. */
  #isRefusal(error: unknown): boolean {
    if (!(error instanceof DbError)) {
      return false;
    }
    const isLimit = error.code === "FULL" && error.facts.limit !== undefined;
    const isHeldUp =
      error.code === "FULL" && this.#longWork.heldMap !== undefined && error.facts.capacity === undefined;
    return isLimit || isHeldUp || (isPlanned(error) && !this.isLost);
  }

  #pickStep(dice: Dice): Promise<void> | void {
    const roll = dice.below(118);
    if (roll < 18) {
      return this.#writeOne(dice);
    }
    if (roll < 32) {
      return this.#writeMany(dice);
    }
    if (roll < 40) {
      return look(this.sight, this.#pickMap(dice), dice);
    }
    if (roll < 48) {
      return this.#useSnapshot(dice);
    }
    if (roll < 68) {
      return this.#useTransaction(dice);
    }
    if (roll < 73) {
      return this.#scanAndWrite(dice);
    }
    if (roll < 88) {
      return this.#work(dice);
    }
    if (roll < 92) {
      return this.#waits.use(this.#pickMap(dice), dice);
    }
    if (roll < 101) {
      return this.#workLong(dice);
    }
    return this.#rareStep(dice, roll - 101);
  }

  #rareStep(dice: Dice, roll: number): Promise<void> | void {
    switch (roll) {
      case 0:
      case 1:
        return this.#makeMap(dice);
      case 2:
        return this.#dropMap(dice);
      case 3:
      case 4:
        return this.#followFeed(dice);
      case 5:
        return this.#acknowledgeWhenDone("flush", this.database.flush());
      case 6:
      case 7:
        return this.#checkpoint();
      case 8:
        return this.#pending.add("check", this.database.check());
      case 9:
        return this.#settleAndCompact(dice);
      case 10:
        return checkAll(this.sight);
      case 12:
      case 13:
        return this.#longWork.tidy();
      case 14:
      case 15:
        return this.#flushOften(dice);
      default:
        this.#options.clock.pass(dice.pick([1, 10, 500, 5000]));
        return this.#runTimers(1);
    }
  }

  #checkpoint(): Promise<void> {
    const commit = this.database.lastCommit;
    const done = this.database.checkpoint().then(
      () => this.acknowledge(commit),
      (error: unknown) => {
        if (!this.#isRefusal(error)) {
          throw error;
        }
      },
    );
    return this.#pending.add("checkpoint", done);
  }

  /** Commits and checkpoints in turn, so that a map has many runs, and compactions have to hurry. */
  async #flushOften(dice: Dice): Promise<void> {
    const { name } = this.#pickForRuns(dice);
    const most = dice.pick([3, 30, 100, 100]);
    for (let left = dice.pick([3, 9, 14, 20]); left > 0 && this.#longWork.heldMap?.name !== name; left--) {
      const draft = new Draft(this.model.state);
      const map = this.model.state.get(name);
      if (map === undefined) {
        return;
      }
      this.#commit(draft, this.#options.durability, () =>
        this.database.write((tx) => {
          for (let changes = dice.between(1, most); changes > 0; changes--) {
            this.#changes.change({ ...this.sight, reader: tx, draft }, map, dice);
          }
        }),
      );
      await this.#checkpoint();
      // By a load that ended meanwhile, say.
      this.throwIfPoisoned();
      const now = this.model.state.get(name);
      if (now !== undefined) {
        look(this.sight, now, dice);
      }
    }
  }

  async #letLongWorkPass(dice: Dice): Promise<void> {
    if (this.#longWork.isUnderWay) {
      if (dice.once(2)) {
        this.#runTimers(dice.between(1, 4));
      }
      await this.#longWork.pass(dice);
    }
  }

  #workLong(dice: Dice): Promise<void> | void {
    if (this.#longWork.heldMap !== undefined && dice.once(3)) {
      return this.#longWork.tryToWrite(this.#changes, dice);
    }
    switch (dice.below(5)) {
      case 0:
        return this.#longWork.backup(dice);
      case 1:
        return this.#longWork.compact();
      default:
        return this.#load(dice);
    }
  }

  /** Into an empty map, if there is one or one can be made; into any map, to be refused, if there is not. */
  #load(dice: Dice): Promise<void> {
    const isEmpty = (map: MapState) => map !== this.#longWork.heldMap && map.entries.size === 0;
    if (![...this.model.state.values()].some(isEmpty)) {
      this.#makeMap(dice, []);
    }
    const empty = [...this.model.state.values()].filter(isEmpty);
    return this.#longWork.load(empty.length > 0 ? dice.pick(empty) : this.#pickMap(dice), this.#changes, dice);
  }

  /** Everything that was begun has ended, and what the feed gave is right. */
  async settle(): Promise<void> {
    await this.#pending.settleAll();
    await this.#feed?.check(this.model, this.database);
  }

  /** The power failed: what is acknowledged from here on is acknowledged to nobody. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#longWork.abandon();
  }

  async #settleAndCompact(dice: Dice): Promise<void> {
    await this.settle();
    if (dice.once(2)) {
      await this.#longWork.compactAlone();
    }
  }

  /** Before the database is closed: nothing is held, or some of it is (what then happens to it is tested, too). */
  async letGo(): Promise<void> {
    await this.#feed?.stop();
    this.#feed = undefined;
    for (const { transaction } of this.#transactions.splice(0)) {
      transaction.rollback();
    }
    for (const { snapshot } of this.#snapshots.splice(0)) {
      snapshot.close();
    }
  }

  /** After the database was closed: whoever still waits is answered. */
  async answered(): Promise<void> {
    this.#longWork.hurry();
    await this.#pending.answerAll();
    await promisesSettled();
    this.#waits.answered();
  }

  #makeMap(dice: Dice, through: readonly HeldTransaction[] = this.#transactions): void {
    const name = `m${dice.below(this.#options.mostMaps)}`;
    if (!this.model.state.has(name)) {
      const draft = new Draft(this.model.state);
      const map = this.model.newMap(name, drawUniverse(dice));
      draft.made.set(name, map);
      const held = through.find(({ sight }) => !sight.draft.base.has(name));
      const reader: Reader = held !== undefined && dice.once(2) ? held.transaction : this.database;
      this.#unlessExpired(() => this.#commit(draft, this.#options.durability, () => openMap(reader, map)));
    }
  }

  #dropMap(dice: Dice): void {
    const draft = new Draft(this.model.state);
    const { name } = this.#pickMap(dice);
    draft.dropped.add(name);
    this.#commit(draft, this.#options.durability, () => assert(this.database.drop(name), `there was a map ${name}`));
  }

  #writeOne(dice: Dice): void {
    const draft = new Draft(this.model.state);
    const map = this.#pickWritable(dice, draft);
    if (map === undefined) {
      return;
    }
    const sight = { ...this.sight, draft };
    this.#commit(draft, this.#options.durability, () => this.#changes.change(sight, map, dice));
  }

  #writeMany(dice: Dice): void {
    const draft = new Draft(this.model.state);
    const durability = dice.pick<Durability>(["sync", "group", "relaxed", this.#options.durability]);
    const isLarge = dice.once(12);
    try {
      this.#commit(draft, durability, () =>
        this.database.write(
          (tx) => {
            const sight: Sight = { ...this.sight, reader: tx, draft };
            writeWithin(tx, sight, dice, isLarge ? 150 : 12, {
              changes: this.#changes,
              pickMap: () => this.#pickWritable(dice, draft),
              makeMap: () => this.#makeMapWithin(tx, draft, dice),
            });
          },
          { durability },
        ),
      );
    } catch (error) {
      if (!(error instanceof ChangeOfMind)) {
        throw error;
      }
    }
  }

  #makeMapWithin(tx: WriteTransaction, draft: Draft, dice: Dice): void {
    const name = `m${dice.below(this.#options.mostMaps)}`;
    if (!this.model.state.has(name) && !draft.made.has(name)) {
      const map = this.model.newMap(name, drawUniverse(dice));
      draft.made.set(name, map);
      openMap(tx, map);
    }
  }

  /** A scan of the live database sees what was there when it began, whatever is committed meanwhile. */
  #scanAndWrite(dice: Dice): void {
    const map = this.#pickMap(dice);
    const sight = this.sight;
    const range = drawRange(map, dice);
    const wanted = expected(sight, map, range).map(([key]) => key);
    let seen = 0;
    try {
      for (const [key] of openMap(this.database, map).range(range.options)) {
        assert(placeOf(map, key) === wanted[seen], `a scan sees what was there when it began: entry ${seen}`);
        seen++;
        if (dice.once(3)) {
          this.#writeOne(dice);
        }
        if (dice.once(20)) {
          return;
        }
      }
    } catch (error) {
      if (this.#options.mayExpire && isConflict(error)) {
        return;
      }
      throw error;
    }
    assert(seen === wanted.length, `a scan sees all that was there when it began: ${wanted.length}, not ${seen}`);
  }

  #useSnapshot(dice: Dice): void {
    const { clock } = this.#options;
    if (this.#snapshots.length < MOST_HELD && dice.once(3)) {
      const { checkpointer, catalog } = this.database.store;
      const oldest = Math.max(checkpointer.meta.commit, catalog.lastLoad);
      const at = dice.once(2) ? dice.between(oldest, this.model.last) : undefined;
      this.#snapshots.push(new HeldSnapshot(this.database, this.model, clock.now(), at));
      return;
    }
    const held = this.#snapshots[dice.below(this.#snapshots.length || 1)];
    if (held === undefined) {
      return;
    }
    if (dice.once(6)) {
      held.snapshot.close();
      this.#snapshots.splice(this.#snapshots.indexOf(held), 1);
      return;
    }
    const maps = held.sight.draft.maps();
    if (maps.length > 0) {
      this.#unlessExpired(() => look(held.sight, dice.pick(maps), dice));
    }
  }

  #useTransaction(dice: Dice): Promise<void> | void {
    const { clock } = this.#options;
    if (this.#transactions.length < MOST_HELD && dice.once(5)) {
      const isolation = dice.pick(["snapshot", "serializable"] as const);
      this.#transactions.push(new HeldTransaction(this.database, this.model, clock.now(), isolation));
      return;
    }
    const held = this.#transactions[dice.below(this.#transactions.length || 1)];
    if (held === undefined) {
      return;
    }
    if (dice.once(7)) {
      this.#transactions.splice(this.#transactions.indexOf(held), 1);
      if (dice.once(5)) {
        held.transaction.rollback();
        return;
      }
      return this.#commitHeld(held);
    }
    this.#unlessExpired(() => workWithin(held, held.maps(this.model), dice, this.#changes));
  }

  async #commitHeld(held: HeldTransaction): Promise<void> {
    const { transaction, sight } = held;
    const isHeld = sight.draft.changes.has(this.#longWork.heldMap?.incarnation ?? 0);
    const conflict = isHeld ? "yes" : held.conflict(this.model);
    const before = this.database.lastCommit;
    const promise = transaction.commit();
    promise.catch(() => {});
    assert(!transaction.isOpen, "commit ends a transaction");
    if (this.database.lastCommit > before) {
      assert(conflict !== "yes", `a ${held.isolation} transaction committed what a later commit is in the way of`);
      this.model.push(sight.draft);
      if (this.#options.durability === "relaxed") {
        await promise;
      } else {
        await this.#acknowledgeWhenDone("commit", promise);
      }
      return;
    }
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (isUncertain(error)) {
      this.model.push(sight.draft);
    }
    if (isConflict(error)) {
      assert(conflict !== "no" || this.#options.mayExpire, "nothing was in the way of a transaction that was refused");
    } else if (error !== undefined) {
      throw error;
    } else {
      assert(sight.draft.isEmpty, "a transaction that wrote something makes a commit");
    }
  }

  /** Checkpoints step by step, deadlines, syncs that are late: whatever is due. */
  async #work(dice: Dice): Promise<void> {
    if (dice.once(3)) {
      this.#options.clock.pass(dice.pick([1, 1, 20, 150, 1000]));
    }
    this.#runTimers(dice.between(1, 6));
    if (dice.once(2)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #runTimers(most: number): void {
    const { clock } = this.#options;
    const { store } = this.database;
    const wasPoisoned = store.isPoisoned;
    try {
      for (let left = most; left > 0 && clock.run(); left--) {
        this.#followDeadlines();
      }
    } catch (error) {
      if (isUncertain(error)) {
        this.#pushDeadlines();
      }
      throw error instanceof DbError
        ? new Error(`a timer threw ${error.code}, which ends the process`, { cause: error })
        : error;
    }
    if (store.isPoisoned && !wasPoisoned) {
      // An expiry that failed tells nobody; whether its commit is on disk, the next opening decides.
      this.#pushDeadlines();
      throw new DbError("POISONED", "a call of the disk failed in a timer");
    }
  }

  #pushDeadlines(): void {
    this.model.pushDeadlines(this.#options.clock.now(), this.#longWork.heldMap);
  }

  #followDeadlines(): void {
    while (this.model.last < this.database.lastCommit) {
      this.#pushDeadlines();
    }
  }

  async #followFeed(dice: Dice): Promise<void> {
    if (this.#feed !== undefined) {
      await this.#feed.check(this.model, this.database);
      await this.#feed.stop();
    }
    const oldest = this.database.store.log.oldestCommit;
    this.#feed = new Feed(this.database, dice.between(oldest, this.model.last), (commit) => this.acknowledge(commit));
  }

  /** What the database acknowledged is noted at once: the crash may come with the next operation. */
  acknowledge(commit: number): void {
    if (commit > this.acknowledged && !this.#isAbandoned) {
      this.acknowledged = commit;
      this.#onAcknowledge();
    }
  }

  async #acknowledgeWhenDone(what: string, promise: Promise<unknown>): Promise<void> {
    const commit = this.database.lastCommit;
    await this.#pending.add(
      what,
      promise.then(() => this.acknowledge(commit)),
    );
  }

  #letTimePass(turns: number): void {
    this.#longWork.hurry();
    this.#options.clock.pass(turns < 5 ? 0 : 100);
    if (!this.database.store.isClosed) {
      this.#runTimers(10);
    } else {
      this.#options.clock.run();
    }
  }

  #commit(draft: Draft, durability: Durability, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (isUncertain(error) && !draft.isEmpty) {
        this.model.push(draft);
      }
      throw error;
    }
    if (!draft.isEmpty) {
      this.model.push(draft);
      if (durability === "sync") {
        this.acknowledge(this.model.last);
      }
    }
  }

  #unlessExpired(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!this.#options.mayExpire || !isConflict(error)) {
        throw error;
      }
    }
  }

  #pickMap(dice: Dice): MapState {
    return dice.pick([...this.model.state.values()]);
  }

  /** One with runs, and with many keys, if there is one. */
  #pickForRuns(dice: Dice): MapState {
    const maps = [...this.model.state.values()].filter(({ universe }) => universe.engine === "lsm");
    const large = maps.filter(({ universe }) => universe.keys.length > LARGE_UNIVERSE);
    return large.length > 0 ? dice.pick(large) : maps.length > 0 ? dice.pick(maps) : this.#pickMap(dice);
  }

  /** Of those that a draft has and nobody loads; undefined: there is none. */
  #pickWritable(dice: Dice, draft: Draft): MapState | undefined {
    const held = this.#longWork.heldMap?.incarnation;
    const maps = draft.maps().filter((map) => map.incarnation !== held);
    return maps.length === 0 ? undefined : dice.pick(maps);
  }
}
