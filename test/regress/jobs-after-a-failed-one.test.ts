/** After a job that failed each memtable that was frozen began another one at once, which met the same. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const SEGMENT_BYTES = 16 * 1024;

it("the next job waits for a second, or until a writer must have room", async () => {
  let attempts = 0;
  const simulated = new Simulated(() => {
    attempts++;
    if (attempts < 4) {
      throw new Error("no thread");
    }
  });
  const { db } = simulated.open({ segmentBytes: SEGMENT_BYTES });
  const map = db.map<string>("rows");
  const freezeOne = () => {
    const { segments } = db.stats();
    for (let i = 0; db.stats().segments === segments; i++) {
      map.put(`row ${i}`, "x".repeat(SEGMENT_BYTES / 20));
    }
  };
  freezeOne();
  freezeOne();
  expect(attempts).toBe(1);
  freezeOne();
  await simulated.run(900);
  expect(attempts).toBe(1);
  await simulated.run(200);
  expect(attempts).toBe(2);
  await simulated.run(500);
  expect(attempts).toBe(2);
  await simulated.run(600);
  expect(attempts).toBe(3);
  for (let i = 0; i < 100; i++) {
    map.put(`row ${i}`, "x".repeat(SEGMENT_BYTES / 20));
  }
  expect(attempts).toBeGreaterThan(3);
  expect(map.count()).toBe(100);
  db.close();
});
