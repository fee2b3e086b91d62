import { expect, it } from "vitest";
import { Pacer } from "../../src/mvcc/pacer.ts";

const MS_A_MIB = 20;
const MIB = 1024 * 1024;

/** Checkpoints are known to take MS_A_MIB for a MiB of log. */
function pacer(): Pacer {
  const known = new Pacer();
  for (let i = 0; i < 20; i++) {
    known.jobDone(32 * MS_A_MIB, 32 * MIB);
  }
  return known;
}

it("a writer does not pause while a job has not enough to do, and pauses the longer the more there are", () => {
  const pauses = [0.3, 2, 2.5, 3, 3.5, 4, 5].map((waiting) => Math.round(pacer().pauseMs(waiting, 1, 4 * MIB)));
  expect(pauses).toEqual([0, 0, 24, 48, 72, 96, 96]);
});

it("pauses are for what was written since the last one; a new segment begins at its start", () => {
  const paced = pacer();
  expect(Math.round(paced.pauseMs(4, 1, 2 * MIB))).toBe(48);
  paced.paused(48);
  expect(Math.round(paced.pauseMs(4, 1, 3 * MIB))).toBe(24);
  paced.paused(24);
  expect(Math.round(paced.pauseMs(4, 2, 1 * MIB))).toBe(24);
});

it("short pauses are saved up, and what a pause took too long is given back", () => {
  const paced = pacer();
  expect(paced.pauseMs(4, 1, MIB / 32)).toBe(0);
  expect(Math.round(paced.pauseMs(4, 1, MIB / 16) * 10)).toBe(15);
  paced.paused(10);
  expect(paced.pauseMs(4, 1, MIB / 4)).toBe(0);
  expect(Math.round(paced.pauseMs(4, 1, MIB / 2))).toBe(2);
});

it("compactions make a byte of log more expensive, and older jobs are forgotten", () => {
  const paced = pacer();
  paced.jobDone(32 * MS_A_MIB, 0);
  expect(paced.pauseMs(4, 1, 4 * MIB)).toBeGreaterThan(1.4 * 96);
  for (let i = 0; i < 20; i++) {
    paced.jobDone(32, 32 * MIB);
  }
  paced.paused(1000);
  expect(paced.pauseMs(4, 1, 40 * MIB)).toBeLessThan(40);
});
