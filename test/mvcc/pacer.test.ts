import { expect, it } from "vitest";
import { Pacer } from "../../src/mvcc/pacer.ts";

const MS_A_MIB = 20;
const MIB = 1024 * 1024;
/** Where a writer is to be as fast as checkpoints. */
const EVEN = 1.875;

/** Checkpoints are known to take MS_A_MIB for a MiB of log. Somebody was at the beginning of segment 1 a moment ago. */
function pacer(): Pacer {
  const known = new Pacer();
  for (let i = 0; i < 100; i++) {
    known.jobDone(32 * MS_A_MIB, 32 * MIB);
  }
  known.pauseMs(EVEN, EVEN, 1, 0, 0);
  return known;
}

/** A pause for 2 MiB that were written in no time. */
function pauseAt(behind: number, filled: number): number {
  return Math.round(pacer().pauseMs(behind, filled, 1, 2 * MIB, 0));
}

it("a writer does not pause while little waits, and pauses the longer the more there is", () => {
  expect([0.3, 0.75, 1.3125, EVEN, 2.4375, 3, 4].map((behind) => pauseAt(behind, behind))).toEqual([
    0, 0, 20, 40, 60, 80, 80,
  ]);
});

it("the last segment that there is room for is filled more slowly, though a job be near its end", () => {
  expect([3, 3.25, 3.5, 4].map((filled) => pauseAt(0.75, filled))).toEqual([0, 20, 40, 80]);
});

it("pauses are for what was written since the last one; a new segment begins at its start", () => {
  const paced = pacer();
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, 2 * MIB, 0))).toBe(40);
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, 3 * MIB, 40))).toBe(20);
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 2, 1 * MIB, 60))).toBe(20);
});

it("time that a writer took by itself, or that a pause took too long, counts as pause", () => {
  const paced = pacer();
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, 2 * MIB, 15))).toBe(25);
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, 4 * MIB, 15 + 63))).toBe(2);
  expect(paced.pauseMs(EVEN, EVEN, 1, 6 * MIB, 15 + 63 + 200)).toBe(0);
  // Of what it could have done meanwhile it may catch up on 5 ms.
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, 8 * MIB, 15 + 63 + 200))).toBe(35);
});

it("short pauses are saved up", () => {
  const paced = pacer();
  expect(paced.pauseMs(4, 4, 1, MIB / 64, 0)).toBe(0);
  expect(paced.pauseMs(4, 4, 1, MIB / 32, 0)).toBeCloseTo(1.25);
});

it("no more is owed than a tenth of a second, and nothing any more when nothing waits", () => {
  const paced = pacer();
  expect(paced.pauseMs(3, 3, 1, 500 * MIB, 0)).toBe(100);
  expect(paced.pauseMs(3, 3, 1, 500 * MIB, 40)).toBe(60);
  expect(paced.pauseMs(0, 0, 1, 501 * MIB, 40)).toBe(0);
  expect(paced.pauseMs(EVEN, EVEN, 1, 501 * MIB, 40)).toBe(0);
});

it("a clock that was set does not stop writers, nor let them run", () => {
  const paced = pacer();
  paced.jobDone(3_600_000, 32 * MIB);
  paced.jobDone(-3_600_000, 32 * MIB);
  for (let i = 0; i < 20; i++) {
    paced.jobDone(32 * MS_A_MIB, 32 * MIB);
  }
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, MIB, 0))).toBeGreaterThan(15);
  expect(Math.round(paced.pauseMs(EVEN, EVEN, 1, 2 * MIB, -3_600_000))).toBeLessThan(100);
});

it("compactions make a byte of log more expensive, and older jobs are forgotten", () => {
  const paced = pacer();
  paced.jobDone(32 * MS_A_MIB, 0);
  expect(paced.pauseMs(EVEN, EVEN, 1, 4 * MIB, 0)).toBeGreaterThan(1.15 * 80);
  for (let i = 0; i < 40; i++) {
    paced.jobDone(32, 32 * MIB);
  }
  const later = paced.pauseMs(EVEN, EVEN, 1, 4 * MIB, 1000);
  expect(later).toBe(0);
  expect(paced.pauseMs(EVEN, EVEN, 1, 24 * MIB, 1000)).toBeLessThan(20);
});
