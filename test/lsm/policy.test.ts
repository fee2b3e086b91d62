import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseCompaction,
  compactionDebt,
  isOverfull,
  partBytesFor,
  policyFor,
  rewriteOf,
} from "../../src/lsm/policy.ts";
import { seededRng } from "../../src/random.ts";
import { checkProperty, testSeed } from "../support/property.ts";
import { checkoutRoot } from "../support/source-tree.ts";
import { replay } from "./policy-script.ts";
import { bytes, runsOn, ShapeModel } from "./shape-model.ts";

const directory = join(checkoutRoot(), "test/scripts/lsm");

describe("what is compacted next", () => {
  it.each(readdirSync(directory))("%s", (name) => {
    const path = join(directory, name);
    const script = readFileSync(path, "utf8");
    const replayed = replay(script);
    if (process.env.UPDATE === "1") {
      writeFileSync(path, replayed);
    }
    expect(replayed).toBe(script);
  });
});

const MOST_STEPS = 2000;

const key = fc.integer({ min: 0, max: 400 }).map((n) => String(n).padStart(4, "0"));
const range = fc.tuple(key, key).map(([a, b]) => ({
  lower: bytes(a < b ? a : b),
  upper: a === b ? undefined : bytes(a < b ? b : a),
}));
const flush = fc.record({
  keys: fc.oneof(
    fc.array(key, { maxLength: 30 }),
    fc
      .tuple(fc.integer({ min: 0, max: 350 }), fc.integer({ min: 1, max: 50 }))
      .map(([from, count]) => Array.from({ length: count }, (_, i) => String(from + i).padStart(4, "0"))),
  ),
  rangeDeletes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: range.map((one) => [one]) },
  ),
  deleteShare: fc.constantFrom(0, 2, 10),
  /** Compactions between this flush and the next, and a part that is moved elsewhere meanwhile. */
  steps: fc.nat(4),
  moved: fc.option(fc.nat(100), { nil: undefined }),
  isIdle: fc.boolean(),
});

function onePerLevel<T extends readonly [unknown, number]>(runs: readonly T[]): T[] {
  return [...new Map(runs.map((run) => [run[1], run])).values()];
}

describe.each(["levelled", "tiered"] as const)("%s compactions", (style) => {
  it("end, lose no version and bring none out of order, whatever is flushed meanwhile", () => {
    checkProperty(
      fc.property(
        fc.array(flush, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(3, 30, 200),
        fc.constantFrom(1, 20, 100),
        // What was there before, the oldest first.
        fc.array(fc.tuple(fc.array(key, { minLength: 1, maxLength: 200 }), fc.constantFrom(6, 5, 4)), { maxLength: 9 }),
        (flushes, baseBytes, unitBytes, before) => {
          const model = new ShapeModel(1, 7);
          const levels = style === "levelled" ? onePerLevel(before) : before;
          for (const [keys, level] of [...levels].sort(([, a], [, b]) => b - a)) {
            model.addRun(level, keys);
          }
          const settings = { style, baseBytes, unitBytes, isIdle: false };
          const step = (isIdle: boolean): boolean => {
            const compaction = chooseCompaction(model.manifest, { ...settings, isIdle });
            expect(compactionDebt(model.manifest, { ...settings, isIdle }) > 0).toBe(compaction !== undefined);
            if (compaction === undefined) {
              return false;
            }
            model.apply(compaction);
            model.check(style === "levelled");
            return true;
          };
          for (const { keys, rangeDeletes, deleteShare, steps, moved, isIdle } of flushes) {
            model.addRun(0, keys, rangeDeletes, (each) => deleteShare > 0 && Number(each) % deleteShare === 0);
            model.check(style === "levelled");
            for (let i = 0; i < steps && step(isIdle); i++) {}
            const parts = [...model.manifest.parts()];
            if (moved !== undefined && parts.length > 0) {
              const { run: number, part } = parts[moved % parts.length]!;
              const run = model.manifest.runs.find((each) => each.number === number)!;
              model.apply(rewriteOf(model.manifest, run, part, new Set()));
              model.check(style === "levelled");
            }
          }
          for (const isIdle of [false, true]) {
            let count = 0;
            while (step(isIdle)) {
              count++;
              expect(count).toBeLessThan(MOST_STEPS);
            }
          }
          if (style === "levelled") {
            expect(runsOn(model.manifest, 0).length).toBeLessThan(8);
          } else {
            expect(
              Math.max(0, ...model.manifest.runs.map(({ level }) => runsOn(model.manifest, level).length)),
            ).toBeLessThan(4);
          }
        },
      ),
      { runs: 300 },
    );
  });
});

it("parts and units are measured by log segments; twenty flushes are too many", () => {
  expect(policyFor("tiered", 1000, true)).toEqual({ style: "tiered", baseBytes: 8000, unitBytes: 1000, isIdle: true });
  expect([partBytesFor(1000, 0), partBytesFor(1000, 1), partBytesFor(1000, 6)]).toEqual([62.5, 500, 500]);
  const model = new ShapeModel();
  for (let i = 0; i < 19; i++) {
    model.addRun(0, ["0001"]);
  }
  expect(isOverfull(model.manifest)).toBe(false);
  model.addRun(0, ["0001"]);
  expect(isOverfull(model.manifest)).toBe(true);
});

it("new entries are merged a few times, and lie in a few runs", () => {
  const flushes = 200;
  const entries = 60;
  const model = new ShapeModel(1, 16);
  const rng = seededRng(testSeed());
  const settings = { style: "levelled", baseBytes: 4 * entries, unitBytes: 2 * entries, isIdle: false } as const;
  for (let flush = 0; flush < flushes; flush++) {
    const keys = Array.from({ length: entries }, () => `${rng.next()} ${rng.next()}`);
    model.addRun(0, keys);
    let next = chooseCompaction(model.manifest, settings);
    while (next !== undefined) {
      model.apply(next);
      next = chooseCompaction(model.manifest, settings);
    }
    expect(model.manifest.runs.length).toBeLessThan(8 + 6);
  }
  expect(model.compactedBytes).toBeLessThan(3.5 * flushes * entries);
});
