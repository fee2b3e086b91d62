import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../fuzz/engine/simulated-clock.ts";
import type { CheckpointHost } from "../../src/mvcc/checkpoint-host.ts";
import { CompactionTurns, IDLE_MS, SLOW_MS } from "../../src/mvcc/compaction-turns.ts";
import { openOn } from "../../src/mvcc/index.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const SEGMENT_BYTES = 1 << 20;
const NO_LIMIT = Number.POSITIVE_INFINITY;

interface Debts {
  busy: number;
  idle: number;
  isOverfull?: boolean;
  isWritten?: boolean;
}

function turnsOf({ busy, idle, isOverfull = false, isWritten = false }: Debts, limit: number) {
  const clock = new SimulatedClock(1_000_000);
  const host = {
    compactionDebt: (isIdle: boolean) => (isIdle ? idle : busy),
    isOverfull: () => isOverfull,
    active: { segment: { isEmpty: !isWritten } },
  } as unknown as CheckpointHost;
  return { clock, turns: new CompactionTurns(host, clock, SEGMENT_BYTES, limit) };
}

describe("turns of compactions", () => {
  it("leave for quiet times what can wait", () => {
    const { clock, turns } = turnsOf({ busy: 0, idle: 10 }, NO_LIMIT);
    expect([turns.dueInMs, turns.hasIdleDebt]).toEqual([NO_LIMIT, true]);
    clock.pass(IDLE_MS - 1);
    expect(turns.isQuiet).toBe(false);
    clock.pass(1);
    expect([turns.isQuiet, turns.debtBytes, turns.dueInMs]).toEqual([true, 10, 0]);
    turns.frozen();
    expect(turns.dueInMs).toBe(NO_LIMIT);
    turns.await();
    expect(turns.dueInMs).toBe(0);
    turns.release();
    expect(turns.dueInMs).toBe(NO_LIMIT);
  });

  it("take it for quiet where something was written only when no memtable was filled for longer", () => {
    const { clock, turns } = turnsOf({ busy: 0, idle: 10, isWritten: true }, NO_LIMIT);
    clock.pass(SLOW_MS - 1);
    expect(turns.isQuiet).toBe(false);
    clock.pass(1);
    expect(turns.isQuiet).toBe(true);
  });

  it("follow on each other at once without a limit, and after what they wrote was paid for with one", () => {
    const free = turnsOf({ busy: 10, idle: 10 }, NO_LIMIT).turns;
    free.written(1e9);
    expect(free.dueInMs).toBe(0);
    const { clock, turns } = turnsOf({ busy: 10, idle: 10 }, 1_000_000);
    turns.written(3_000_000);
    expect(turns.dueInMs).toBe(3000);
    clock.pass(2999);
    expect(turns.dueInMs).toBe(1);
    clock.pass(1);
    expect(turns.dueInMs).toBe(0);
    clock.pass(60_000);
    turns.written(500_000);
    expect(turns.dueInMs).toBe(500);
  });

  it("do not wait where flushes would have to wait for them", () => {
    const { turns } = turnsOf({ busy: 10, idle: 10, isOverfull: true }, 1_000_000);
    turns.written(3_000_000);
    expect(turns.dueInMs).toBe(0);
    expect(turns.budgetBytes(true)).toBe(turns.budgetBytes(false));
  });

  it("come ever later after failures, unless somebody asks for them", () => {
    const { clock, turns } = turnsOf({ busy: 10, idle: 10, isOverfull: true }, NO_LIMIT);
    const waits = [1, 2, 3].map(() => {
      turns.ended(false);
      const { dueInMs } = turns;
      clock.pass(dueInMs);
      return [dueInMs, turns.dueInMs];
    });
    expect(waits).toEqual([
      [1000, 0],
      [2000, 0],
      [4000, 0],
    ]);
    for (let failures = 0; failures < 20; failures++) {
      turns.ended(false);
    }
    expect(turns.dueInMs).toBe(5 * 60 * 1000);
    turns.await();
    expect(turns.dueInMs).toBe(0);
    turns.ended(true);
    turns.ended(false);
    expect(turns.dueInMs).toBe(1000);
  });

  it("read less where a flush waits, and no more than the limit of a second", () => {
    const { turns } = turnsOf({ busy: 10, idle: 10 }, NO_LIMIT);
    expect(turns.budgetBytes(true)).toBeLessThan(turns.budgetBytes(false));
    expect(turnsOf({ busy: 10, idle: 10 }, 1_000_000).turns.budgetBytes(true)).toBe(1_000_000);
  });
});

describe("a database with a limit", () => {
  it("compacts as fast as that allows, and no faster", async () => {
    const written = await secondsOfTidying({ compactionBytesPerSecond: 1 << 20 });
    const limited = written.bytes / written.seconds;
    // What the last one wrote is never waited for.
    expect(limited).toBeLessThan(1.5 * 2 ** 20);
    expect(limited).toBeGreaterThan(0.5 * 2 ** 20);
    expect((await secondsOfTidying({})).seconds).toBeLessThan(written.seconds / 10);
  });

  it("takes no number that is not one", () => {
    expect(() => openOn(seams(), { compactionBytesPerSecond: 10 })).toThrow(
      /compactionBytesPerSecond .* at least 1048576/,
    );
  });
});

function seams(clock = new SimulatedClock(1_000_000)) {
  return { disk: new MemoryDisk(), clock, rng: seededRng(1) };
}

async function secondsOfTidying(limit: {
  compactionBytesPerSecond?: number;
}): Promise<{ bytes: number; seconds: number }> {
  const clock = new SimulatedClock(1_000_000);
  const options = { ...limit, engine: "lsm", segmentBytes: SEGMENT_BYTES, checkpoints: "inline" } as const;
  const db = openOn(seams(clock), options, "memory");
  const map = db.map("rows", { key: "string", value: "bytes", lsm: { compression: "none" } });
  const rng = seededRng(2);
  for (let i = 0; i < 60_000; i++) {
    map.put(String(rng.next()), new Uint8Array(100));
  }
  const compacted = () =>
    [...db.store.state.manifests.values()].reduce((sum, { counts }) => sum + counts.compactedBytes, 0);
  const before = compacted();
  const begin = clock.now();
  let isTidy = false;
  const tidying = db.store.checkpointer.tidy().then(() => {
    isTidy = true;
  });
  while (!isTidy) {
    clock.pass(1);
    while (clock.run()) {}
    await new Promise(setImmediate);
  }
  await tidying;
  const bytes = compacted() - before;
  db.close();
  return { bytes, seconds: (clock.now() - begin) / 1000 };
}
