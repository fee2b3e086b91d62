/**
 * The engine against a model, on simulated time and disks: random programs (engine/program.ts), closed and reopened, cut
 * off by crashes at any operation of the disk, by crashes of the recovery from them, by failing calls and by full disks,
 * with checkpoints in steps or by a worker that fails and dies, in page files of many sizes.
 *
 * After a crash the database opens at a commit that is not before the last acknowledged one; its contents are the
 * model's at that commit, no more and no less; `check()` finds nothing; opening once more finds the same. The program
 * goes on from what was found, so that recycled files, torn tails and free pages of earlier lives lie under the next one.
 *
 * One draw decides a round's circumstances, one its length, and then one draw each step: leaving a draw out leaves out
 * that step, which is how a finding is made small (shrink.ts).
 */
import { assert } from "../src/assert.ts";
import { DbError } from "../src/errors.ts";
import {
  type CheckpointRunner,
  type Database,
  type Durability,
  type InternalOptions,
  type OpenOptions,
  openOn,
  type RunnerSurroundings,
} from "../src/mvcc/index.ts";
import { InlineRunner } from "../src/mvcc/inline-runner.ts";
import { type Backend, type Disk, MemoryDisk } from "../src/pager/index.ts";
import type { Rng } from "../src/random.ts";
import { seededRng } from "../src/random.ts";
import { Dice } from "./dice.ts";
import { CrashDisk } from "./disk/crash-disk.ts";
import { FaultDisk, type FaultPlan } from "./disk/fault-disk.ts";
import { SmallMappings } from "./disk/small-mappings.ts";
import { Draft, type Entry, type MapState, Model, type State } from "./engine/model.ts";
import { PLANTED, plantInDatabase, plantInDisk, plantInWorker } from "./engine/planted.ts";
import { freePinnedRuns, PLANTED_IN_RUNS, plantInRuns } from "./engine/planted-in-runs.ts";
import { Program, type ProgramOptions } from "./engine/program.ts";
import { checkAll, openMap } from "./engine/sight.ts";
import { SimulatedClock } from "./engine/simulated-clock.ts";
import { isPlanned, type Mortality, SimulatedWorker } from "./engine/simulated-worker.ts";
import { isValueOf } from "./engine/universe.ts";
import { type WatchedJob, watchJobs } from "./engine/watched-jobs.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const START_MS = 1_700_000_000_000;
const MOST_STEPS = 260;
const MOST_STEPS_OF_A_COPY = 12;
const IMAGES_A_CRASH = 3;
const OPERATIONS_AT_A_SPOT = 40;
/** The rarer, the more. */
const SPOTS_OF_JOBS = { flush: 0, relocation: 0, compaction: 1, beside: 2, sweep: 4 } as const;

/** Moments of crashes that were looked at, by what was under way. */
const crashes = new Map<string, number>();

export const mvccFuzzer: Fuzzer = {
  name: "mvcc",
  tally: crashes,
  canaries: [...PLANTED, ...PLANTED_IN_RUNS],
  fixedDraws: 2,
  async run(rng: Rng, options: FuzzOptions): Promise<void> {
    const takeOut = plantInRuns(options.canary);
    try {
      const round = new Round(new Dice(seededRng(rng.next())), options);
      for (let left = rng.next() % MOST_STEPS; left > 0; left--) {
        const seed = rng.next();
        if (seed === 0) {
          break;
        }
        await round.step(new Dice(seededRng(seed)));
      }
      await round.end();
    } finally {
      takeOut();
    }
  },
};

/** What was promised when the disk had done so many operations. */
interface Moment {
  readonly operations: number;
  readonly acknowledged: number;
  readonly made: number;
}

interface Circumstances {
  readonly options: OpenOptions & InternalOptions;
  readonly backend: Backend;
  readonly crashes: boolean;
  readonly faults: boolean;
  readonly longestValue: number;
  readonly mostMaps: number;
  /** Checkpoints are done by a worker that now and then fails or dies; undefined: in steps by the database itself. */
  readonly mortality: Mortality | undefined;
}

