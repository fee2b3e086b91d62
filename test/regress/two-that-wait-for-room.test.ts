/** Of two checkpoints that had waited for room, which a writer and a bulk load took, the second was told that the log is full. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("whoever finds that the room was taken waits on", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const rows = db.map<string>("rows");
  const putUntil = (segments: number) => {
    for (let i = 0; db.stats().segments !== segments; i++) {
      rows.put(`row ${i}`, "x".repeat(1000));
    }
  };
  rows.put("first", "x");
  const loaded = db.map<number>("loaded").load([["a", 1]]);
  putUntil(4);
  while (db.stats().segments === 4) {
    simulated.clock.run();
  }
  putUntil(4);
  const checkpoints = [db.checkpoint(), db.checkpoint()];
  // The load's own checkpoint is over: it waits for the end of the next one.
  await new Promise((resolve) => setImmediate(resolve));
  // The writer does the job's work.
  putUntil(3);
  await simulated.done(Promise.all(checkpoints));
  expect(await simulated.done(loaded)).toMatchObject({ entries: 1 });
  db.close();
});
