/** Of two compactions that waited for a bulk load when the database was closed, the second never heard of it. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("every compaction ends when the database is closed", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  async function* entries(): AsyncGenerator<[string, string]> {
    yield ["a", "1"];
    await new Promise(() => {});
  }
  db.map<string>("loaded")
    .load(entries())
    .catch(() => {});
  await simulated.run(2000);
  const ends = [1, 2, 3].map(() => db.compact().catch((error: { code: string }) => error.code));
  await simulated.run();
  db.close();
  expect(await Promise.all(ends)).toEqual(["CLOSED", "CLOSED", "CLOSED"]);
});