function drawCircumstances(dice: Dice, backend: FuzzOptions["backend"]): Circumstances {
  const segmentBytes = dice.pick([16, 16, 32, 64]) * 1024;
  const isMortal = backend !== "memory" && dice.once(2);
  return {
    options: {
      segmentBytes,
      durability: dice.pick<Durability>(["sync", "sync", "group", "relaxed"]),
      retainLogBytes: dice.pick([0, 0, 100_000, 10_000_000]),
      cacheBytes: dice.pick([64 * 1024, 64 * 1024, 1024 * 1024]),
      checkpoints: "inline",
      checkpointStepsPerTurn: dice.pick([1, 1, 3, 10, 100]),
      fileBytes: dice.pick([64 * 1024, 64 * 1024, 256 * 1024, 2 ** 30]),
      ...(dice.once(6) ? { snapshotMemoryBytes: dice.pick([0, 100_000]) } : {}),
      ...(dice.once(4) ? { maxTransactionBytes: 64 * 1024 } : {}),
      ...(dice.once(4) ? { compactionBytesPerSecond: LEAST_COMPACTION_RATE } : {}),
    },
    backend,
    crashes: backend !== "memory" && !dice.once(4),
    faults: backend !== "memory" && dice.once(3),
    longestValue: dice.pick([100, 4000, 4000, 40_000]),
    mostMaps: dice.pick([2, 4, 4, 30]),
    mortality: dice.once(2) ? undefined : { fails: dice.pick([3, 10]), dies: isMortal ? dice.pick([2, 6]) : NEVER },
  };
}

const NEVER = 2 ** 32;
const LEAST_COMPACTION_RATE = 2 ** 20;

type WorkerMaker = (surroundings: RunnerSurroundings, mortality: Mortality) => SimulatedWorker;

class Round {
  readonly #drawn: Circumstances;
  readonly #canary: string | undefined;
  readonly #clock: SimulatedClock;
  /** The engine's own: no salt of the log may come twice. */
  readonly #rng: Rng;
  readonly #model: Model;
  #disk: CrashDisk | MemoryDisk;
  #faults: FaultDisk | undefined;
  /** Of the program's database. */
  #worker: SimulatedWorker | undefined;
  #program: Program | undefined;
  #moments: Moment[];
  /** How much the disk had done when a checkpoint was tried again, a load installed, or a compaction began. */
  #spots: number[];
  readonly #jobs: WatchedJob[];
  #acknowledged: number;
  #timesFull: number;

  constructor(dice: Dice, { backend, canary }: FuzzOptions) {
    this.#drawn = drawCircumstances(dice, backend);
    this.#canary = canary;
    this.#clock = new SimulatedClock(START_MS);
    this.#rng = dice.split().rng;
    this.#model = new Model();
    this.#disk = this.#drawn.crashes ? new CrashDisk() : new MemoryDisk({ mapped: true });
    this.#faults = undefined;
    this.#worker = undefined;
    this.#program = undefined;
    this.#moments = [];
    this.#spots = [];
    this.#jobs = [];
    this.#acknowledged = 0;
    this.#timesFull = 0;
  }

