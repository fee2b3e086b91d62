/** While a map with entries that had ended was loaded, no entry of any map was deleted at its end. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("entries of other maps end while a map is loaded, and its own when that has ended", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const loaded = db.map<number>("loaded", { engine: "lsm" });
  const other = db.map<number>("other");
  loaded.put("old", 1, { ttl: 5000 });
  await simulated.done(db.checkpoint());
  let goOn = () => {};
  async function* entries(): AsyncGenerator<[string, number]> {
    yield ["a", 1];
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  }
  const loading = loaded.load(entries());
  await simulated.run(1000);
  other.put("due", 1, { ttl: 5000 });
  const before = db.lastCommit;
  await simulated.run(10_000);
  await simulated.run(2000);
  expect(db.lastCommit).toBe(before + 1);
  goOn();
  await simulated.done(loading);
  await simulated.run(2000);
  await simulated.run(2000);
  expect(db.lastCommit).toBe(before + 3);
  expect([loaded.count(), other.count()]).toEqual([1, 0]);
  await simulated.done(db.check());
  db.close();
});
