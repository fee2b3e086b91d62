/**
 * The workloads that every engine runs, each one function from an open engine to a rate.
 *
 * Each checks what came back (counts, bytes, sums of first bytes): a benchmark that reads nothing is fast. The checks
 * run on what the timed loop has tallied, or after the clock was stopped. Reads are run once untimed before they count, and
 * of updates and deletes the first ones are not timed, so that a compiler's warm-up and first page faults are no part of
 * them: a database is used for longer than a second.
 */
import { performance } from "node:perf_hooks";
import {
  CHUNK_ENTRIES,
  drawing,
  KEY_BYTES,
  keyFor,
  keysOf,
  shuffling,
  sumOfFirstBytes,
  VALUE_BYTES,
  valueFor,
} from "./dataset.ts";
import { type Engine, Tally } from "./engine.ts";
import { Stopwatch } from "./stopwatch.ts";
import { verify } from "./verify.ts";

/** Rate per second. `entries` of the dataset have been filled in, unless the workload is the one that does it. */
export type Workload = (engine: Engine, entries: number) => Promise<number>;

const LARGE_COMMIT_ENTRIES = 1000;
const SMALL_COMMIT_ENTRIES = 10;
const MAX_PROBES = 500_000;
const MAX_UPDATES = 300_000;
/** Of updates and deletes, so many are not timed: nacre needs two to four times as long for the first ones. */
const UNTIMED_ENTRIES = 20_000;
const RANGE_ENTRIES = 100;
const MAX_RANGES = 10_000;
/** Scans of small maps are repeated until so many entries were seen. */
const SCANNED_ENTRIES = 1_000_000;
const DURABLE_MS = 1500;
const COMMITS_IN_FLIGHT = 64;
/** Entries that durable workloads add lie beyond those of the dataset. */
const DURABLE_FIRST = 2 ** 28;
const DURABLE_PREPARED = 500_000;
const CHECKED_ENTRIES = 1000;

/** Every entry once, in random order, 1000 a commit. */
export async function fill(engine: Engine, entries: number): Promise<number> {
  return await puts(engine, entries, LARGE_COMMIT_ENTRIES, (index) => index, 0, 0);
}

/** Other values for random entries, 10 a commit. */
export async function update(engine: Engine, entries: number): Promise<number> {
  const draw = drawing(entries, 11);
  const count = Math.min(MAX_UPDATES, roundTo(entries / 2, SMALL_COMMIT_ENTRIES));
  return await puts(engine, count, SMALL_COMMIT_ENTRIES, draw, 1, untimed(count));
}

/** A third of the entries, 1000 a commit. */
export async function deletes(engine: Engine, entries: number): Promise<number> {
  const next = shuffling(entries);
  const count = Math.min(MAX_UPDATES, roundTo(entries / 3, LARGE_COMMIT_ENTRIES));
  const before = untimed(count);
  const watch = new Stopwatch();
  for (let done = 0; done < count; ) {
    const isTimed = done >= before;
    const keys = keysOf(Math.min(CHUNK_ENTRIES, (isTimed ? count : before) - done), next);
    done += keys.length;
    const started = isTimed ? watch : new Stopwatch();
    started.start();
    for (let i = 0; i < keys.length; i += LARGE_COMMIT_ENTRIES) {
      const committed = engine.delete(keys, i, Math.min(keys.length, i + LARGE_COMMIT_ENTRIES));
      if (committed !== undefined) {
        await committed;
      }
    }
    started.stop();
  }
  const again = shuffling(entries);
  for (let i = 0; i < count + Math.min(CHECKED_ENTRIES, entries - count); i++) {
    const entry = again();
    if (i % 100 === 0 || i >= count) {
      verify((engine.get(keyFor(entry)) !== undefined) === i >= count, `entry ${entry} after the deletes`);
    }
  }
  return watch.rate(count - before);
}

export async function getHit(engine: Engine, entries: number): Promise<number> {
  probe(engine, Math.min(CHUNK_ENTRIES, entries), drawing(entries, 1), true, new Stopwatch());
  const watch = new Stopwatch();
  const count = Math.min(MAX_PROBES, entries);
  probe(engine, count, drawing(entries, 2), true, watch);
  return watch.rate(count);
}

export async function getMiss(engine: Engine, entries: number): Promise<number> {
  const draw = drawing(entries, 3);
  probe(engine, Math.min(CHUNK_ENTRIES, entries), () => entries + draw(), false, new Stopwatch());
  const watch = new Stopwatch();
  const count = Math.min(MAX_PROBES, entries);
  probe(engine, count, () => entries + draw(), false, watch);
  return watch.rate(count);
}

