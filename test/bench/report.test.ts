import { describe, expect, it } from "vitest";
import { drawSeries, textOfSeries } from "../../bench/kv/course-report.ts";
import type { EngineName } from "../../bench/kv/engine.ts";
import type { Findings } from "../../bench/kv/findings.ts";
import type { Figures, MetricId } from "../../bench/kv/metrics.ts";
import { type Row, summarize, tableOf } from "../../bench/kv/report.ts";

function found(rounds: Partial<Record<EngineName, readonly Figures[]>>): Map<EngineName, Findings[]> {
  return new Map(
    Object.entries(rounds).map(([engine, figures]) => [
      engine as EngineName,
      figures.map((each) => ({ figures: each, courses: {} })),
    ]),
  );
}

function rowOf(id: MetricId, figures: Partial<Record<EngineName, number>>): Row {
  const rounds = Object.entries(figures).map(([engine, figure]) => [engine, [{ [id]: figure }]]);
  return summarize(found(Object.fromEntries(rounds)), [id])[0]!;
}

describe("a row of the table", () => {
  it("has the medians of the rounds", () => {
    const [row] = summarize(found({ nacre: [{ fill: 1 }, { fill: 9 }, { fill: 2 }], lmdb: [{ fill: 3 }, {}] }), [
      "fill",
    ]);
    expect([...row!.medians]).toEqual([
      ["nacre", 2],
      ["lmdb", 3],
    ]);
  });

  it("compares with the best peer, which is never an engine of nacre's own", () => {
    const row = rowOf("get-hit", { nacre: 400, "nacre-lsm": 900, lmdb: 100, "node-lmdb": 150 });
    expect([...row.ratios]).toEqual([["node-lmdb", 400 / 150]]);
    expect(row.isMet).toBe(true);
  });

  it("compares with each peer that the goal names, and is met where all of them are beaten", () => {
    const peers = { "classic-level": 100, lmdb: 40, "node-lmdb": 500 } as const;
    const met = rowOf("sustained-fill", { nacre: 50, "nacre-lsm": 250, ...peers });
    expect([...met.ratios]).toEqual([
      ["classic-level", 2.5],
      ["lmdb", 6.25],
    ]);
    expect(met.isMet).toBe(true);
    expect(rowOf("sustained-fill", { "nacre-lsm": 190, ...peers }).isMet).toBe(false);
    expect(rowOf("json-size", { "nacre-lsm": 81, "classic-level": 100 }).isMet).toBe(false);
    expect(rowOf("json-size", { "nacre-lsm": 80, "classic-level": 100 }).isMet).toBe(true);
  });

  it("compares the other engine of nacre where its own is not in the run, but judges it by no goal", () => {
    const row = rowOf("sustained-fill", { nacre: 250, "classic-level": 100 });
    expect(row).toMatchObject({ own: "nacre", isMet: undefined });
    expect([...row.ratios.values()]).toEqual([2.5]);
    expect(rowOf("open", { "nacre-lsm": 5 }).isMet).toBeUndefined();
  });

  it("judges bounds, the bound itself included where the goal says so", () => {
    expect(rowOf("open", { nacre: 20 }).isMet).toBe(false);
    expect(rowOf("overwrite-space", { "nacre-lsm": 1.3 }).isMet).toBe(true);
    expect(rowOf("overwrite-space", { "nacre-lsm": 1.31 }).isMet).toBe(false);
    expect(rowOf("sustained-slowest", { "nacre-lsm": 0.4 }).isMet).toBe(true);
    expect(rowOf("sustained-slowest", { "nacre-lsm": 0.39 }).isMet).toBe(false);
  });

  it("says its goal, its ratios and what is not known", () => {
    const row = rowOf("sustained-fill", { "nacre-lsm": 250_000, "classic-level": 100_000 });
    const text = tableOf([row], ["nacre-lsm", "lmdb", "classic-level"], { isTTY: false } as NodeJS.WriteStream);
    const line = text.split("\n").at(-1)!.split(/ {2,}/);
    expect(line).toEqual(["sustained fill, until idle", "250 k/s", "–", "100 k/s", "2.50x", "≥ 2x level, ≥ 4x lmdb ✓"]);
  });
});

describe("a course over time", () => {
  const courseOf = (values: readonly number[]) => ({ "sustained-rate": { values, intervalMs: 100 } });

  it("is drawn from the round that is nearest to the median, each on its own scale", () => {
    const results = new Map<EngineName, Findings[]>([
      [
        "nacre-lsm",
        [
          { figures: { "sustained-fill": 90 }, courses: courseOf([1, 1]) },
          { figures: { "sustained-fill": 10 }, courses: courseOf([2, 2]) },
          { figures: { "sustained-fill": 50 }, courses: courseOf([200_000, 800_000, 400_000]) },
        ],
      ],
      ["lmdb", [{ figures: { "sustained-fill": 5 }, courses: courseOf([30, 15]) }]],
      ["classic-level", [{ figures: { "sustained-fill": 5 }, courses: {} }]],
    ]);
    const [drawn, ...others] = drawSeries(results);
    expect(others).toEqual([]);
    expect(textOfSeries([drawn!]).split("\n").slice(1)).toEqual([
      "nacre-lsm  ▂█▄  800 k/s at the most, 0.3 s",
      "lmdb       █▄   30.0 /s at the most, 0.2 s",
    ]);
  });
});
