/** Disks that fail: what is thrown, what is kept, and that nothing goes on after it. */
import { describe, expect, it } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import { DbError } from "../../src/errors.ts";
import { type Disk, MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import type { Log } from "../../src/wal/index.ts";
import { append, appendOp, openLog } from "./log-fixture.ts";

describe("after a failed call", () => {
  it("every later call says POISONED, and reopening shows all that was acknowledged, whichever call it was", async () => {
    const calls = await countCalls((disk) => workload(disk, []));
    for (let failAt = 1; failAt <= calls; failAt++) {
      const inner = new CrashDisk();
      const disk = new FaultDisk(inner, { failAt });
      const acknowledged: number[] = [];
      const failure = await failureOf(() => workload(disk, acknowledged));
      expect(failure.error, disk.failed).toBeInstanceOf(DbError);
      if (failure.log !== undefined) {
        expectPoisoned(failure.log, failure.error);
      }
      disk.heal();
      for (const image of [inner, ...inner.images(seededRng(failAt), 4)]) {
        const { log, records } = openLog(image);
        expect(log.lastCommit, disk.failed).toBeGreaterThanOrEqual(acknowledged.at(-1) ?? 0);
        expect(records.every((record, i) => record.commit === i + 1)).toBe(true);
      }
    }
  });

  it("rejects those who wait for a sync in the background", async () => {
    const plan = await callsUntilSyncSoon();
    const disk = new FaultDisk(new CrashDisk(), { failAt: plan });
    const { log } = openLog(disk);
    append(log, [["a", "1"]]);
    const waiting = [log.syncSoon(), log.syncSoon()];
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome.status).toBe("rejected");
      expect((outcome as PromiseRejectedResult).reason).toMatchObject({ code: "POISONED", cause: { code: "IO" } });
    }
    await expect(log.syncSoon()).rejects.toMatchObject({ code: "POISONED" });
    expect(() => append(log, [["b", "2"]])).toThrow(/close and open again/);
    expect(log.durableCommit).toBe(0);
  });
});

describe("on a full disk", () => {
  it("a commit is FULL with nothing written; the log goes on when there is room", () => {
    const inner = new MemoryDisk();
    const disk = new FaultDisk(inner, { capacityBytes: 20_000 });
    const { log } = openLog(disk);
    append(log, [["a", "1"]]);
    log.beginRecord();
    for (let i = 0; i < 20; i++) {
      appendOp(log, `key ${i}`, "x".repeat(1000));
    }
    expect(() => log.endRecord(0, 0)).toThrow(expect.objectContaining({ code: "FULL" }));
    log.abortRecord();
    expect(log.poisoned).toBeUndefined();
    expect(log.lastCommit).toBe(1);

    disk.heal();
    expect(append(log, [["b", "2"]])).toBe(2);
    log.sync();
    expect(openLog(inner).records.map((record) => record.entries)).toEqual([[["a", "1"]], [["b", "2"]]]);
  });

  it("uses the last blocks there are before it gives up", () => {
    const disk = new FaultDisk(new MemoryDisk(), { capacityBytes: 8192 });
    const { log } = openLog(disk);
    append(log, [["a", "x".repeat(5000)]]);
    expect(() => append(log, [["b", "x".repeat(5000)]])).toThrow(expect.objectContaining({ code: "FULL" }));
    log.abortRecord();
    append(log, [["c", "x".repeat(2000)]]);
    expect(log.lastCommit).toBe(2);
  });
});

/** Commits, some of them synced; segments rotated. Notes what was acknowledged. */
async function workload(disk: Disk, acknowledged: number[]): Promise<void> {
  const { log } = openLog(disk);
  current = log;
  for (let i = 0; i < 12; i++) {
    const commit = append(log, [[`key ${i}`, "x".repeat(300)]]);
    if (i % 3 === 1) {
      log.sync();
      acknowledged.push(commit);
    }
    if (i % 4 === 3) {
      log.rotate();
    }
  }
  // A sync in the background that failed is heard of in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  log.sync();
}

let current: Log | undefined;

async function failureOf(run: () => Promise<void>): Promise<{ log: Log | undefined; error: unknown }> {
  current = undefined;
  try {
    await run();
  } catch (error) {
    return { log: current, error };
  }
  throw new Error("nothing failed");
}

function expectPoisoned(log: Log, error: unknown): void {
  expect(error).toMatchObject({ code: "POISONED", cause: { code: "IO" } });
  const poisoned = expect.objectContaining({ code: "POISONED", cause: expect.anything() });
  expect(() => log.beginRecord()).toThrow(poisoned);
  expect(() => log.sync()).toThrow(poisoned);
  expect(() => log.rotate()).toThrow(poisoned);
  expect(() => log.read(0)).toThrow(poisoned);
  log.close();
}

async function countCalls(run: (disk: Disk) => Promise<void>): Promise<number> {
  const disk = new FaultDisk(new MemoryDisk(), {});
  await run(disk);
  return disk.calls;
}

/** The number of the call with which `syncSoon` syncs the first record. */
async function callsUntilSyncSoon(): Promise<number> {
  const disk = new FaultDisk(new MemoryDisk(), {});
  const { log } = openLog(disk);
  append(log, [["a", "1"]]);
  await log.syncSoon();
  return disk.calls;
}
