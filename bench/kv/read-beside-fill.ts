/**
 * Point gets while a writer fills the same database in the same process, and the engine flushes and compacts beside
 * both; against the same gets on the same database when it was idle.
 *
 * The database has a tenth of the sustained fill. First it is read, a turn of the event loop after every 200 gets. Then twice
 * as many new entries are written, 1000 a commit, as fast as the engine takes them, and after each commit was begun come
 * 200 gets of the entries that were there before: beside it where it runs in a thread, after it where it is synchronous.
 * Of each 200, the first half are timed together, for the rate, and the others one by one, for the latency. What is
 * timed are the gets alone: how long they had to wait for the event loop is what `loop-delay` tells.
 */
import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { drawing, KEY_BYTES, VALUE_BYTES, writeKey } from "./dataset.ts";
import type { Engine } from "./engine.ts";
import { createEngine } from "./engines.ts";
import type { Figures } from "./metrics.ts";
import { type Order, tenthOf } from "./order.ts";
import { COMMIT_ENTRIES, writeSteadily } from "./steady-writes.ts";
import { Stopwatch } from "./stopwatch.ts";
import { verify } from "./verify.ts";

const GETS = 200;
/** Of these, so many are timed as one. */
const TOGETHER = 100;
/** New entries for each that was there. */
const GROWTH = 2;
const WARM_UP_TURNS = 500;
const MICROSECONDS_PER_MS = 1000;

export async function measureReadBesideFill({ engine: name, directory, fillEntries }: Order): Promise<Figures> {
  const entries = tenthOf(fillEntries);
  const puts = entries * GROWTH;
  const turns = puts / COMMIT_ENTRIES;
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  await writeSteadily(engine, new Stopwatch(), { what: "filling", count: entries, entryAt: (index) => index });
  await engine.idle();
  await readAlone(engine, new Reader(entries, WARM_UP_TURNS), WARM_UP_TURNS);
  const alone = new Reader(entries, turns);
  await readAlone(engine, alone, turns);
  const beside = new Reader(entries, turns);
  const watch = new Stopwatch();
  await writeSteadily(engine, watch, {
    what: "filling and reading",
    count: puts,
    entryAt: (index) => entries + index,
    beside: () => beside.read(engine),
  });
  await engine.close();
  return {
    "read-idle": alone.rate,
    "read-idle-p99": alone.p99Us,
    "read-filling": beside.rate,
    "read-filling-p99": beside.p99Us,
    "read-filling-share": beside.rate / alone.rate,
    "read-filling-puts": watch.rate(puts),
  };
}

async function readAlone(engine: Engine, reader: Reader, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    reader.read(engine);
    await nextTurn();
  }
}

/** Gets of random entries, `GETS` a turn. */
class Reader {
  readonly #draw: () => number;
  readonly #keys: readonly Buffer[];
  readonly #watch: Stopwatch;
  readonly #latenciesMs: Float64Array;
  #timedTogether: number;
  #timedAlone: number;

  constructor(entries: number, turns: number) {
    this.#draw = drawing(entries, 61);
    this.#keys = Array.from({ length: GETS }, () => Buffer.allocUnsafeSlow(KEY_BYTES));
    this.#watch = new Stopwatch();
    this.#latenciesMs = new Float64Array(turns * (GETS - TOGETHER));
    this.#timedTogether = 0;
    this.#timedAlone = 0;
  }

  /** Gets per second. */
  get rate(): number {
    return this.#watch.rate(this.#timedTogether);
  }

  /** What 99 of 100 gets took at the most, the two readings of the clock included. */
  get p99Us(): number {
    const sorted = this.#latenciesMs.slice(0, this.#timedAlone).sort();
    return sorted[Math.floor(sorted.length * 0.99)]! * MICROSECONDS_PER_MS;
  }

  read(engine: Engine): void {
    for (const key of this.#keys) {
      writeKey(this.#draw(), key, 0);
    }
    let bytes = 0;
    this.#watch.start();
    for (let i = 0; i < TOGETHER; i++) {
      bytes += engine.get(this.#keys[i]!)?.length ?? 0;
    }
    this.#watch.stop();
    this.#timedTogether += TOGETHER;
    for (let i = TOGETHER; i < GETS; i++) {
      const startedAt = performance.now();
      bytes += engine.get(this.#keys[i]!)?.length ?? 0;
      this.#latenciesMs[this.#timedAlone++] = performance.now() - startedAt;
    }
    verify(bytes === GETS * VALUE_BYTES, `${GETS} gets gave ${bytes} bytes of values`);
  }
}
