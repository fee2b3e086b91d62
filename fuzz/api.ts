/**
 * The database as applications use it: real directories, the checkpoint worker, both ways of reading pages, ":memory:".
 *
 * The same random programs as mvcc.ts runs (engine/program.ts), on a clock of their own but beside a real thread, so that
 * a seed repeats the program and not the moments at which checkpoints come. Between two lives the directory is closed and
 * reopened, with the other backend as often as not; or it is left as it is, copied, and the copy opened, which is what a
 * killed process leaves.
 *
 * Canary "forgets-what-was-killed": the copy lacks the log.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../src/assert.ts";
import { type Database, type Durability, openOn } from "../src/mvcc/index.ts";
import { type Disk, MemoryDisk, openDirectory } from "../src/pager/index.ts";
import type { Rng } from "../src/random.ts";
import { seededRng } from "../src/random.ts";
import { Dice } from "./dice.ts";
import { Draft, Model } from "./engine/model.ts";
import { Program } from "./engine/program.ts";
import { checkAll } from "./engine/sight.ts";
import { SimulatedClock } from "./engine/simulated-clock.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const START_MS = 1_700_000_000_000;
const MOST_STEPS = 200;

export const apiFuzzer: Fuzzer = {
  name: "api",
  canaries: ["forgets-what-was-killed"],
  fixedDraws: 2,
  async run(rng: Rng, options: FuzzOptions): Promise<void> {
    const round = new ApiRound(new Dice(seededRng(rng.next())), options);
    try {
      for (let left = rng.next() % MOST_STEPS; left > 0; left--) {
        const seed = rng.next();
        if (seed === 0) {
          break;
        }
        await round.step(new Dice(seededRng(seed)));
      }
      await round.end();
    } finally {
      round.cleanUp();
    }
  },
};

class ApiRound {
  readonly #dice: Dice;
  readonly #backend: FuzzOptions["backend"];
  readonly #canary: string | undefined;
  readonly #clock: SimulatedClock;
  readonly #model: Model;
  readonly #folder: string;
  readonly #durability: Durability;
  readonly #longestValue: number;
  readonly #segmentBytes: number;
  #path: string;
  #copies: number;
  #program: Program | undefined;
  /** Databases whose process was "killed": their threads and files are let go at the end. */
  readonly #abandoned: Database[];

  constructor(dice: Dice, { backend, canary }: FuzzOptions) {
    this.#dice = dice;
    this.#backend = backend;
    this.#canary = canary;
    this.#clock = new SimulatedClock(START_MS);
    this.#model = new Model();
    this.#folder = mkdtempSync(join(tmpdir(), "nacre-fuzz-"));
    this.#path = join(this.#folder, "db");
    this.#copies = 0;
    this.#durability = dice.pick<Durability>(["sync", "group", "relaxed"]);
    this.#longestValue = dice.pick([100, 4000, 40_000]);
    this.#segmentBytes = dice.pick([16, 64, 256]) * 1024;
    this.#program = undefined;
    this.#abandoned = [];
  }

  async step(dice: Dice): Promise<void> {
    if (this.#program === undefined) {
      this.#begin(dice);
    } else if (this.#backend !== "memory" && dice.once(40)) {
      await (dice.once(2) ? this.#kill() : this.#close(dice));
    } else {
      await this.#program.step(dice);
    }
  }

  async end(): Promise<void> {
    const program = this.#program;
    if (program !== undefined) {
      await program.settle();
      checkAll(program.sight);
      await program.database.check();
      await this.#close(this.#dice);
    }
  }

  cleanUp(): void {
    for (const database of [...this.#abandoned, ...(this.#program === undefined ? [] : [this.#program.database])]) {
      try {
        database.close();
      } catch {
        // The round has failed already.
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #begin(dice: Dice): void {
    const isMemory = this.#backend === "memory";
    const disk: Disk = isMemory ? new MemoryDisk() : openDirectory(this.#path, { create: true, readOnly: false });
    const backend = isMemory ? "memory" : dice.pick([this.#backend, "pread"] as const);
    const options = {
      segmentBytes: this.#segmentBytes,
      cacheBytes: dice.pick([64 * 1024, 1024 * 1024]),
      durability: this.#durability,
      retainLogBytes: dice.pick([0, 1_000_000]),
    };
    const database = openOn({ disk, clock: this.#clock, rng: dice.split().rng }, options, backend);
    assert(
      database.lastCommit === this.#model.last,
      `the directory holds commit ${database.lastCommit}; the last one made is ${this.#model.last}`,
    );
    this.#program = new Program(
      database,
      this.#model,
      {
        clock: this.#clock,
        durability: this.#durability,
        longestValue: this.#longestValue,
        mayExpire: false,
        mostMaps: 6,
        copies: undefined,
        hasFailed: () => false,
        onInstall: () => {},
      },
      () => {},
    );
    checkAll({ reader: database, draft: new Draft(this.#model.state), now: this.#clock.now(), onRead: () => {} });
  }

  async #close(dice: Dice): Promise<void> {
    const program = this.#program!;
    if (!dice.once(3)) {
      await program.settle();
    }
    await program.letGo();
    program.database.close();
    await program.answered();
    this.#program = undefined;
    this.#clock.forgetTimers();
  }

  /** A killed process leaves what it wrote, synced or not, since the system is still there. */
  async #kill(): Promise<void> {
    const program = this.#program!;
    await program.settle();
    await program.letGo();
    const copy = join(this.#folder, `copy ${++this.#copies}`);
    await program.database.flush();
    cpSync(this.#path, copy, { recursive: true, filter: (source) => !source.endsWith("LOCK") });
    if (this.#canary === "forgets-what-was-killed") {
      for (const name of readdirSync(copy).filter((file) => file.startsWith("wal."))) {
        rmSync(join(copy, name));
      }
    }
    this.#abandoned.push(program.database);
    this.#path = copy;
    this.#program = undefined;
    this.#clock.forgetTimers();
  }
}
