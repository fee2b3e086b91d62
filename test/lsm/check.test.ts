/** The checker of runs finds what does not hold, and says where. */
import { describe, expect, it } from "vitest";
import { DbError } from "../../src/errors.ts";
import { checkRunsSteps } from "../../src/lsm/check.ts";
import { Manifest, type ValueArea } from "../../src/lsm/manifest.ts";
import type { Part } from "../../src/lsm/part.ts";
import { PAGE_SIZE } from "../../src/pager/index.ts";
import { keyOf, NOW, RunModel } from "./run-model.ts";

const LARGE = 5000;

/** A run of keys of which every third is a delete, above one of large values. */
function filled(): RunModel {
  const model = new RunModel();
  model.flush(Array.from({ length: 100 }, (_, n) => ({ key: keyOf(n), kind: "put", value: new Uint8Array(LARGE) })));
  model.flush(
    Array.from({ length: 99 }, (_, n) => ({
      key: keyOf(n),
      kind: n % 3 === 0 ? "delete" : "put",
      value: Uint8Array.of(n),
      expiry: n === 1 ? NOW + 5 : 0,
    })),
    [{ lower: Buffer.from(keyOf(200)), upper: Buffer.from(keyOf(300)) }],
  );
  return model;
}

function check(model: RunModel, manifest: Manifest): string {
  try {
    for (const _ of checkRunsSteps(model.pages, manifest, { onPage() {}, onDeadline() {} })) {
      // It goes on by itself.
    }
  } catch (error) {
    expect(error instanceof DbError && error.code).toBe("CORRUPT");
    return (error as DbError).message;
  }
  return "all holds";
}

/** The manifest with the first part of a run changed. */
function withPart({ manifest }: RunModel, runIndex: number, change: (part: Part) => Partial<Part>): Manifest {
  const { level, number, parts } = manifest.runs[runIndex]!;
  const part = parts[0]!;
  return manifest.with({
    removed: new Set([part.id]),
    added: [{ level, run: number, part: { ...part, ...change(part) } }],
  });
}

function withArea({ manifest }: RunModel, change: (area: ValueArea) => Partial<ValueArea> | undefined): Manifest {
  const area = [...manifest.areas.values()].at(-1)!;
  const changed = change(area);
  return manifest.with({
    areas: new Map([[area.page, changed === undefined ? undefined : { ...area, ...changed }]]),
  });
}

describe("the checker of runs", () => {
  it("passes what is whole, and tells of every page and deadline", () => {
    const model = filled();
    expect(check(model, model.manifest)).toBe("all holds");
    model.check();
    const deadlines: [string, number][] = [];
    const steps = checkRunsSteps(model.pages, model.manifest, {
      onPage() {},
      onDeadline: (key, length, expiry) => deadlines.push([Buffer.from(key.subarray(0, length)).toString(), expiry]),
    });
    while (!steps.next().done) {}
    expect(deadlines).toEqual([[keyOf(1), NOW + 5]]);
    expect(check(model, Manifest.empty)).toBe("all holds");
  });

  it("finds keys out of bounds", () => {
    const model = filled();
    expect(
      check(
        model,
        withPart(model, 0, () => ({ lower: Buffer.from(keyOf(1)) })),
      ),
    ).toContain("below its bounds (L2)");
    expect(
      check(
        model,
        withPart(model, 0, () => ({ lower: Buffer.from(keyOf(1)), isCut: true })),
      ),
    ).toBe("all holds");
    const above = withPart(model, 1, () => ({ upper: Buffer.from(keyOf(99)) }));
    expect(check(model, above)).toContain("above its bounds (L2)");
  });

  it("finds wrong counts of entries and deletes", () => {
    const model = filled();
    expect(
      check(
        model,
        withPart(model, 0, ({ deletes }) => ({ deletes: deletes + 1 })),
      ),
    ).toContain("33 of them deletes");
    const fewer = withPart(model, 0, ({ root }) => ({ root: { ...root, count: root.count - 1 } }));
    expect(check(model, fewer)).not.toBe("all holds");
  });

  it("finds range deletes out of order or bounds", () => {
    const model = filled();
    const at = (n: number) => Buffer.from(keyOf(n));
    for (const rangeDeletes of [
      [{ lower: at(250), upper: at(400) }],
      [{ lower: at(250), upper: undefined }],
      [{ lower: at(260), upper: at(250) }],
      [
        { lower: at(200), upper: at(250) },
        { lower: at(240), upper: at(260) },
      ],
      [
        { lower: at(240), upper: at(260) },
        { lower: at(200), upper: at(210) },
      ],
      [{ lower: new Uint8Array(0), upper: at(210) }],
    ]) {
      expect(
        check(
          model,
          withPart(model, 0, () => ({ rangeDeletes })),
        ),
      ).toContain("range deletes out of order");
    }
  });

  it("finds references to what is not there, and values that are not whole", () => {
    const model = filled();
    expect(
      check(
        model,
        withArea(model, () => undefined),
      ),
    ).toContain("and there is none");
    expect(
      check(
        model,
        withArea(model, ({ lengthBytes }) => ({ lengthBytes: lengthBytes - 1 })),
      ),
    ).toContain("and there is none");
    const { page } = [...model.manifest.areas.values()].at(-1)!;
    const bytes = new Uint8Array(PAGE_SIZE);
    model.pages.readExtent(page, PAGE_SIZE, bytes, 0);
    bytes[PAGE_SIZE - 1]! ^= 1;
    model.pages.writePages(bytes, 0, page, 1);
    expect(check(model, model.manifest)).not.toBe("all holds");
  });

  it("finds areas whose live bytes are not those that are referred to", () => {
    const model = filled();
    for (const change of [1, -1, LARGE]) {
      const manifest = withArea(model, ({ liveBytes }) => ({ liveBytes: liveBytes + change }));
      expect(check(model, manifest)).toContain("L4");
    }
    // The entries of one part, and of what it refers to nothing is said any more.
    const { parts } = model.manifest.runs[1]!;
    const without = model.manifest.with({ removed: new Set(parts.map(({ id }) => id)) });
    expect(check(model, without)).toContain("L4");
  });

  it("finds a filter that does not know a key", () => {
    const model = filled();
    const other = new RunModel();
    other.flush([{ key: "another", kind: "put", value: new Uint8Array(1) }]);
    const filter = model.manifest.runs[0]!.parts[0]!.filter;
    const manifest = withPart(model, 1, () => ({ filter }));
    expect(check(model, manifest)).not.toBe("all holds");
  });
});
