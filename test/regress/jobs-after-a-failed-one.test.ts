/** After a job that failed each memtable that was frozen began another one at once, which met the same. */
import { expect, it } from "vitest";
import { SimulatedClock } from "../../fuzz/engine/simulated-clock.ts";
import { openOn } from "../../src/mvcc/index.ts";
import { InlineRunner } from "../../src/mvcc/inline-runner.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const SEGMENT_BYTES = 16 * 1024;

it("the next job waits for a second, or until a writer must have room", () => {
  const clock = new SimulatedClock(1_000_000);
  let attempts = 0;
  const db = openOn(
    {
      disk: new MemoryDisk(),
      clock,
      rng: seededRng(1),
      runner: ({ onDone }) => {
        const runner = new InlineRunner(clock, 1, onDone);
        const start = runner.start.bind(runner);
        runner.start = (input) => {
          attempts++;
          if (attempts < 4) {
            throw new Error("no thread");
          }
          start(input);
        };
        return runner;
      },
    },
    { segmentBytes: SEGMENT_BYTES, checkpoints: "inline" },
    "pread",
  );
  const map = db.map<string>("rows");
  const freezeOne = () => {
    const { segments } = db.stats();
    for (let i = 0; db.stats().segments === segments; i++) {
      map.put(`row ${i}`, "x".repeat(SEGMENT_BYTES / 20));
    }
  };
  const pass = (ms: number) => {
    clock.pass(ms);
    while (clock.run()) {
      // One timer after the other.
    }
  };
  freezeOne();
  freezeOne();
  expect(attempts).toBe(1);
  freezeOne();
  pass(900);
  expect(attempts).toBe(1);
  pass(200);
  expect(attempts).toBe(2);
  pass(500);
  expect(attempts).toBe(2);
  pass(600);
  expect(attempts).toBe(3);
  for (let i = 0; i < 100; i++) {
    map.put(`row ${i}`, "x".repeat(SEGMENT_BYTES / 20));
  }
  expect(attempts).toBeGreaterThan(3);
  expect(map.count()).toBe(100);
  db.close();
});
