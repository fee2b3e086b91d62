/**
 * Of runs over different keys one cursor waited while the others went through the page cache; then it gave out what had taken
 * its leaf's frame, as its own value: in scans, and in compactions, which wrote it down.
 */
import { describe, expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const VALUE_BYTES = 100;
const LOADED = 3000;

async function makeRuns(simulated: Simulated, compression: "deflate" | "none") {
  const { db } = simulated.open({ cacheBytes: 64 * 1024, segmentBytes: 64 * 1024 });
  const map = db.map("rows", { key: "number", value: "bytes", engine: "lsm", lsm: { compression } });
  const rows = new Map(Array.from({ length: LOADED }, (_, i) => [i, i & 0x7f]));
  await simulated.done(map.load([...rows].map(([key, fill]) => [key, new Uint8Array(VALUE_BYTES).fill(fill)])));
  for (let run = 0; run < 9; run++) {
    for (const key of [0, LOADED + 2 * run, LOADED + 2 * run + 1]) {
      rows.set(key, 200 + run);
      map.put(key, new Uint8Array(VALUE_BYTES).fill(200 + run));
    }
    await simulated.done(db.checkpoint());
  }
  return { db, map, rows: [...rows].sort(([a], [b]) => a - b) };
}

describe.each(["deflate", "none"] as const)("runs with compression %s", (compression) => {
  it("are read in order, both ways", async () => {
    const { db, map, rows } = await makeRuns(new Simulated(), compression);
    const scanned = (reverse: boolean) => [...map.range({ reverse })].map(([key, value]) => [key, value[50]]);
    expect(scanned(false)).toEqual(rows);
    expect(scanned(true)).toEqual(rows.toReversed());
    db.close();
  });

  it("are compacted to what they hold", async () => {
    const simulated = new Simulated();
    const { db, map, rows } = await makeRuns(simulated, compression);
    await simulated.done(db.compact());
    expect(rows.map(([key]) => [key, map.get(key)?.[50]])).toEqual(rows);
    db.close();
  });
});
