/** Flushes, compactions and moves against a model: nothing is lost, areas are accounted for, and pages come back. */
import { describe, expect, it } from "vitest";
import { rewriteOf } from "../../src/lsm/policy.ts";
import { type Rng, seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";
import { keyOf, NOW, RunModel, type RunOperation } from "./run-model.ts";

function below(rng: Rng, limit: number): number {
  return rng.next() % limit;
}

function filled(rng: Rng, length: number): Uint8Array {
  return new Uint8Array(length).fill(rng.next());
}

/** One round of operations on some of a thousand keys. */
function operationsFor(rng: Rng, merges: boolean, expires: boolean): RunOperation[] {
  const isStretch = below(rng, 3) === 0;
  const from = below(rng, 900);
  const usual = [0, 30, 300, 1500][below(rng, 4)]!;
  return Array.from({ length: 1 + below(rng, 150) }, (_, i): RunOperation => {
    const key = keyOf(isStretch ? Math.min(999, from + i) : below(rng, 1000));
    const draw = below(rng, 10);
    if (draw === 0) {
      return { key, kind: "delete", value: new Uint8Array(0) };
    }
    const value = filled(rng, below(rng, 40) === 0 ? 20_000 : below(rng, usual + 1));
    if (merges && draw < 5) {
      return { key, kind: "merge", value: value.subarray(0, 600) };
    }
    const expiry = expires && draw < 5 ? NOW - 500 + below(rng, 1000) : 0;
    return { key, kind: "put", value, expiry };
  });
}

function rangesFor(rng: Rng): { lower: Uint8Array; upper: Uint8Array | undefined }[] {
  return Array.from({ length: Math.max(0, below(rng, 6) - 3) }, () => {
    const lower = below(rng, 1000);
    const upper = below(rng, 10) === 0 ? undefined : Buffer.from(keyOf(lower + 1 + below(rng, 200)));
    return { lower: Buffer.from(keyOf(lower)), upper };
  });
}

const KINDS = [
  { name: "levelled", settings: { compaction: "levelled" } },
  { name: "tiered", settings: { compaction: "tiered" } },
  { name: "with small values apart", settings: { compaction: "levelled", largeValueBytes: 128 } },
  { name: "without filters", settings: { compaction: "tiered", filterBitsPerKey: 0, compression: "none" } },
] as const;

describe.each(KINDS)("runs, $name", ({ settings }) => {
  it.each([
    { what: "puts and deletes", merges: false, expires: false, isKnown: true },
    { what: "entries with deadlines", merges: false, expires: true, isKnown: true },
    { what: "merges", merges: true, expires: false, isKnown: true },
    { what: "merges whose operator is not known", merges: true, expires: false, isKnown: false },
  ])("$what read as they should, whatever is compacted and moved", ({ merges, expires, isKnown }) => {
    const seed = testSeed();
    for (let round = 0; round < 6; round++) {
      const rng = seededRng(seed + round);
      const segmentBytes = [1 << 14, 1 << 16, 1 << 20][below(rng, 3)]!;
      const model = new RunModel({ settings, segmentBytes, isKnown });
      try {
        for (let flush = 0; flush < 30; flush++) {
          const rangeDeletes = rangesFor(rng);
          model.flush(operationsFor(rng, merges, expires), rangeDeletes);
          for (let steps = below(rng, 4); steps > 0 && model.compact(below(rng, 2) === 0); steps--) {}
          if (below(rng, 5) === 0) {
            model.relocate(below(rng, model.free.pageCount + 1), 1 + below(rng, 200), below(rng, 2) === 0);
          }
          if (flush % 5 === 0) {
            model.check();
            model.compare();
          }
        }
        for (let steps = 0; model.compact(true); steps++) {
          expect(steps).toBeLessThan(5000);
        }
        model.check();
        model.compare();
        model.drop();
        expect(model.free.freeCount).toBe(model.free.pageCount - 2);
      } catch (error) {
        throw new Error(`NACRE_SEED=${seed + round} repeats this case`, { cause: error });
      }
    }
  });
});

describe("compactions", () => {
  const large = (byte: number): Uint8Array => new Uint8Array(5000).fill(byte);
  const medium = (byte: number): Uint8Array => new Uint8Array(500).fill(byte);

  it("of the deepest level keep no tombstone and no range delete, and nothing for what was deleted", () => {
    const model = new RunModel();
    model.flush(Array.from({ length: 200 }, (_, n) => ({ key: keyOf(n), kind: "put", value: large(n) })));
    model.flush(
      Array.from({ length: 50 }, (_, n) => ({ key: keyOf(n), kind: "delete", value: large(n) })),
      [{ lower: Buffer.from(keyOf(100)), upper: undefined }],
    );
    while (model.compact(true)) {}
    expect(model.manifest.runs.length).toBe(1);
    expect(model.manifest.hasRangeDeletes).toBe(false);
    const parts = [...model.manifest.parts()].map(({ part }) => part);
    expect(parts.reduce((sum, { root }) => sum + root.count, 0)).toBe(50);
    expect(parts.reduce((sum, { deletes }) => sum + deletes, 0)).toBe(0);
    model.check();
    model.compare();
    const live = [...model.manifest.areas.values()].reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    expect(live).toBe(50 * 5004);
  });

  it("empty areas of which little is live when they come across them", () => {
    const model = new RunModel();
    model.flush(Array.from({ length: 100 }, (_, n) => ({ key: keyOf(n), kind: "put", value: large(n) })));
    model.flush(Array.from({ length: 90 }, (_, n) => ({ key: keyOf(n), kind: "put", value: Uint8Array.of(n) })));
    while (model.compact(true)) {}
    for (let n = 0; n < 6; n++) {
      model.flush([{ key: keyOf(0), kind: "put", value: Uint8Array.of(n) }]);
    }
    while (model.compact(true)) {}
    model.check();
    model.compare();
    const areas = [...model.manifest.areas.values()];
    expect(areas.every(({ birth }) => birth > 1)).toBe(true);
    expect(areas.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0)).toBe(10 * 5004);
  });

  it("leave pushed parts' neighbours alone where parts below reach over them", () => {
    const model = new RunModel({ segmentBytes: 1 << 14 });
    // A run of level 5 over one of level 6, with parts that do not end at the same keys.
    model.flush(Array.from({ length: 300 }, (_, n) => ({ key: keyOf(3 * n), kind: "put", value: medium(n) })));
    model.apply({ ...wholeRun(model), level: 6, isBottom: true });
    model.flush(
      Array.from({ length: 700 }, (_, n) => ({
        key: keyOf(n),
        kind: "put",
        value: n % 7 === 0 ? large(n) : medium(n),
      })),
    );
    model.apply({ ...wholeRun(model), level: 5, isBottom: false });
    const upper = model.manifest.runs[0]!;
    const lower = model.manifest.runs[1]!;
    expect(upper.parts.length).toBeGreaterThan(2);
    const parts = upper.parts.slice(1, 2);
    const under = lower.parts;
    model.apply({
      inputs: [
        { run: upper, parts },
        { run: lower, parts: under },
      ],
      lower: under[0]!.lower,
      upper: under.at(-1)!.upper,
      level: 6,
      run: lower.number,
      isBottom: true,
      sweeps: model.manifest.sweeps,
    });
    model.check();
    model.compare();
  });

  it("rewrite a part where it is, and move nothing where nothing is asked for", () => {
    const model = new RunModel();
    model.flush(Array.from({ length: 100 }, (_, n) => ({ key: keyOf(n), kind: "put", value: large(n) })));
    const { manifest } = model;
    const run = manifest.runs[0]!;
    model.apply(rewriteOf(manifest, run, run.parts[0]!, new Set()));
    expect([...model.manifest.areas]).toEqual([...manifest.areas]);
    expect(model.manifest.runs[0]!.number).toBe(run.number);
    model.check();
    model.compare();
    expect(model.relocate(model.free.pageCount, 1000, true)).toBe(0);
    expect(model.relocate(0, 1000, true)).toBeGreaterThan(0);
    model.check();
    model.compare();
  });
});

/** The newest run, all of it. */
function wholeRun({ manifest }: RunModel) {
  const run = manifest.runs[0]!;
  return {
    inputs: [{ run, parts: run.parts }],
    lower: undefined,
    upper: undefined,
    run: undefined,
    sweeps: manifest.sweeps,
  };
}
