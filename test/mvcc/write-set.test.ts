/** Write sets that grow, and whose memory serves the next transaction. */
import { expect, test } from "vitest";
import { open } from "../../src/mvcc/index.ts";

test("a transaction sees nothing of large ones before it", async () => {
  using db = open(":memory:");
  const map = db.map("m", { key: "number" });
  for (const round of [1, 2, 3]) {
    const tx = db.begin();
    const inside = tx.map("m", { key: "number" });
    for (let key = 0; key < 2000 * round; key++) {
      inside.put(key, round);
    }
    inside.deleteRange({ gte: 10 * round, lt: 20 * round });
    const mark = tx.savepoint();
    for (let key = 10_000; key < 11_000; key++) {
      inside.put(key, round);
    }
    tx.rollbackTo(mark);
    expect(inside.count()).toBe(2000 * round - 10 * round);
    expect(inside.get(10_500)).toBeUndefined();
    if (round === 2) {
      tx.rollback();
    } else {
      await tx.commit();
    }
  }
  expect(map.count()).toBe(6000 - 30);
  expect([map.get(9), map.get(35), map.get(59), map.get(60)]).toEqual([3, undefined, undefined, 3]);
  const small = db.begin();
  expect(small.map("m", { key: "number" }).count()).toBe(6000 - 30);
  small.rollback();
  await db.check();
});

test("a scan that began before its transaction grew goes on with what was there", async () => {
  using db = open(":memory:");
  const tx = db.begin();
  const inside = tx.map("m", { key: "number" });
  for (let key = 0; key < 100; key++) {
    inside.put(2 * key, "before");
  }
  const seen: number[] = [];
  for (const [key] of inside) {
    seen.push(key);
    for (let more = 0; more < 100; more++) {
      inside.put(1000 + key * 100 + more, "x".repeat(50));
    }
    inside.put(key, "again");
  }
  expect(seen).toEqual(Array.from({ length: 100 }, (_, key) => 2 * key));
  await tx.commit();
  expect(db.map("m", { key: "number" }).count()).toBe(100 + 100 * 100);
});
