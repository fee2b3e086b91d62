import { afterEach, describe, expect, it } from "vitest";
import { type Database, openOn } from "../../src/mvcc/index.ts";
import { InlineRunner } from "../../src/mvcc/inline-runner.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { ManualClock } from "../api/manual-clock.ts";

const STEPS_PER_TURN = 1000;

/** By which every look takes a while, as if a step did. Timers, of which it counts the turns, do not wait for that. */
class SlowClock extends ManualClock {
  lookMs = 0;
  looks = 0;
  turns = 0;
  #lookedMs = 0;

  override now(): number {
    this.looks++;
    this.#lookedMs += this.lookMs;
    return super.now() + this.#lookedMs;
  }

  override after(delayMs: number, callback: () => void): () => void {
    return super.after(delayMs, () => {
      this.turns++;
      callback();
    });
  }
}

/** What a writer worked for the job, once: how often it looked at the clock, how much it was to do, and whether it did. */
interface Advance {
  readonly looks: number;
  readonly maxMs: number;
  readonly isReached: boolean;
}

describe("a checkpoint in the application's thread", () => {
  const clock = new SlowClock();
  let db: Database;
  let advances: Advance[];

  function open(): void {
    advances = [];
    db = openOn(
      {
        disk: new MemoryDisk(),
        clock,
        rng: seededRng(1),
        runner: ({ options, onDone }) => {
          const runner = new InlineRunner(clock, options.checkpointStepsPerTurn, onDone);
          const advance = runner.advance.bind(runner);
          runner.advance = (share, maxMs) => {
            const before = clock.looks;
            advance(share, maxMs);
            const isReached = !runner.isRunning || runner.progress >= share;
            advances.push({ looks: clock.looks - before, maxMs, isReached });
          };
          return runner;
        },
      },
      { backend: "pread", checkpoints: "inline", checkpointStepsPerTurn: STEPS_PER_TURN, segmentBytes: 64 * 1024 },
    );
  }

  /** All over the map, so that a checkpoint has many leaves to write; a hundred a commit. */
  function put(count: number): void {
    for (let n = 0; n < count; n += 100) {
      db.write((tx) => {
        for (let i = n; i < n + 100; i++) {
          tx.map<string>("m").put(`${(i * 7919) % 10_007}`, "x".repeat(100));
        }
      });
    }
  }

  async function turnsOfCheckpoint(lookMs: number): Promise<number> {
    open();
    put(4000);
    clock.lookMs = lookMs;
    clock.turns = 0;
    await clock.advanceUntil(db.checkpoint());
    clock.lookMs = 0;
    db.close();
    return clock.turns;
  }

  afterEach(() => {
    clock.lookMs = 0;
    db.close();
  });

  it("goes on for as many steps a turn as it may, and for a few milliseconds", async () => {
    const quick = await turnsOfCheckpoint(0);
    const slow = await turnsOfCheckpoint(1);
    expect(quick).toBeLessThan(10);
    expect(slow).toBeGreaterThan(3 * quick);
  });

  it("holds up a writer for a few milliseconds at a time, until there is no more room", () => {
    open();
    clock.lookMs = 1;
    put(8000);
    const paused = advances.filter(({ maxMs }) => maxMs < 1000);
    expect(paused.some(({ isReached }) => !isReached)).toBe(true);
    expect(paused.filter(({ looks, maxMs }) => looks > maxMs + 1)).toEqual([]);
    const finished = advances.filter(({ maxMs }) => maxMs > 1000);
    expect(finished.length).toBeGreaterThan(0);
    expect(finished.filter(({ isReached }) => !isReached)).toEqual([]);
    expect(db.map<string>("m").count()).toBe(8000);
  });
});
