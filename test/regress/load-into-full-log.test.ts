/** A bulk load failed at its very end where others had filled the log meanwhile, told to wait for itself. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a load ends although the log is full", async () => {
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
  const map = db.map<string>("texts");
  // Small ones at the end, so that the load's own record does not fit either.
  for (const text of ["x".repeat(2000), "x"]) {
    expect(() => {
      for (let i = 0; i < 10_000; i++) {
        map.put(`key ${i % 40}`, text);
      }
    }).toThrow("wait for the load to end");
  }
  goOn();
  await simulated.run(2000);
  expect((await loaded).entries).toBe(2);
  await simulated.run(2000);
  map.put("last", "x");
  await db.check();
  db.close();
  const { db: again } = simulated.open();
  expect([again.map("loaded").count(), again.map("texts").count()]).toEqual([2, 41]);
});
