/** Compactions failed at a damaged run; checkpoints and commits, which do without it, threw their error. */
import { expect, it } from "vitest";
import { flip } from "../mvcc/disk-copy.ts";
import { Simulated } from "./simulated.ts";

it("writes and checkpoints go on where a compaction meets a damaged run", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open({ engine: "lsm" });
  const fill = (database: typeof db, from: number, to: number) => {
    const rows = database.map<string>("rows");
    for (let i = from; i < to; i++) {
      rows.put(`${(i * 7919) % 10_007}`, "x".repeat(100));
    }
  };
  fill(db, 0, 300);
  await simulated.done(db.checkpoint());
  const { part } = [...[...db.store.state.manifests.values()][0]!.parts()][0]!;
  simulated.abandon();
  flip(simulated.memory, "pages.000", part.root.page * 8192 + 100, 1);
  const { db: again } = simulated.open({ engine: "lsm" });
  for (let round = 1; round < 30; round++) {
    fill(again, round * 300, round * 300 + 300);
    await simulated.done(again.checkpoint());
  }
  expect(again.stats().compactionDebtBytes).toBeGreaterThan(0);
  expect(again.stats().checkpointError).toContain("damaged");
  await expect(simulated.done(again.store.checkpointer.tidy())).rejects.toMatchObject({ code: "CORRUPT" });
  fill(again, 9000, 9300);
  again.close();
});
