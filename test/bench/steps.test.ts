import { describe, expect, it } from "vitest";
import { METRICS } from "../../bench/kv/metrics.ts";
import { folderOf, stepsOf } from "../../bench/kv/steps.ts";

const ALL = METRICS.map(({ id }) => id);

describe("the steps of a round", () => {
  it("reach every task", () => {
    const tasks = new Set(METRICS.map(({ task }) => task));
    const steps = new Set<string>(stepsOf(ALL, "nacre", 0));
    expect([...tasks].filter((task) => !steps.has(task))).toEqual([]);
  });

  it("fill what is read, once, and in its folder", () => {
    expect(stepsOf(["sustained-get-hit"], "lmdb", 0)).toEqual(["sustained", "sustained-serve"]);
    expect(stepsOf(["get-hit", "fill"], "lmdb", 0)).toEqual(["fill", "serve"]);
    expect(stepsOf(["recover"], "nacre-lsm", 0)).toEqual(["recovery-prepare", "recovery"]);
    expect(folderOf("sustained-serve")).toBe(folderOf("sustained"));
    expect(folderOf("overwrite")).not.toBe(folderOf("sustained"));
  });

  it("leave out what is of nacre alone, or of tables", () => {
    expect(stepsOf(ALL, "classic-level", 0)).not.toContain("recovery");
    expect(stepsOf(ALL, "nacre-lsm", 0)).toContain("loop-delay");
    expect(stepsOf(ALL, "nacre-lsm", 0)).not.toContain("sql");
  });

  it("look at memory once", () => {
    expect(stepsOf(["memory"], "nacre", 0)).toEqual(["memory"]);
    expect(stepsOf(["memory"], "nacre", 1)).toEqual([]);
  });
});
