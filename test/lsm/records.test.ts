/** What is written down of parts and manifests: it comes back as it was, and damage is CORRUPT or another value. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DbError } from "../../src/errors.ts";
import {
  LEVELS,
  Manifest,
  type ManifestEntry,
  type PlacedPart,
  partFor,
  partIndexFor,
  type ValueArea,
} from "../../src/lsm/manifest.ts";
import { decodeItems, encodeItems } from "../../src/lsm/operands.ts";
import { decodePart, encodePart, type Part } from "../../src/lsm/part.ts";
import { checkProperty } from "../support/property.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const key = fc.uint8Array({ maxLength: 40 });
const end = fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined });

const part: fc.Arbitrary<Part> = fc.record({
  id: u32,
  root: fc.record({ page: u32, height: u32, count: size }),
  filter: fc.record({ page: u32, pageCount: u32, blocks: u32, probes: fc.nat(255) }),
  lower: key,
  upper: end,
  bytes: size,
  deletes: size,
  hiddenBytes: size,
  birth: u32,
  isCut: fc.boolean(),
  rangeDeletes: fc.array(fc.record({ lower: key, upper: end }), { maxLength: 5 }),
  areas: fc.array(fc.record({ page: u32, bytes: u32 }), { maxLength: 5 }),
});

/** Parts that do not overlap, dealt out to runs on any level. */
const placed: fc.Arbitrary<PlacedPart[]> = fc
  .array(fc.tuple(part, fc.nat(LEVELS - 1), fc.nat(3)), { maxLength: 12 })
  .map((list) =>
    list.map(([each, level, run], i) => ({
      level,
      run: 10 * level + run,
      part: { ...each, id: i + 1, lower: Uint8Array.of(2 * i), upper: Uint8Array.of(2 * i + 2) },
    })),
  );

const areas: fc.Arbitrary<ValueArea[]> = fc.uniqueArray(
  fc.record({ page: u32, lengthBytes: u32, liveBytes: size, birth: u32 }),
  { selector: ({ page }) => page, maxLength: 5 },
);

const sweeps = fc.array(fc.option(fc.record({ newestRun: u32, into: fc.nat(6), from: key }), { nil: undefined }), {
  minLength: LEVELS,
  maxLength: LEVELS,
});

const manifest: fc.Arbitrary<Manifest> = fc
  .record({
    added: placed,
    areas: areas.map((list) => new Map(list.map((area) => [area.page, area]))),
    sweeps,
    nextRun: u32,
    nextPart: u32,
    counts: fc.record({
      userBytes: size,
      flushedBytes: size,
      compactedBytes: size,
    }),
  })
  .map((change) => Manifest.empty.with(change));

/** What the action gives, unless it throws CORRUPT; anything else that is thrown is thrown on. */
function unlessCorrupt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    expect(error instanceof DbError && error.code).toBe("CORRUPT");
    return undefined;
  }
}

/** The bytes with one of them changed, cut off, or with more behind them. */
function damaged(bytes: Uint8Array, at: number, change: number): Uint8Array[] {
  const index = at % Math.max(1, bytes.length);
  const changed = bytes.slice();
  changed[index]! ^= change;
  return [changed, bytes.slice(0, index), Buffer.concat([bytes, new Uint8Array(1 + (at % 9))])];
}

function describeManifest({ runs, areas: all, sweeps: swept, nextRun, nextPart, counts }: Manifest) {
  return { runs, areas: [...all].sort(([a], [b]) => a - b), swept, nextRun, nextPart, counts };
}

describe("a part's record", () => {
  it("comes back as it was", () => {
    checkProperty(
      fc.property(part, (each) => {
        expect(decodePart(each.id, encodePart(each))).toEqual(each);
      }),
    );
  });

  it("damaged anywhere, is CORRUPT or another part", () => {
    checkProperty(
      fc.property(part, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, at, change) => {
        const [changed, ...lengths] = damaged(encodePart(each), at, change);
        unlessCorrupt(() => decodePart(1, changed!));
        for (const bytes of lengths) {
          expect(unlessCorrupt(() => decodePart(1, bytes))).toBeUndefined();
        }
      }),
      { runs: 500 },
    );
  });

  it("may be in the middle of other bytes", () => {
    checkProperty(
      fc.property(part, (each) => {
        const bytes = encodePart(each);
        const around = new Uint8Array(bytes.length + 7).fill(0xa5);
        around.set(bytes, 3);
        const decoded = decodePart(each.id, around.subarray(3, 3 + bytes.length));
        around.fill(0);
        expect(decoded).toEqual(each);
      }),
    );
  });
});

