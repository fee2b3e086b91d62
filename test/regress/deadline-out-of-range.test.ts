/**
 * A deadline that does not fit the u64 of its note got a note of another time: it was settled at once, and the check then
 * took the entry for damaged. And a ttl of null was one of 0: the entry was gone as it was put.
 */
import { expect, it } from "vitest";
import type { PutOptions } from "../../src/mvcc/map.ts";
import { Simulated } from "./simulated.ts";

it("deadlines that are no time are INVALID, and far ones are kept", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<number>("m");
  const refused: unknown[] = [
    { expiresAt: Number.MAX_VALUE },
    { ttl: 2 ** 64 },
    { ttl: Number.POSITIVE_INFINITY },
    { ttl: Number.NaN },
    { ttl: -1 },
    { ttl: null },
    { ttl: true },
    { ttl: "5" },
    { expiresAt: null },
    { expiresAt: 0 },
    { expiresAt: new Date() },
    { ttl: 5, expiresAt: simulated.clock.now() + 5 },
    { ttl: null, expiresAt: simulated.clock.now() + 5 },
  ];
  for (const options of refused) {
    expect(() => map.put("a", 1, options as PutOptions)).toThrow(expect.objectContaining({ code: "INVALID" }));
  }
  expect(map.count()).toBe(0);

  map.put("a", 1, { ttl: Number.MAX_SAFE_INTEGER });
  map.put("b", 2, { expiresAt: 2 ** 63 });
  map.put("c", 3, {});
  await simulated.run(5000);
  const drained = db.checkpoint();
  await simulated.run(5000);
  await drained;
  await db.check();
  expect([...map.range().keys()]).toEqual(["a", "b", "c"]);
});
