import { describe, expect, it } from "vitest";
import { MAX_FROZEN, MAX_FROZEN_BESIDE, Pacer } from "../../src/mvcc/pacer.ts";

const CAPACITY = 32_000_000;
const FLUSH_BYTES = 2 * CAPACITY;
const FLUSH_MS = 400;
const COMPACTION_MS = 200;
const MARGIN = 1.25;

/** Where a writer is, in segments from the first one on. */
function at(position: number) {
  const number = Math.floor(position);
  return { number, capacity: CAPACITY, tail: Math.round((position - number) * CAPACITY) };
}

/** What jobs take is known; somebody was at the beginning of segment 1 at the time 0, behind no memtable. */
function pacer(): Pacer {
  const known = new Pacer(CAPACITY);
  for (let i = 0; i < 50; i++) {
    for (const [bytes, compacts, ms] of [
      [FLUSH_BYTES, false, FLUSH_MS],
      [FLUSH_BYTES, true, 2 * FLUSH_MS],
      [0, true, COMPACTION_MS],
    ] as const) {
      known.jobStarted(bytes, compacts, 0);
      known.jobEnded(true, ms);
    }
  }
  known.pauseMs(at(1), 0, 0, 0);
  return known;
}

const COMMIT = 0.1;
const MOST_CREDIT_MS = 5;

/** How long a commit of a tenth of a segment is to take, `frozen` memtables before it. */
function paceOf(paced: Pacer, frozen: number, progress: number, nowMs: number): number {
  paced.pauseMs(at(1), frozen, progress, nowMs);
  return paced.pauseMs(at(1 + COMMIT), frozen, progress, nowMs) + Math.min(MOST_CREDIT_MS, nowMs);
}

/** The same where a flush will have ended in so many ms. */
function paceFor(leftMs: number, frozen: number): number {
  return (MARGIN * leftMs * COMMIT) / (MAX_FROZEN + 1 - frozen - COMMIT);
}

describe("a writer", () => {
  it("does not pause while no job runs", () => {
    expect(paceOf(pacer(), MAX_FROZEN, 0, 0)).toBe(0);
  });

  it("fills the room that there is while the job goes on", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(paced, 2, 0, 0)).toBeCloseTo(paceFor(FLUSH_MS, 2));
    const fuller = pacer();
    fuller.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(fuller, 3, 0.5, FLUSH_MS / 2)).toBeCloseTo(paceFor(FLUSH_MS / 2, 3));
  });

  it("waits for the flush behind a compaction, and for one beside compactions longer", () => {
    const compacting = pacer();
    compacting.jobStarted(0, true, 0);
    expect(paceOf(compacting, 2, 0, 0)).toBeCloseTo(paceFor(COMPACTION_MS + 2 * FLUSH_MS, 2));
    const beside = pacer();
    beside.jobStarted(FLUSH_BYTES, true, 0);
    expect(paceOf(beside, 2, 0, 0)).toBeCloseTo(paceFor(2 * FLUSH_MS, 2));
  });

  it("goes more slowly while a job is late, which is never taken to have ended", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(paced, 2, 0.5, FLUSH_MS)).toBeCloseTo(paceFor((1.5 * FLUSH_MS) / 2, 2));
    const atItsEnd = pacer();
    atItsEnd.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(atItsEnd, 3, 1, FLUSH_MS)).toBeCloseTo(paceFor(0.15 * FLUSH_MS, 3));
  });

  it("does not pause either while no memtable waits for the job", () => {
    const paced = pacer();
    paced.jobStarted(0, true, 0);
    expect(paceOf(paced, 0, 0, 0)).toBe(0);
  });

  it("goes more slowly where a compaction is late", () => {
    const paced = pacer();
    paced.jobStarted(0, true, 0);
    const late = 3 * COMPACTION_MS;
    expect(paceOf(paced, 2, 0, COMPACTION_MS + late)).toBeCloseTo(paceFor(late + 2 * FLUSH_MS, 2));
  });

  it("has the active segment in any case", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(paced, MAX_FROZEN + 2, 0, 0)).toBeCloseTo(paceFor(FLUSH_MS, MAX_FROZEN), 1);
  });

  it("has one segment more where more memtables may wait", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    paced.pauseMs(at(1), 3, 0, 0, MAX_FROZEN_BESIDE);
    expect(paced.pauseMs(at(1 + COMMIT), 3, 0, 0, MAX_FROZEN_BESIDE)).toBeCloseTo(paceFor(FLUSH_MS, 2), 1);
  });

  it("fills the log exactly once, whatever the jobs take, and stands still for nobody", () => {
    for (const jobMs of [FLUSH_MS / 2, FLUSH_MS, 2 * FLUSH_MS]) {
      const paced = pacer();
      let now = 0;
      let frozen = 2;
      let position = 3;
      let longest = 0;
      for (let jobs = 0; jobs < 20; jobs++) {
        const startedAt = now;
        paced.jobStarted(FLUSH_BYTES, false, now);
        while (now - startedAt < jobMs) {
          const before = Math.floor(position);
          position += 0.005;
          frozen += Math.floor(position) - before;
          // Faster by itself than any of the jobs.
          now += 0.2;
          const pause = Math.min(5, paced.pauseMs(at(position), frozen, (now - startedAt) / jobMs, now));
          now += pause;
          longest = jobs < 5 ? 0 : Math.max(longest, pause);
        }
        paced.jobEnded(true, now);
        expect(frozen).toBeLessThanOrEqual(MAX_FROZEN);
        frozen -= 2;
        while (frozen < 2) {
          position += 0.005;
          now += 0.2;
          frozen += Number(position % 1 < 0.005);
        }
      }
      expect(longest).toBeLessThan(5);
    }
  });
});

