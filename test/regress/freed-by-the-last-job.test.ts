/** What the last job before a rest had freed stayed out of use until the next one, and the file as long as it was. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a file is cut at rest though a single job has compacted everything", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open({ engine: "lsm", checkpointStepsPerTurn: 1000 });
  const rows = db.map<string>("rows");
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 100; i++) {
      rows.put(`${i}`, `${round} ${"x".repeat(100)}`);
    }
    await simulated.done(db.checkpoint());
  }
  for (let rests = 0; rests < 10; rests++) {
    await simulated.run(1000);
  }
  expect(db.store.checkpointer.stats()).toMatchObject({ isRunning: false, pagesPending: 0 });
  expect(db.store.checkpointer.wasteBytes).toBe(0);
  expect(db.store.checkpointer.meta.pageCount).toBeLessThan(40);
  db.close();
});
