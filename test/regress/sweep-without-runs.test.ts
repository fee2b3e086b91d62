/**
 * Of a sweep through level 0 the last parts can go by another way: moved towards the front of the file, they held nothing
 * but tombstones that had done their work. The next compaction looked for the runs of that sweep and failed, again and again.
 */
import { describe, expect, it } from "vitest";
import { EMPTY_ROOT } from "../../src/btree/index.ts";
import { Manifest, type PlacedPart } from "../../src/lsm/index.ts";
import { chooseCompaction, policyFor } from "../../src/lsm/policy.ts";

const SEGMENT_BYTES = 16 * 1024;
const RUNS = 20;

function part(run: number): PlacedPart {
  const none = { page: 0, pageCount: 0, blocks: 0, probes: 0 };
  const bounds = { lower: Uint8Array.of(1), upper: Uint8Array.of(9) };
  const rest = { deletes: 0, hiddenBytes: 0, birth: 1, isCut: false, rangeDeletes: [], areas: [] };
  return {
    level: 0,
    run,
    part: { id: run, root: { ...EMPTY_ROOT, page: 7, count: 1 }, filter: none, bytes: 8192, ...bounds, ...rest },
  };
}

describe.each(["levelled", "tiered"] as const)("%s", (style) => {
  it("a sweep of which no run is left has ended", () => {
    const added = Array.from({ length: RUNS }, (_, i) => part(5 + i));
    const sweeps = Manifest.empty.sweeps.with(0, { newestRun: 4, into: 6, from: Uint8Array.of(5) });
    const manifest = Manifest.empty.with({ added, sweeps, nextRun: 5 + RUNS });
    const compaction = chooseCompaction(manifest, policyFor(style, SEGMENT_BYTES, true));
    expect(compaction?.inputs.length).toBe(RUNS);
    expect(compaction?.run).toBeUndefined();
  });
});
