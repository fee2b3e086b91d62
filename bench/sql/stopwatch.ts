/** Rates of work that is done again and again. */
import { performance } from "node:perf_hooks";
import { median } from "../kv/median.ts";

/** How often `work(i)` is done in a second: once untimed, then timed. */
export function rateOf(times: number, work: (i: number) => void): number {
  for (let i = 0; i < times; i++) {
    work(i);
  }
  return onceRate(times, work);
}

/** The same for what can be done once only. */
export function onceRate(times: number, work: (i: number) => void): number {
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) {
    work(i);
  }
  return (times / (performance.now() - startedAt)) * 1000;
}

/** Before it counts, and then again, for at least so long. */
const LEAST_MS = 300;

/**
 * How often a second something can be done that takes long: the median of `passes` times at least, after it was done for a while.
 * A database is used for longer than a second, and what runs only a few times is compiled as it runs; `firstRate` says what that
 * costs.
 */
export async function medianRate(passes: number, work: () => unknown): Promise<number> {
  await repeat(1, work);
  return 1000 / median(await repeat(passes, work));
}

/** The same of the first three times. */
export async function firstRate(work: () => unknown): Promise<number> {
  return 1000 / median([await timeOf(work), await timeOf(work), await timeOf(work)]);
}

async function repeat(least: number, work: () => unknown): Promise<number[]> {
  const durations: number[] = [];
  const startedAt = performance.now();
  while (durations.length < least || performance.now() - startedAt < LEAST_MS) {
    durations.push(await timeOf(work));
  }
  return durations;
}

async function timeOf(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
