/**
 * A thousand ranges of a thousand entries deleted, every other thousand of the database, one range a commit, relaxed: how
 * fast a range is gone for readers, how fast with the work that was put off, and what is then on disk for what is left.
 */
import { performance } from "node:perf_hooks";
import { KEY_BYTES, keyFor, writeKey } from "./dataset.ts";
import { allocatedBytes } from "./disk-bytes.ts";
import { Tally } from "./engine.ts";
import { createEngine } from "./engines.ts";
import type { Figures } from "./metrics.ts";
import { type Order, tenthOf } from "./order.ts";
import { writeSteadily } from "./steady-writes.ts";
import { Stopwatch } from "./stopwatch.ts";
import { tell } from "./tell.ts";
import { verify } from "./verify.ts";

const RANGE_ENTRIES = 1000;
/** Beginnings of keys of so many bytes are exact as numbers, and long enough to tell neighbours apart. */
const BEGINNING_BYTES = 6;
const CHECKED_ENTRIES = 1000;

interface Range {
  readonly gte: Buffer;
  readonly lt: Buffer;
}

export async function measureRangeDelete({ engine: name, directory, fillEntries }: Order): Promise<Figures> {
  const deleted = tenthOf(fillEntries);
  const entries = deleted * 2;
  const ranges = everyOtherRange(entries);
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  await writeSteadily(engine, new Stopwatch(), { what: "filling", count: entries, entryAt: (index) => index });
  await engine.idle();
  const watch = new Stopwatch();
  for (const [index, { gte, lt }] of ranges.entries()) {
    watch.start();
    const committed = engine.deleteRange(gte, lt);
    if (committed !== undefined) {
      await committed;
    }
    watch.stop();
    tell("deleting ranges", index, ranges.length);
  }
  const deletedAt = performance.now();
  const idleMs = (await engine.idle()) - deletedAt;
  const tally = new Tally();
  await engine.scan(tally);
  verify(tally.entries === entries - deleted, `${tally.entries} entries are left of ${entries}`);
  for (let entry = 0; entry < CHECKED_ENTRIES; entry++) {
    const isThere = engine.get(keyFor(entry)) !== undefined;
    verify(isThere === !isWithin(ranges, keyFor(entry)), `entry ${entry} is gone if it was in a range`);
  }
  await engine.close();
  return {
    "range-delete": watch.rate(ranges.length),
    "range-delete-idle": ranges.length / ((watch.elapsedMs + idleMs) / 1000),
    "range-delete-size": allocatedBytes(directory) / (entries - deleted),
  };
}

/** The first thousand keys, the third, and so on, of all entries in the order of their keys. */
function everyOtherRange(entries: number): Range[] {
  const beginnings = new Float64Array(entries);
  const key = Buffer.alloc(KEY_BYTES);
  for (let entry = 0; entry < entries; entry++) {
    writeKey(entry, key, 0);
    beginnings[entry] = key.readUIntBE(0, BEGINNING_BYTES);
  }
  beginnings.sort();
  const ranges: Range[] = [];
  for (let from = 0; from < entries; from += 2 * RANGE_ENTRIES) {
    ranges.push({ gte: boundaryAt(beginnings, from), lt: boundaryAt(beginnings, from + RANGE_ENTRIES) });
  }
  return ranges;
}

function boundaryAt(beginnings: Float64Array, position: number): Buffer {
  verify(beginnings[position] !== beginnings[position - 1], `the keys at ${position} begin unlike those before`);
  const boundary = Buffer.alloc(BEGINNING_BYTES);
  boundary.writeUIntBE(beginnings[position]!, 0, BEGINNING_BYTES);
  return boundary;
}

function isWithin(ranges: readonly Range[], key: Buffer): boolean {
  return ranges.some(({ gte, lt }) => Buffer.compare(gte, key) <= 0 && Buffer.compare(key, lt) < 0);
}
