import { describe, expect, it } from "vitest";
import { RateWindows } from "../../bench/kv/rate-windows.ts";

function ratesOf(...reports: readonly (readonly [elapsedMs: number, count: number])[]): number[] {
  const windows = new RateWindows();
  for (const [elapsedMs, count] of reports) {
    windows.add(elapsedMs, count);
  }
  return windows.rates().map((rate) => Math.round(rate * 1000) / 1000);
}

describe("rates by windows", () => {
  it("are per second, of windows that are over", () => {
    expect(ratesOf([50, 10], [100, 10], [150, 40])).toEqual([200]);
    expect(ratesOf([50, 10], [100, 10], [150, 40], [200, 0])).toEqual([200, 400]);
    expect(ratesOf([99, 10])).toEqual([]);
  });

  it("spread what was done over the time since the last report", () => {
    expect(ratesOf([400, 1000])).toEqual([2500, 2500, 2500, 2500]);
    expect(ratesOf([50, 50], [250, 100], [300, 0])).toEqual([750, 500, 250]);
  });

  it("show a commit that stood still", () => {
    const steady = Array.from({ length: 20 }, (_, i) => [(i + 1) * 10, 100] as const);
    expect(ratesOf(...steady, [500, 100], [600, 900], [650, 0])).toEqual([
      10_000, 10_000, 333.333, 333.333, 333.333, 9000,
    ]);
  });

  it("lose nothing where the clock did not move on", () => {
    expect(ratesOf([10, 5], [10, 5], [100, 0])).toEqual([100]);
  });
});
