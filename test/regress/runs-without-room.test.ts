/** A full disk in the middle of a flush, or of a compaction, loses nothing; both are done when there is room again. */
import { expect, it } from "vitest";
import type { Database } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

const PAGE_BYTES = 8192;
const KEYS = 60;
const ROOMS = 32;
const ROUNDS = 1;

function contentOf(round: number, key: number): string {
  return `${round} ${key} `.padEnd(key % 5 === 0 ? 3000 : 300, "x");
}

/** One version after the other of every key; what was refused for want of room is not expected. */
function write(db: Database, round: number, expected: Map<string, string>): void {
  const map = db.map<string>("texts", { engine: "lsm" });
  for (let key = 0; key < KEYS; key++) {
    try {
      map.put(`key ${key}`, contentOf(round, key));
    } catch (error) {
      expect(error).toMatchObject({ code: "FULL" });
      return;
    }
    expected.set(`key ${key}`, contentOf(round, key));
  }
}

function expectAll(db: Database, expected: ReadonlyMap<string, string>): void {
  expect(new Map(db.map<string>("texts").range())).toEqual(expected);
}

async function isFull(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: "FULL" });
    return true;
  }
}

it("a full disk in the middle of a flush or of a compaction loses nothing", async () => {
  let fullFlushes = 0;
  let fullCompactions = 0;
  for (let room = 0; room < ROOMS; room++) {
    const simulated = new Simulated();
    const expected = new Map<string, string>();
    const { db: first } = simulated.open();
    for (let round = 0; round < ROUNDS; round++) {
      write(first, round, expected);
      await simulated.done(first.checkpoint());
    }
    first.close();

    const { memory } = simulated;
    const usedBytes = memory.list().reduce((sum, name) => sum + memory.open(name, "read").sizeBytes(), 0);
    const { db, disk } = simulated.open({}, { capacityBytes: usedBytes + room * PAGE_BYTES });
    write(db, ROUNDS, expected);
    const isFlushFull = await isFull(simulated.done(db.checkpoint()));
    expectAll(db, expected);
    const isTidyFull = await isFull(simulated.done(db.store.checkpointer.tidy()));
    fullFlushes += isFlushFull ? 1 : 0;
    // With everything flushed there are only compactions to do.
    fullCompactions += isTidyFull && !isFlushFull ? 1 : 0;
    expectAll(db, expected);
    await simulated.done(db.check());

    disk.heal();
    write(db, ROUNDS + 1, expected);
    await simulated.done(db.checkpoint());
    await simulated.done(db.store.checkpointer.tidy());
    expectAll(db, expected);
    await simulated.done(db.check());
    db.close();
    const { db: again } = simulated.open();
    expectAll(again, expected);
    again.close();
  }
  expect(fullFlushes).toBeGreaterThan(0);
  expect(fullCompactions).toBeGreaterThan(0);
});
