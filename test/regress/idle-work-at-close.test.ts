/** A job that ended while the database was being closed was followed by what there is time for at rest: closing waited for that. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const RUNS = 6;

it("closing ends the job that runs, and begins none", async () => {
  let started = 0;
  const simulated = new Simulated(() => {
    started++;
  });
  const { db } = simulated.open({ segmentBytes: 1024 * 1024 });
  const map = db.map<string>("rows", { engine: "lsm" });
  for (let run = 1; run <= RUNS; run++) {
    for (let i = 0; i < 100; i++) {
      map.put(`row ${i}`, `of run ${run}`);
    }
    let isDone = run === RUNS;
    void db.checkpoint().then(() => {
      isDone = true;
    });
    while (!isDone) {
      simulated.clock.run();
      await Promise.resolve();
    }
  }
  // There has been nothing to do for a long time, but for the job that runs.
  simulated.clock.pass(3_600_000);
  expect(db.stats()).toMatchObject({ isCheckpointing: true });
  expect(db.store.checkpointer.stats().isRunning).toBe(true);
  const before = started;
  db.close();
  expect(started).toBe(before);
});