describe("a manifest's entries", () => {
  it("make the same manifest, all at once and in another thread", () => {
    checkProperty(
      fc.property(manifest, (each) => {
        expect(describeManifest(Manifest.empty.apply(each.entries()))).toEqual(describeManifest(each));
        expect(describeManifest(Manifest.fromTransfer(each.toTransfer()))).toEqual(describeManifest(each));
        expect(each.apply(each.removals()).isEmpty).toBe(true);
      }),
    );
  });

  it("make one manifest of another", () => {
    checkProperty(
      fc.property(manifest, manifest, (before, after) => {
        expect(describeManifest(before.apply(after.changesSince(before)))).toEqual(describeManifest(after));
        expect(after.changesSince(after)).toEqual([]);
      }),
    );
  });

  it("damaged anywhere, are CORRUPT or another manifest", () => {
    checkProperty(
      fc.property(manifest, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (each, which, at, change) => {
        const entries = each.entries();
        if (entries.length === 0) {
          return;
        }
        const index = which % entries.length;
        const apply = (entry: ManifestEntry) => unlessCorrupt(() => Manifest.empty.apply(entries.with(index, entry)));
        const { key: name, value } = entries[index]!;
        for (const bytes of damaged(value!, at, change)) {
          apply({ key: name, value: bytes });
        }
        for (const bytes of damaged(name, at, change)) {
          apply({ key: bytes, value });
        }
      }),
      { runs: 500 },
    );
  });

  it("of parts that overlap are CORRUPT", () => {
    const base = decodePart(1, encodePart({ ...emptyPart, lower: Uint8Array.of(1), upper: Uint8Array.of(5) }));
    const add = (lower: number, upper: number | undefined) =>
      Manifest.empty.with({
        added: [
          { level: 6, run: 1, part: base },
          {
            level: 6,
            run: 1,
            part: {
              ...base,
              id: 2,
              lower: Uint8Array.of(lower),
              upper: upper === undefined ? undefined : Uint8Array.of(upper),
            },
          },
        ],
      });
    expect(unlessCorrupt(() => add(4, 7))).toBeUndefined();
    expect(unlessCorrupt(() => add(0, undefined))).toBeUndefined();
    expect(add(5, undefined).runs[0]!.parts.map(({ id }) => id)).toEqual([1, 2]);
    expect(add(0, 1).runs[0]!.parts.map(({ id }) => id)).toEqual([2, 1]);
  });

  it("keep runs in reading order", () => {
    checkProperty(
      fc.property(manifest, ({ runs }) => {
        for (const [i, run] of runs.entries()) {
          const next = runs[i + 1];
          expect(run.parts.length).toBeGreaterThan(0);
          if (next !== undefined) {
            expect(run.level < next.level || (run.level === next.level && run.number > next.number)).toBe(true);
          }
        }
      }),
    );
  });
});

const emptyPart: Part = {
  id: 1,
  root: { page: 0, height: 0, count: 0 },
  filter: { page: 0, pageCount: 0, blocks: 0, probes: 0 },
  lower: new Uint8Array(0),
  upper: undefined,
  bytes: 0,
  deletes: 0,
  hiddenBytes: 0,
  birth: 1,
  isCut: false,
  rangeDeletes: [],
  areas: [],
};

it("the part that a key belongs to is the last one that begins at or before it", () => {
  checkProperty(
    fc.property(
      fc.uniqueArray(fc.uint8Array({ maxLength: 6, max: 3 }), {
        minLength: 1,
        maxLength: 20,
        comparator: (a, b) => Buffer.compare(a, b) === 0,
      }),
      fc.uint8Array({ maxLength: 6, max: 3 }),
      (bounds, wanted) => {
        const sorted = bounds.sort((a, b) => Buffer.compare(a, b));
        const added = sorted.map((lower, i) => ({
          level: 0,
          run: 1,
          part: { ...emptyPart, id: i + 1, lower, upper: sorted[i + 1] },
        }));
        const run = Manifest.empty.with({ added }).runs[0]!;
        const expected = sorted.findLastIndex((lower) => Buffer.compare(lower, wanted) <= 0);
        const around = Buffer.concat([Buffer.from("xy"), wanted, Buffer.from("z")]);
        expect(partIndexFor(run, around, 2, wanted.length)).toBe(expected);
        expect(partFor(run, around, 2, wanted.length)).toBe(run.parts[expected]);
      },
    ),
    { runs: 300 },
  );
});

describe("merge operands as bytes", () => {
  const items = fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 8 });

  it("come back as they were", () => {
    checkProperty(
      fc.property(items, fc.boolean(), (each, isBased) => {
        const bytes = encodeItems(each, isBased);
        expect(decodeItems(bytes).map((item) => [...item])).toEqual(each.map((item) => [...item]));
        expect(bytes[0]! & 1).toBe(isBased ? 1 : 0);
      }),
    );
  });

  it("damaged anywhere, are CORRUPT or others", () => {
    checkProperty(
      fc.property(items, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, at, change) => {
        for (const bytes of damaged(encodeItems(each, false), at, change)) {
          unlessCorrupt(() => decodeItems(bytes));
        }
      }),
      { runs: 500 },
    );
    expect(unlessCorrupt(() => decodeItems(new Uint8Array(0)))).toBeUndefined();
    expect(unlessCorrupt(() => decodeItems(Uint8Array.of(0)))).toBeUndefined();
  });
});
