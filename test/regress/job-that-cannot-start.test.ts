/** Where a job could not even be started, no thread being had for it, the next writer waited for it without end. */
import { expect, it } from "vitest";
import { SimulatedClock } from "../../fuzz/engine/simulated-clock.ts";
import { openOn } from "../../src/mvcc/index.ts";
import { InlineRunner } from "../../src/mvcc/inline-runner.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

it("writers and checkpoints are told of a job that cannot be started, and go on when one can", async () => {
  const clock = new SimulatedClock(1_000_000);
  let mayStart = false;
  const db = openOn(
    {
      disk: new MemoryDisk(),
      clock,
      rng: seededRng(1),
      runner: ({ onDone }) => {
        const runner = new InlineRunner(clock, 1, onDone);
        const start = runner.start.bind(runner);
        runner.start = (input) => {
          if (!mayStart) {
            throw new Error("no thread");
          }
          start(input);
        };
        return runner;
      },
    },
    { segmentBytes: 16 * 1024, checkpoints: "inline" },
    "pread",
  );
  const map = db.map<string>("rows");
  let written = 0;
  const fill = (rows: number) => {
    for (let i = 0; i < rows; i++, written++) {
      map.put(`row ${written}`, "x".repeat(1000));
    }
  };
  expect(() => fill(200)).toThrow("no thread");
  await expect(db.checkpoint()).rejects.toThrow("no thread");
  mayStart = true;
  fill(200);
  expect(map.count()).toBe(written);
  db.close();
});
