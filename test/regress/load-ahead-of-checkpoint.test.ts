/**
 * A bulk load is in pages before its commit is, where the checkpoint that comes next was begun before it: those pages are
 * more than the checkpoint's commit says. A backup made of them held a load that its commit did not have, and the map that
 * was loaded, once dropped, was full in snapshots of commits at which it had been empty.
 */
import { expect, it } from "vitest";
import { backupTo, openOn } from "../../src/mvcc/index.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { Simulated } from "./simulated.ts";

it("a backup that waited for a load holds its commit, too", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  let goOn = () => {};
  async function* entries(): AsyncGenerator<[string, string]> {
    yield ["a", "1"];
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    yield ["b", "2"];
  }
  const loaded = db.map<string>("loaded").load(entries());
  await simulated.run(2000);
  db.map<string>("texts").put("a", "1");
  const target = new MemoryDisk();
  const backup = backupTo(db.store, target);
  await simulated.run(2000);
  goOn();
  await simulated.run(2000);
  const { commit } = await loaded;
  await simulated.run(2000);
  expect((await backup).commit).toBe(commit);
  const copy = openOn({ disk: target, clock: simulated.clock, rng: seededRng(1) }, { backend: "pread" });
  expect(copy.map<string>("loaded").range().toArray()).toEqual(db.map<string>("loaded").range().toArray());
  expect(copy.lastCommit).toBe(commit);
});

it("a snapshot does not go back behind the load of a map that is gone", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<string>("loaded");
  const loaded = map.load([["a", "1"]]);
  await simulated.run(2000);
  const { commit } = await loaded;
  db.drop("loaded");
  expect(() => db.snapshot({ at: commit - 1 })).toThrow("not at");
  expect([...db.snapshot({ at: commit }).map<string>("loaded").range().keys()]).toEqual(["a"]);
});
