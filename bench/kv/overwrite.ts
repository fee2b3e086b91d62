/**
 * Keys that are written, and then written over at random, ten times as often as there are keys, 1000 a commit, relaxed:
 * what is kept of the values that nobody can see any more, and what it costs to be rid of them.
 *
 * Space is that of the files, by what is live in them (a key and a value an entry). It is looked at every 100 ms with the
 * clock stopped, a second after the engine is idle, and when the database is closed. Write amplification is what the process has
 * caused to be written to storage, from its start to its end, by the bytes of all keys and values that were put.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { drawing, keyFor, valueFor } from "./dataset.ts";
import { allocatedBytes } from "./disk-bytes.ts";
import { createEngine } from "./engines.ts";
import type { Findings } from "./findings.ts";
import type { Figures } from "./metrics.ts";
import { type Order, tenthOf } from "./order.ts";
import { ENTRY_BYTES, writeSteadily } from "./steady-writes.ts";
import { Stopwatch } from "./stopwatch.ts";
import { verify } from "./verify.ts";
import { writtenBytes } from "./written-bytes.ts";

const TIMES_OVER = 10;
const SAMPLE_MS = 100;
/** Time to give back what was kept for more writes. */
const REST_MS = 1000;
const CHECKED_ENTRIES = 1000;

export async function measureOverwrite({ engine: name, directory, fillEntries }: Order): Promise<Findings> {
  const keys = tenthOf(fillEntries);
  const puts = keys * TIMES_OVER;
  const liveBytes = keys * ENTRY_BYTES;
  const writtenBefore = writtenBytes();
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  const space = new SpaceCourse(directory, liveBytes);
  const filling = new Stopwatch();
  await writeSteadily(engine, filling, {
    what: "filling",
    count: keys,
    entryAt: (index) => index,
    onPortion: (elapsedMs) => space.sample(elapsedMs),
  });
  const draw = drawing(keys, 41);
  const lastPut = new Int32Array(keys);
  const watch = new Stopwatch();
  await writeSteadily(engine, watch, {
    what: "overwriting",
    count: puts,
    entryAt: (index) => {
      const entry = draw();
      lastPut[entry] = index + keys;
      return entry;
    },
    valueAt: (index) => valueFor(index + keys),
    onPortion: (elapsedMs) => space.sample(filling.elapsedMs + elapsedMs),
  });
  const writtenAt = performance.now();
  const idleMs = (await engine.idle()) - writtenAt;
  await sleep(REST_MS);
  const idleSpace = allocatedBytes(directory) / liveBytes;
  const next = drawing(keys, 43);
  for (let i = 0; i < CHECKED_ENTRIES; i++) {
    const entry = next();
    const expected = valueFor(lastPut[entry] === 0 ? entry : lastPut[entry]!);
    verify(expected.equals(engine.get(keyFor(entry)) ?? Buffer.alloc(0)), `entry ${entry} has its last value`);
  }
  await engine.close();
  const figures: Figures = {
    overwrite: puts / ((watch.elapsedMs + idleMs) / 1000),
    "overwrite-space": idleSpace,
    "overwrite-space-closed": allocatedBytes(directory) / liveBytes,
    "overwrite-space-most": Math.max(space.most, idleSpace),
  };
  const written = writtenBytes();
  if (written !== undefined && writtenBefore !== undefined) {
    figures["overwrite-written"] = (written - writtenBefore) / ((keys + puts) * ENTRY_BYTES);
  }
  return { figures, courses: { "overwrite-space": { values: space.values, intervalMs: SAMPLE_MS } } };
}

/** Space by live bytes, a value for every 100 ms of the clock. */
class SpaceCourse {
  readonly values: number[];
  readonly #directory: string;
  readonly #liveBytes: number;

  constructor(directory: string, liveBytes: number) {
    this.values = [];
    this.#directory = directory;
    this.#liveBytes = liveBytes;
  }

  get most(): number {
    return Math.max(0, ...this.values);
  }

  /** What is found now stands for the time since the last sample. */
  sample(elapsedMs: number): void {
    const missing = Math.floor(elapsedMs / SAMPLE_MS) - this.values.length;
    if (missing > 0) {
      const share = Number((allocatedBytes(this.#directory) / this.#liveBytes).toFixed(3));
      for (let i = 0; i < missing; i++) {
        this.values.push(share);
      }
    }
  }
}