  async step(dice: Dice): Promise<void> {
    try {
      if (this.#program === undefined) {
        await this.#begin(dice);
      } else if (this.#drawn.backend !== "memory" && dice.once(30)) {
        await (this.#drawn.crashes && dice.once(2) ? this.#crash(dice) : this.#close(dice));
      } else {
        await this.#program.step(dice);
      }
    } catch (error) {
      await this.#afterFault(error, dice);
    }
    this.#note();
  }

  async end(): Promise<void> {
    const dice = new Dice(seededRng(1));
    this.#faults?.heal();
    try {
      await this.#program?.settle();
      this.#program?.throwIfPoisoned();
      await this.#program?.database.check();
    } catch (error) {
      await this.#afterFault(error, dice);
    }
    if (this.#program !== undefined) {
      checkAll(this.#program.sight);
      try {
        await (this.#drawn.crashes ? this.#crash(dice) : this.#close(dice));
      } catch (error) {
        await this.#afterFault(error, dice);
      }
    }
  }

  async #begin(dice: Dice): Promise<void> {
    this.#note();
    const plan = this.#drawn.faults && dice.once(2) ? this.#drawPlan(dice) : {};
    this.#faults = new FaultDisk(this.#disk, plan);
    this.#timesFull = 0;
    const workerDice = dice.split();
    const database = this.#open(this.#faults, this.#clock, (surroundings, mortality) => {
      this.#worker = new SimulatedWorker(surroundings, workerDice, mortality, () => this.#noteSpot());
      return this.#worker;
    });
    try {
      this.#expectFound(database, this.#acknowledged, this.#model.last);
      this.#model.truncate(database.lastCommit);
      if (this.#stateFound(database, this.#acknowledged) !== this.#model.state) {
        this.#model.takeBackLoad();
      }
      checkAll(sightOf(database, this.#model, this.#clock));
    } catch (error) {
      closeQuietly(database);
      throw error;
    }
    const faults = this.#faults;
    const worker = this.#worker;
    const copies = { open: this.#openCopy, goOn: this.#goOn, clock: this.#clock };
    const hasFailed = () => faults.failed !== "" || worker?.hasDied === true;
    this.#program = new Program(
      database,
      this.#model,
      { ...this.#programOptions(this.#clock), copies, hasFailed, onInstall: () => this.#noteSpot() },
      () => this.#note(),
    );
    this.#program.acknowledge(database.lastCommit);
  }

  #programOptions(clock: SimulatedClock): ProgramOptions {
    const { options, longestValue, mostMaps } = this.#drawn;
    const mayExpire = options.snapshotMemoryBytes !== undefined;
    const { durability } = options;
    return {
      clock,
      durability: durability!,
      longestValue,
      mayExpire,
      mostMaps,
      copies: undefined,
      hasFailed: () => false,
      onInstall: () => {},
    };
  }

  async #close(dice: Dice): Promise<void> {
    const program = this.#program!;
    if (!dice.once(4)) {
      await program.settle();
    }
    if (!dice.once(3)) {
      await program.letGo();
    }
    const { isPoisoned } = program.database.store;
    const isDone = closeWithinLimits(program.database);
    if (isDone && !isPoisoned) {
      program.acknowledge(this.#model.last);
    }
    await program.answered();
    this.#endLife();
  }

  /** Looks at images of moments of this life, and goes on from one that the crash leaves now. */
  async #crash(dice: Dice): Promise<void> {
    const disk = this.#disk as CrashDisk;
    this.#program?.abandon();
    const first = this.#moments[0]!.operations;
    const last = disk.operations;
    for (let left = IMAGES_A_CRASH; left > 0; left--) {
      const after = this.#drawMoment(first, last, dice);
      this.#countCrash(after);
      await this.#checkImage(disk.image(dice.rng, after), this.#momentAt(after), dice.split());
    }
    this.#countCrash(last);
    this.#disk = new CrashDisk({ from: disk.image(dice.rng, last) });
    this.#endLife();
  }

  #countCrash(after: number): void {
    const kind = this.#jobs.find(({ from, to }) => after > from && after < to)?.kind ?? "nothing";
    crashes.set(kind, (crashes.get(kind) ?? 0) + 1);
  }

  /**
   * Any, or one soon after a checkpoint was tried again (what the first try left must not be believed), a load was installed,
   * or a compaction began.
   */
  #drawMoment(first: number, last: number, dice: Dice): number {
    if (this.#spots.length > 0 && dice.once(2)) {
      return Math.min(last, dice.pick(this.#spots) + dice.below(OPERATIONS_AT_A_SPOT));
    }
    return first + dice.below(last - first + 1);
  }

  #noteJob(job: WatchedJob): void {
    this.#jobs.push(job);
    for (let spots = SPOTS_OF_JOBS[job.kind]; spots > 0; spots--) {
      this.#noteSpot();
    }
  }

