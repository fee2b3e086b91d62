/** What was due some time after a job went unnoticed where a bulk load that waited for the job's end had given up by then. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const MOMENTS = 25;

/** Writes for a while, then cancels a load as the job that it waits for ends. Whether compactions are still to be done later. */
async function isLeftBehind(moment: number): Promise<boolean> {
  const simulated = new Simulated();
  const { db } = simulated.open({ compactionBytesPerSecond: 2 ** 20 });
  const rows = db.map<string>("rows", { engine: "lsm" });
  for (let i = 0; i < 60 + moment * 5 || !db.stats().isCheckpointing; i++) {
    rows.put(`row ${(i * 7919) % 1000}`, "x".repeat(1000));
    if (i % 3 === 0) {
      simulated.clock.pass(1);
      simulated.clock.run();
    }
  }
  const controller = new AbortController();
  const held = db.store.checkpointer.pageSpace.hold(controller.signal);
  await Promise.resolve();
  controller.abort(new Error("enough"));
  while (db.stats().isCheckpointing) {
    simulated.clock.run();
  }
  await expect(held).rejects.toThrow("enough");
  for (let second = 0; second < 20; second++) {
    await simulated.run(1000);
  }
  const isLeft = db.store.compactionDebt(true) > 0;
  db.close();
  return isLeft;
}

it("compactions go on where the load that waited for them was cancelled", async () => {
  const left: number[] = [];
  for (let moment = 0; moment < MOMENTS; moment++) {
    if (await isLeftBehind(moment)) {
      left.push(moment);
    }
  }
  expect(left).toEqual([]);
});
