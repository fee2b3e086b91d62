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

/** How often a second something can be done that takes long: the median of some times, the first of which counts for nothing. */
export function medianRate(passes: number, work: () => void): number {
  const durations: number[] = [];
  for (let pass = 0; pass <= passes; pass++) {
    const startedAt = performance.now();
    work();
    durations.push(performance.now() - startedAt);
  }
  return 1000 / median(durations.slice(1));
}