  #noteSpot(): void {
    if (this.#disk instanceof CrashDisk) {
      this.#spots.push(this.#disk.operations);
    }
  }

  async #checkImage(image: MemoryDisk, moment: Moment, dice: Dice): Promise<void> {
    const disk = new CrashDisk({ from: image });
    const clock = new SimulatedClock(this.#clock.now());
    const database = this.#open(disk, clock);
    this.#expectFound(database, moment.acknowledged, moment.made);
    const found = database.lastCommit;
    const state = this.#stateFound(database, moment.acknowledged);
    await checkState(database, state, clock);
    if (dice.once(2)) {
      const again = disk.image(dice.rng, dice.below(disk.operations + 1));
      const reopened = this.#open(new CrashDisk({ from: again }), clock);
      assert(
        reopened.lastCommit === found,
        `recovery found commit ${found}; cut off and begun again, ${reopened.lastCommit}`,
      );
      await checkState(reopened, state, clock);
    } else {
      closeWithinLimits(database);
      disk.unlock();
      const reopened = this.#open(disk, clock);
      assert(reopened.lastCommit === found, `closed at commit ${found}, reopened at ${reopened.lastCommit}`);
      await checkState(reopened, state, clock);
    }
  }

  /**
   * What the database must hold: the model's state at its last commit. Where that was a bulk load's and nobody was told of
   * it, the map may be without what was loaded as well.
   */
  #stateFound(database: Database, acknowledged: number): State {
    const { state, load } = this.#model.commit(database.lastCommit);
    const mustBeThere = load === undefined || (load.isInstalled && acknowledged >= database.lastCommit);
    return mustBeThere || isLoaded(database, state.get(load.name)!, load.entries) ? state : load.without;
  }

  #expectFound(database: Database, acknowledged: number, made: number): void {
    const found = database.lastCommit;
    assert(found >= acknowledged, `commit ${acknowledged} was acknowledged; ${found} is the last one found`);
    assert(found <= made, `commit ${found} was found; ${made} is the last one made`);
  }

  /** A call of the disk failed: what it may do to the caller, and how it goes on. Rethrows what is a finding. */
  async #afterFault(error: unknown, dice: Dice): Promise<void> {
    const hasFailed = (this.#faults !== undefined && this.#faults.failed !== "") || this.#worker?.hasDied === true;
    const isUsable = this.#program !== undefined && !this.#program.isLost;
    if (isLimit(error) || (isPlanned(error) && isUsable)) {
      return;
    }
    if (
      !(error instanceof DbError) ||
      !(hasFailed || isPlanned(error)) ||
      !["IO", "FULL", "POISONED"].includes(error.code)
    ) {
      throw error;
    }
    if (error.code === "FULL" && this.#program !== undefined && !this.#program.database.store.isClosed) {
      this.#timesFull++;
      if (this.#timesFull === TIMES_FULL) {
        this.#faults!.heal();
      }
      assert(this.#timesFull < TIMES_FULL + LATE_ANSWERS, "a disk that has room again is written to again");
      return;
    }
    if (this.#program !== undefined) {
      closeQuietly(this.#program.database);
      await this.#program.letGo();
      await this.#program.answered();
    }
    // Opened again at once, it reads what a failed sync has not written.
    if (this.#disk instanceof CrashDisk && !dice.once(3)) {
      await this.#crash(dice);
    } else {
      this.#endLife();
    }
  }

  /** A copy is a database of its own, with no bugs planted. */
  readonly #openCopy = (disk: Disk, clock: SimulatedClock, readOnly: boolean): Database => {
    const { options, backend } = this.#drawn;
    const mapped = backend === "mmap" ? new SmallMappings(disk) : disk;
    const rest = { ...options, readOnly, create: false };
    return openOn({ disk: mapped, clock, rng: this.#rng }, rest, backend === "memory" ? "pread" : backend);
  };

  readonly #goOn = async (database: Database, model: Model, clock: SimulatedClock, dice: Dice): Promise<void> => {
    const program = new Program(database, model, this.#programOptions(clock), () => {});
    for (let left = dice.below(MOST_STEPS_OF_A_COPY); left > 0; left--) {
      await program.step(dice.split());
    }
    await program.settle();
    await program.letGo();
    database.close();
    await program.answered();
  };

  #open(disk: Disk, clock: SimulatedClock, makeWorker?: WorkerMaker): Database {
    const { options, backend } = this.#drawn;
    const planted = plantInDisk(backend === "mmap" ? new SmallMappings(disk) : disk, this.#canary);
    const seams = { disk: planted, clock, rng: this.#rng };
    const database = openOn(
      makeWorker === undefined ? seams : { ...seams, runner: (around) => this.#makeRunner(around, makeWorker) },
      options,
      backend,
    );
    plantInDatabase(database, this.#canary);
    return database;
  }

  /** Of the program's database: its jobs are watched. */
  #makeRunner(surroundings: RunnerSurroundings, makeWorker: WorkerMaker): CheckpointRunner {
    const { mortality } = this.#drawn;
    const { clock, options, onDone } = surroundings;
    const runner =
      mortality === undefined
        ? new InlineRunner(clock, options.checkpointStepsPerTurn, onDone)
        : plantInWorker(makeWorker(surroundings, mortality), this.#canary);
    const operations = () => (this.#disk instanceof CrashDisk ? this.#disk.operations : 0);
    const planted = this.#canary === "free-pinned-runs" ? freePinnedRuns(runner) : runner;
    return watchJobs(planted, operations, (job) => this.#noteJob(job));
  }

  #endLife(): void {
    this.#jobs.length = 0;
    this.#program = undefined;
    this.#moments = [];
    this.#spots = [];
    this.#clock.forgetTimers();
    this.#faults?.unlock();
    this.#faults = undefined;
    this.#worker = undefined;
  }

  #note(): void {
    this.#acknowledged = Math.max(this.#acknowledged, this.#program?.acknowledged ?? 0);
    if (this.#disk instanceof CrashDisk) {
      const { operations } = this.#disk;
      this.#moments.push({ operations, acknowledged: this.#acknowledged, made: this.#model.last });
    }
  }

  /** What was promised by then, and what may have been made: up to the end of the step that was under way. */
  #momentAt(operations: number): Moment {
    const before = this.#moments.findLast((moment) => moment.operations <= operations)!;
    const after = this.#moments.find((moment) => moment.operations >= operations);
    return { operations, acknowledged: before.acknowledged, made: after?.made ?? this.#model.last };
  }

  #drawPlan(dice: Dice): FaultPlan {
    if (dice.once(2)) {
      return { failAt: 1 + dice.below(400), failsOn: dice.once(4) };
    }
    return { capacityBytes: (10 + dice.below(60)) * 8192 };
  }
}

function isLoaded(database: Database, map: MapState, entries: ReadonlyMap<number, Entry>): boolean {
  const opened = openMap(database, map);
  return [...entries].every(([key, entry]) => isValueOf(map.universe, entry, opened.get(map.universe.keys[key])));
}

/** How often a full disk is met before it is given room again. */
const TIMES_FULL = 4;
/** So many that were promised something learn later that there was no room then. */
const LATE_ANSWERS = 12;

async function checkState(database: Database, state: State, clock: SimulatedClock): Promise<void> {
  const draft = new Draft(state);
  const names = draft.maps().map((map) => map.name);
  assert(database.maps().join() === names.sort().join(), `the maps at commit ${database.lastCommit} are ${names}`);
  checkAll({ reader: database, draft, now: clock.now(), onRead: () => {} });
  await database.check();
}

function sightOf(database: Database, model: Model, clock: SimulatedClock) {
  return { reader: database, draft: new Draft(model.state), now: clock.now(), onRead: () => {} };
}

/** Whether all is in pages: small page files have no room for the longest of values that grow, which stay in the log then. */
function closeWithinLimits(database: Database): boolean {
  try {
    database.close();
    return true;
  } catch (error) {
    if (isLimit(error)) {
      return false;
    }
    throw error;
  }
}

function isLimit(error: unknown): boolean {
  return error instanceof DbError && error.code === "FULL" && error.facts.limit !== undefined;
}

function closeQuietly(database: Database): void {
  try {
    database.close();
  } catch (error) {
    if (!(error instanceof DbError)) {
      throw error;
    }
  }
}
