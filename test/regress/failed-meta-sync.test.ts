/**
 * A sync of the meta page failed, the database was POISONED, closed and opened again: the system still showed the meta page
 * that it had never written, a sync of it did nothing, and the log before it was let go. Then the power failed.
 */
import { expect, it } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk, type FaultPlan } from "../../fuzz/disk/fault-disk.ts";
import { SimulatedClock } from "../../fuzz/engine/simulated-clock.ts";
import { type Database, openOn } from "../../src/mvcc/index.ts";
import type { Disk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const KEYS = 40;

function open(disk: Disk): Database {
  return openOn(
    { disk, clock: new SimulatedClock(1_700_000_000_000), rng: seededRng(7) },
    { backend: "pread", segmentBytes: 16 * 1024, checkpoints: "inline" },
  );
}

/** Puts, and closes with a call that fails as planned; everything put was acknowledged. Says when the close began. */
function runWith(crash: CrashDisk, faults: FaultPlan): { disk: FaultDisk; closedAt: number } {
  const disk = new FaultDisk(crash, faults);
  const db = open(disk);
  for (let i = 0; i < KEYS; i++) {
    db.map<string>("texts").put(`key ${i}`, "x".repeat(100));
  }
  const closedAt = disk.calls;
  try {
    db.close();
  } catch {
    // The planned failure.
  }
  crash.unlock();
  return { disk, closedAt };
}

it("what a failed sync of the meta page left in the system's memory is written again", () => {
  const { disk, closedAt } = runWith(new CrashDisk(), {});
  const rng = seededRng(11);
  let failedSyncs = 0;
  for (let failAt = closedAt + 1; failAt <= disk.calls; failAt++) {
    const crash = new CrashDisk();
    const { failed } = runWith(crash, { failAt }).disk;
    if (!failed.startsWith("sync pages.000 ")) {
      continue;
    }
    failedSyncs++;
    const reopenedAt = crash.operations;
    open(crash);
    for (let at = reopenedAt; at <= crash.operations; at++) {
      for (const image of crash.images(rng, 3, at)) {
        expect(open(image).map("texts").count(), `${failed}, power failed at ${at}`).toBe(KEYS);
      }
    }
  }
  expect(failedSyncs).toBeGreaterThan(1);
});
