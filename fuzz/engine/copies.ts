/**
 * Backups that are made while the program goes on, onto a disk of their own that may fail or lose its power.
 *
 * A backup that was made is proven: it holds what the model had at its commit, which is not before the call; it is whole
 * after a power cut; so is what is restored from it; and a program can go on from it. At any moment before, a power cut
 * leaves a directory that is refused with INVALID, or the whole backup. One that failed leaves nothing behind.
 */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import { type BackupResult, backupTo, type Database, restoreTo } from "../../src/mvcc/index.ts";
import { type Disk, PAGE_SIZE } from "../../src/pager/index.ts";
import type { Dice } from "../dice.ts";
import { CrashDisk } from "../disk/crash-disk.ts";
import { FaultDisk } from "../disk/fault-disk.ts";
import { Draft, type Model } from "./model.ts";
import { checkAll } from "./sight.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** How copies are opened and used: by whoever knows what databases are opened with here. */
export interface CopyUse {
  /** Opens what is there. */
  open(disk: Disk, clock: SimulatedClock, readOnly: boolean): Database;
  /** Lets a short program run on the database, and closes it. */
  goOn(database: Database, model: Model, clock: SimulatedClock, dice: Dice): Promise<void>;
  readonly clock: SimulatedClock;
}

/** Bytes a second: a page in every 50 ms, or many. */
const RATES: readonly number[] = [20 * PAGE_SIZE, 400 * PAGE_SIZE];
const MOST_CALLS_UNTIL_FAULT = 80;

export class HeldCopy {
  readonly promise: Promise<void>;
  readonly #database: Database;
  readonly #model: Model;
  readonly #use: CopyUse;
  readonly #dice: Dice;
  readonly #target: CrashDisk;
  readonly #faults: FaultDisk;
  readonly #failsOn: boolean;
  readonly #abort: AbortController;

  constructor(database: Database, model: Model, use: CopyUse, dice: Dice) {
    this.#database = database;
    this.#model = model;
    this.#use = use;
    this.#dice = dice.split();
    this.#target = new CrashDisk();
    this.#failsOn = dice.once(3);
    const failAt = 1 + dice.below(MOST_CALLS_UNTIL_FAULT);
    this.#faults = new FaultDisk(this.#target, dice.once(4) ? { failAt, failsOn: this.#failsOn } : {});
    this.#abort = new AbortController();
    this.promise = this.#run(dice.once(3) ? { bytesPerSecond: dice.pick(RATES) } : {});
  }

  abort(): void {
    this.#abort.abort(this);
  }

  async #run(rate: { readonly bytesPerSecond?: number }): Promise<void> {
    const begunAt = this.#model.last;
    let result: BackupResult;
    try {
      result = await backupTo(this.#database.store, this.#faults, { signal: this.#abort.signal, ...rate });
    } catch (error) {
      this.#checkFailure(error);
      return;
    }
    const { commit, pages, bytes } = result;
    assert(commit >= begunAt, `a backup begun at commit ${begunAt} holds it, not only ${commit}`);
    assert(bytes === pages * PAGE_SIZE, "a backup tells of whole pages");
    const model = this.#model.fork(commit);
    await this.#proveCut(model);
    await this.#prove(new CrashDisk({ from: this.#target.image(this.#dice.rng) }), model);
  }

  /** Rethrows what has nothing to do with the copy's own disk or its end. */
  #checkFailure(error: unknown): void {
    const isOfTarget = error instanceof DbError && this.#faults.failed !== "" && ["IO", "FULL"].includes(error.code);
    const isAborted = error === this.#abort.signal.reason;
    const mayRemain = this.#faults.failed !== "" && (this.#failsOn || !isOfTarget);
    assert(mayRemain || this.#target.list().length === 0, "a backup that failed leaves nothing behind");
    if (!isOfTarget && !isAborted) {
      throw error;
    }
  }

  /** The power failed at any moment of the copying. */
  async #proveCut(model: Model): Promise<void> {
    const dice = this.#dice;
    const disk = this.#target.image(dice.rng, dice.below(this.#target.operations + 1));
    let database: Database;
    try {
      database = this.#use.open(disk, this.#use.clock.fork(), true);
    } catch (error) {
      if (error instanceof DbError && error.code === "INVALID") {
        return;
      }
      throw error;
    }
    await expectState(database, model, this.#use.clock.now());
    database.close();
  }

  async #prove(disk: Disk, model: Model): Promise<void> {
    const { clock } = this.#use;
    const proven = this.#dice.once(2) ? await this.#restore(disk) : disk;
    const time = clock.fork();
    const database = this.#use.open(proven, time, false);
    await expectState(database, model, time.now());
    await this.#use.goOn(database, model, time, this.#dice);
    const again = this.#use.open(proven, time, false);
    await expectState(again, model, time.now());
    again.close();
  }

  async #restore(backup: Disk): Promise<Disk> {
    const source = this.#use.open(backup, this.#use.clock.fork(), true);
    const target = new CrashDisk();
    const { commit } = await restoreTo(source.store, target);
    assert(commit === source.lastCommit, "what is restored is what was backed up");
    source.close();
    return new CrashDisk({ from: target.image(this.#dice.rng) });
  }
}

async function expectState(database: Database, model: Model, now: number): Promise<void> {
  assert(database.lastCommit === model.last, `a copy of commit ${model.last} is at commit ${database.lastCommit}`);
  checkAll({ reader: database, draft: new Draft(model.state), now, onRead: () => {} });
  await database.check();
}
