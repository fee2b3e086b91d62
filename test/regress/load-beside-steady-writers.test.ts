/**
 * A bulk load never had its turn while writers went on and runs were to be compacted: the next job had begun before the load
 * could see that one had ended.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const STEPS = 3;
/** The one that runs, and what the load has to have in pages before it can begin. */
const MOST_JOBS = 4;

it("a load begins when a job has ended", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<string>("m", { engine: "lsm" });
  let row = 0;
  /** A writer that never has to wait for room, beside the steps of a job. */
  const turn = async () => {
    map.put(`row ${(row++ * 7919) % 100_003}`, "x".repeat(1000));
    for (let i = 0; i < STEPS; i++) {
      simulated.clock.run();
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  while (db.stats().compactionDebtBytes < 200_000 || !db.store.checkpointer.stats().isRunning) {
    await turn();
  }
  let hasRead = false;
  async function* entries(): AsyncGenerator<[string, number]> {
    hasRead = true;
    yield ["a", 1];
  }
  const { checkpoints } = db.stats();
  const loaded = db.map<number>("loaded").load(entries());
  loaded.catch(() => {});
  while (!hasRead) {
    await turn();
    expect(db.stats().checkpoints - checkpoints).toBeLessThanOrEqual(MOST_JOBS);
  }
  await simulated.done(loaded);
  expect(db.map<number>("loaded").get("a")).toBe(1);
  expect(map.count()).toBe(row);
  db.close();
});
