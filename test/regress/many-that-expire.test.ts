/**
 * The loop that deletes entries at their ends began with the first note each time, and stepped over the deletions of all
 * notes before: the time it took grew with the square of how many there were.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("the loop goes on where it was, and goes back to what comes to lie behind it", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open({ segmentBytes: 1024 * 1024 });
  const map = db.map<number>("m");
  const { clock } = simulated;
  db.write((tx) => {
    for (let i = 0; i < 2000; i++) {
      tx.map<number>("m").put(`key ${i}`, i, { ttl: 1000 + (i % 7) });
    }
  });
  const late = db.begin();
  late.map<number>("m").put("late", 1, { ttl: 500 });
  await simulated.run(2000);
  const settled = db.lastCommit;
  expect([settled, map.count()]).toEqual([2 + Math.ceil(2000 / 256), 0]);

  await late.commit();
  map.put("past", 1, { expiresAt: clock.now() - 1_000_000 });
  map.put("next", 1, { ttl: 10 });
  await simulated.run(2000);
  // Three puts, and a commit that deletes what they put.
  expect([db.lastCommit, map.count()]).toEqual([settled + 4, 0]);
  const commits: number[] = [];
  for await (const { commit, changes } of db.changes({ since: settled, of: "m" })) {
    commits.push(...changes.filter(({ type }) => type === "delete").map(() => commit));
    if (commit === db.lastCommit) {
      break;
    }
  }
  expect(commits).toEqual([settled + 4, settled + 4, settled + 4]);
  const drained = db.checkpoint();
  await simulated.run(2000);
  await drained;
  await db.check();
});