/** All entries in key order, key and value. */
export async function scan(engine: Engine, entries: number): Promise<number> {
  await engine.scan(new Tally());
  const times = Math.max(1, Math.round(SCANNED_ENTRIES / entries));
  const tally = new Tally();
  const watch = new Stopwatch();
  watch.start();
  for (let i = 0; i < times; i++) {
    await engine.scan(tally);
  }
  watch.stop();
  verify(tally.entries === times * entries, `a scan hands out ${entries} entries, not ${tally.entries / times}`);
  verify(tally.bytes === tally.entries * (KEY_BYTES + VALUE_BYTES), "a scan hands out whole entries");
  verify(tally.sum === times * sumOfFirstBytes(entries), "a scan hands out what was put in");
  return watch.rate(tally.entries);
}

/** 100 entries from a random key on; the rate is that of ranges, not of entries. */
export async function range(engine: Engine, entries: number): Promise<number> {
  const draw = drawing(entries, 5);
  const count = Math.min(MAX_RANGES, entries);
  const watch = new Stopwatch();
  const warmUp = keysOf(Math.ceil(count / 5), draw);
  for (const key of warmUp) {
    await engine.range(key, RANGE_ENTRIES, new Tally());
  }
  const keys = keysOf(count, draw);
  const tally = new Tally();
  watch.start();
  for (const key of keys) {
    const seen = engine.range(key, RANGE_ENTRIES, tally);
    if (seen !== undefined) {
      await seen;
    }
  }
  watch.stop();
  // A range that begins near the last key is shorter.
  const expected = count * RANGE_ENTRIES;
  verify(tally.entries <= expected && tally.entries > expected * 0.98, `${count} ranges gave ${tally.entries} entries`);
  return watch.rate(count);
}

/** One put a commit, the next one when it is on disk. */
export async function commitOneByOne(engine: Engine): Promise<number> {
  return await durableCommits(engine, 1, (key, value) => engine.commit(key, value), DURABLE_FIRST);
}

/** One put a commit, 64 on their way at any time. */
export async function commitConcurrently(engine: Engine): Promise<number> {
  const first = DURABLE_FIRST + DURABLE_PREPARED;
  return await durableCommits(engine, COMMITS_IN_FLIGHT, (key, value) => engine.commitConcurrently(key, value), first);
}

async function puts(
  engine: Engine,
  count: number,
  commitEntries: number,
  entryAt: (index: number) => number,
  valueShift: number,
  before: number,
): Promise<number> {
  const watch = new Stopwatch();
  for (let done = 0; done < count; ) {
    const isTimed = done >= before;
    const first = done;
    const keys = keysOf(Math.min(CHUNK_ENTRIES, (isTimed ? count : before) - done), (index) => entryAt(first + index));
    const values = keys.map((_, index) => valueFor(first + index + valueShift));
    done += keys.length;
    const started = isTimed ? watch : new Stopwatch();
    started.start();
    for (let i = 0; i < keys.length; i += commitEntries) {
      const committed = engine.put(keys, values, i, Math.min(keys.length, i + commitEntries));
      if (committed !== undefined) {
        await committed;
      }
    }
    started.stop();
  }
  return watch.rate(count - before);
}

function probe(engine: Engine, count: number, entryAt: () => number, isThere: boolean, watch: Stopwatch): void {
  let found = 0;
  let bytes = 0;
  for (let done = 0; done < count; done += CHUNK_ENTRIES) {
    const keys = keysOf(Math.min(CHUNK_ENTRIES, count - done), entryAt);
    watch.start();
    for (const key of keys) {
      const value = engine.get(key);
      if (value !== undefined) {
        found++;
        bytes += value.length;
      }
    }
    watch.stop();
  }
  verify(found === (isThere ? count : 0), `${count} gets found ${found} values`);
  verify(bytes === found * VALUE_BYTES, "a get hands out a whole value");
}

type CommitOne = (key: Buffer, value: Buffer) => Promise<void> | undefined;

/** As many commits as fit into a time, by so many loops side by side. */
async function durableCommits(engine: Engine, loops: number, commit: CommitOne, first: number): Promise<number> {
  const keys = keysOf(DURABLE_PREPARED, (index) => first + index);
  let next = 0;
  const startedAt = performance.now();
  const until = startedAt + DURABLE_MS;
  async function loop(): Promise<void> {
    while (performance.now() < until && next < DURABLE_PREPARED) {
      const entry = next++;
      const committed = commit(keys[entry]!, valueFor(entry));
      if (committed !== undefined) {
        await committed;
      }
    }
  }
  await Promise.all(Array.from({ length: loops }, loop));
  const seconds = (performance.now() - startedAt) / 1000;
  for (let entry = 0; entry < next; entry += 1 + Math.floor(next / CHECKED_ENTRIES)) {
    verify(engine.get(keys[entry]!)?.length === VALUE_BYTES, `commit ${entry} is there`);
  }
  return next / seconds;
}

/** How many of `count` come before the clock is started. */
function untimed(count: number): number {
  return Math.min(UNTIMED_ENTRIES, roundTo(count / 5, LARGE_COMMIT_ENTRIES));
}

function roundTo(count: number, step: number): number {
  return Math.max(step, Math.floor(count / step) * step);
}
