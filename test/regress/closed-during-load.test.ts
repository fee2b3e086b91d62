/** A database was closed during a bulk load, when the log was full: `close` threw FULL instead of moving the log into pages. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a database is closed while a load goes on and the log is full", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  async function* entries(): AsyncGenerator<[string, string]> {
    yield ["a", "1"];
    await new Promise(() => {});
  }
  const loaded = expect(db.map<string>("loaded").load(entries())).rejects.toThrow("closed");
  await simulated.run(2000);
  const rows = db.map<string>("rows");
  let written = 0;
  expect(() => {
    for (; written < 10_000; written++) {
      rows.put(`row ${written}`, "x".repeat(1000));
    }
  }).toThrow("wait for the load to end");
  db.close();
  await loaded;
  await simulated.run(2000);
  const { db: again } = simulated.open();
  expect([again.map("rows").count(), again.map("loaded").count()]).toEqual([written, 0]);
  await again.check();
});
