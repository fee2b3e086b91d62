/** Where readers that are held for long may lose their memory, nobody reads pages that were given to others. */
import { expect, it } from "vitest";
import type { Database } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

const OPTIONS = { snapshotMemoryBytes: 0 };

function fill(db: Database, from: number): void {
  const map = db.map<string>("texts");
  for (let i = 0; i < 60; i++) {
    map.put(`key ${(i * 7) % 61}`, `${from + i} `.repeat(200));
  }
}

it("a scan or a count through a snapshot that has ended is a conflict, not damage", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open(OPTIONS);
  fill(db, 0);
  const snapshot = db.snapshot();
  for (let round = 1; round < 6; round++) {
    fill(db, round * 1000);
    await simulated.run(2000);
  }
  const ended = expect.objectContaining({ code: "CONFLICT" });
  expect(() => snapshot.map("texts").range().toArray()).toThrow(ended);
  expect(() => snapshot.map("texts").count()).toThrow(ended);
});

it("a check goes on beside writers", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open(OPTIONS);
  for (let i = 0; i < 8; i++) {
    db.map(`map ${i}`).put("key", i);
  }
  fill(db, 0);
  await simulated.run(2000);
  for (let round = 1; round < 10; round++) {
    const checked = db.check();
    for (let part = 0; part < 4; part++) {
      fill(db, round * 1000 + part * 100);
      await simulated.run(2000);
    }
    await checked;
  }
});

it("a scan in a write transaction stands where it is while the transaction fills segments", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open(OPTIONS);
  fill(db, 0);
  await simulated.run(2000);
  const seen: string[] = [];
  db.write((tx) => {
    const map = tx.map<string>("texts");
    for (const [key] of map.range()) {
      seen.push(key);
      map.put(key, "x".repeat(2000));
    }
  });
  for (let i = 0; i < 12; i++) {
    fill(db, i);
  }
  db.write((tx) => {
    const map = tx.map<string>("texts");
    let count = 0;
    for (const [key] of map.range({ reverse: true })) {
      expect(key).toBe(seen.at(-1 - count++));
      for (let i = 0; i < 12; i++) {
        tx.map(`others ${i % 3}`).put(key, "x".repeat(3000 + i));
        map.put(seen[(count * i) % 60]!, "y".repeat(2000 + i));
      }
    }
  });
  expect(seen).toEqual([...db.map("texts").range().keys()]);
  expect(seen.length).toBe(60);
});
