/** Every task about the LSM engine answers with the figures of its rows: on a small database, with the B+tree. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { METRICS, type MetricId } from "../../bench/kv/metrics.ts";
import { type Step, tenthOf } from "../../bench/kv/order.ts";
import { stepsOf } from "../../bench/kv/steps.ts";
import { runTask } from "../../bench/kv/tasks.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const FILL_ENTRIES = 30_000;
const only = METRICS.filter(({ about }) => about === "nacre-lsm").map(({ id }) => id);
/** Not to be had of a fill that is over in less than three windows, or on a system that keeps no account. */
const MAY_BE_MISSING: readonly MetricId[] = ["sustained-median", "sustained-slowest", "overwrite-written"];

describe("tasks", () => {
  it("answer with the figures of their rows", async () => {
    using directory = temporaryDirectory();
    const run = async (task: Step, folder: string) =>
      await runTask({
        task,
        engine: "nacre",
        directory: join(directory.path, folder),
        entries: 0,
        fillEntries: FILL_ENTRIES,
        only,
      });
    for (const step of stepsOf(only, "nacre", 0)) {
      const { figures } = await run(step, step.replace("-serve", ""));
      const expected = METRICS.filter(({ task, id }) => task === step && !MAY_BE_MISSING.includes(id)).map(
        ({ id }) => id,
      );
      expect(Object.keys(figures)).toEqual(expect.arrayContaining(expected));
      expect(Object.values(figures).filter((figure) => !Number.isFinite(figure) || figure < 0)).toEqual([]);
    }
  });

  it("take whole thousands where a tenth will do", () => {
    expect([10_000, 19_999, 10_000_000].map(tenthOf)).toEqual([1000, 1000, 1_000_000]);
  });
});