describe("what a writer owes", () => {
  it("is for what was written since the last pause, also where a segment has begun", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    const whole = paced.pauseMs(at(1.02), 2, 0, 0);
    const other = pacer();
    other.jobStarted(FLUSH_BYTES, false, 0);
    other.pauseMs(at(1.98), 1, 0, 1000);
    expect(other.pauseMs(at(2), 2, 0, 1000)).toBeLessThan(0.1 * whole);
    other.pauseMs(at(2), 2, 0, 2000);
    expect(other.pauseMs(at(2.02), 2, 0, 2000)).toBeGreaterThan(whole);
  });

  it("counts the time that it took by itself, and may be made up for by 5 ms", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    const whole = paced.pauseMs(at(1.05), 2, 0, 0);
    expect(paced.pauseMs(at(1.05), 2, 0, whole - 3)).toBeCloseTo(3);
    expect(paced.pauseMs(at(1.05), 2, 0, whole + 100)).toBe(0);
    expect(whole - paced.pauseMs(at(1.1), 2, 0, whole + 100)).toBeGreaterThan(0);
  });

  it("is saved up where it is short, and is no more than a tenth of a second", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paced.pauseMs(at(1.003), 2, 0, 0)).toBe(0);
    expect(paced.pauseMs(at(1.006), 2, 0, 0)).toBeGreaterThan(1);
    expect(paced.pauseMs(at(1.9), 3, 0, 0)).toBe(100);
    expect(paced.pauseMs(at(1.9), 3, 0, 60)).toBe(40);
  });

  it("is nothing any more when the job has ended", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paced.pauseMs(at(1.9), 3, 0, 0)).toBe(100);
    paced.jobEnded(true, 0);
    expect(paced.pauseMs(at(1.9), 3, 0, 0)).toBe(0);
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paced.pauseMs(at(1.9), 3, 0, 0)).toBe(0);
  });
});

describe("what jobs are expected to take", () => {
  it("is remembered longer where it was more", () => {
    const slower = pacer();
    slower.jobStarted(FLUSH_BYTES, false, 0);
    slower.jobEnded(true, 1.5 * FLUSH_MS);
    slower.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(slower, 2, 0, 0)).toBeCloseTo(paceFor(1.5 * FLUSH_MS, 2));
    const faster = pacer();
    faster.jobStarted(FLUSH_BYTES, false, 0);
    faster.jobEnded(true, 0);
    faster.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(faster, 2, 0, 0)).toBeCloseTo(paceFor(0.85 * FLUSH_MS, 2));
  });

  it("is not learned from a flush of a few bytes, which takes as long as any job", () => {
    const paced = pacer();
    paced.jobStarted(300, false, 0);
    paced.jobEnded(true, 30);
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(paced, 2, 0, 0)).toBeCloseTo(paceFor(FLUSH_MS, 2));
  });

  it("is what the thread of the job has measured, however late that is heard", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    paced.jobEnded(true, 10_000, 1.5 * FLUSH_MS);
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(paced, 2, 0, 0)).toBeCloseTo(paceFor(1.5 * FLUSH_MS, 2));
  });

  it("is not learned from jobs that were not typical, nor from a clock that was set", () => {
    const paced = pacer();
    paced.jobStarted(FLUSH_BYTES, false, 0);
    paced.jobEnded(false, 10 * FLUSH_MS);
    paced.jobStarted(FLUSH_BYTES, false, 0);
    paced.jobEnded(true, -3_600_000);
    paced.jobStarted(FLUSH_BYTES, false, 0);
    expect(paceOf(paced, 2, 0, 0)).toBeLessThan(paceFor(FLUSH_MS, 2));
    expect(paced.pauseMs(at(1.2), 2, 0, 3_600_000)).toBeLessThanOrEqual(100);
    expect(paced.pauseMs(at(1.2), 2, 0, 3_600_200)).toBe(0);
    expect(paced.pauseMs(at(1.21), 2, 0, -3_600_000)).toBe(0);
  });
});
