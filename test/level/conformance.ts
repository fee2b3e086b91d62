/**
 * abstract-level's own test suite on levels of nacre's: every test of it is a test of ours, in each mode and place.
 *
 *     own directory       each level in a new directory
 *     shared database     each level a new map of one database, beside an ordinary map
 *
 * Many tests go on with the level of the one before, so that what they leave open is closed behind the last. How many tests there are is asserted: the suite leaves tests out, without a
 * word, for what a database does not declare.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AbstractLevel } from "abstract-level";
import { afterAll, describe, expect, test } from "vitest";
import type { OpenOptions } from "../../src/index.ts";
import { open } from "../../src/index.ts";
import { Level, type LevelOptions } from "../../src/level.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { hasMmap } from "../support/machine.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { ENGINES, type Engine } from "./engines.ts";
import { runTape, type TapeTest } from "./tape.ts";

const BACKENDS: readonly ("mmap" | "pread")[] = ["mmap", "pread"];

/** Small, so that the suite's little data goes through rotations and checkpoints too. */
const PLACE: OpenOptions = { segmentBytes: 64 * 1024, cacheBytes: 1024 * 1024 };

/** Of abstract-level 3.1.1, on the level itself and then on a sublevel. */
const TESTS = 1509;

type Encoded = string | Buffer | Uint8Array;

interface Factory {
  make(options: LevelOptions<string, string>): Level;
  dispose(): Promise<void>;
}

export function conformance(mode: "own directory" | "shared database"): void {
  for (const engine of ENGINES) {
    // Reading pages is the same for both engines: the second one needs no second backend.
    for (const backend of engine === "btree" ? BACKENDS : BACKENDS.slice(1)) {
      describe.skipIf(backend === "mmap" && !hasMmap())(`${engine}, ${backend}, ${mode}`, () => {
        const factory = mode === "own directory" ? ownDirectories(engine, backend) : sharedDatabase(engine, backend);
        runSuite(factory);
      });
    }
  }
}

function runSuite(factory: Factory): void {
  const suite = createRequire(import.meta.url)("abstract-level/test") as (common: object) => void;
  const made = new Set<AbstractLevel<Encoded>>();
  let count = 0;
  const add: TapeTest = (name, run) => {
    count++;
    test(`${count}: ${name}`, () => runTape(run));
  };
  suite({
    test: add,
    factory: (options: LevelOptions<string, string> = {}) => {
      const level = factory.make(options);
      made.add(level);
      // Some of these open again whenever they have closed, so they must be known too.
      const sublevel = level.sublevel.bind(level) as (...parameters: unknown[]) => AbstractLevel<Encoded>;
      Object.assign(level, {
        sublevel: (...parameters: unknown[]) => {
          const below = sublevel(...parameters);
          made.add(below);
          return below;
        },
      });
      return level;
    },
  });

  afterAll(async () => {
    for (const level of made) {
      level.removeAllListeners();
    }
    // One of them cannot close: a test has its hook fail, and then its close, for good.
    await Promise.allSettled([...made].map((level) => level.close()));
    await factory.dispose();
  });

  test("none of its tests is left out", () => {
    expect(count).toBe(TESTS);
  });
}

function ownDirectories(engine: Engine, backend: "mmap" | "pread"): Factory {
  const directories: TemporaryDirectory[] = [];
  return {
    make: (options) => {
      const directory = temporaryDirectory();
      directories.push(directory);
      return new Level(join(directory.path, "level"), { ...PLACE, backend, engine, ...options });
    },
    dispose: async () => {
      for (const directory of directories) {
        directory[Symbol.dispose]();
      }
    },
  };
}

function sharedDatabase(engine: Engine, backend: "mmap" | "pread"): Factory {
  const directory = temporaryDirectory();
  let database: Database | undefined;
  let count = 0;
  return {
    make: (options) => {
      database ??= open(join(directory.path, "db"), { ...PLACE, backend, durability: "relaxed" });
      database.map<number>("levels").put("made", ++count);
      return new Level(database, { map: `level ${count}`, engine, ...options });
    },
    dispose: async () => {
      await database?.check();
      database?.close();
      directory[Symbol.dispose]();
    },
  };
}
