/** A job that ended while the database was being closed was followed by what there is time for at rest: closing waited for that. */
import { expect, it } from "vitest";
import { SimulatedClock } from "../../fuzz/engine/simulated-clock.ts";
import { openOn } from "../../src/mvcc/index.ts";
import { InlineRunner } from "../../src/mvcc/inline-runner.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const RUNS = 6;

it("closing ends the job that runs, and begins none", async () => {
  const clock = new SimulatedClock(1_000_000);
  const started: number[] = [];
  const db = openOn(
    {
      disk: new MemoryDisk(),
      clock,
      rng: seededRng(1),
      runner: ({ onDone }) => {
        const runner = new InlineRunner(clock, 1, onDone);
        const start = runner.start.bind(runner);
        runner.start = (input) => {
          started.push(input.lsm.compactionBytes);
          start(input);
        };
        return runner;
      },
    },
    { checkpoints: "inline" },
    "pread",
  );
  const map = db.map<string>("rows", { engine: "lsm" });
  for (let run = 1; run <= RUNS; run++) {
    for (let i = 0; i < 100; i++) {
      map.put(`row ${i}`, `of run ${run}`);
    }
    let isDone = run === RUNS;
    void db.checkpoint().then(() => {
      isDone = true;
    });
    while (!isDone) {
      clock.run();
      await Promise.resolve();
    }
  }
  // There has been nothing to do for a long time, but for the job that runs.
  clock.pass(3_600_000);
  expect(db.stats()).toMatchObject({ isCheckpointing: true });
  expect(db.store.checkpointer.stats().isRunning).toBe(true);
  const before = started.length;
  db.close();
  expect(started.slice(before)).toEqual([]);
});
