/** Scans that know something of leaves against such that do not (fuzz/sql-zones.ts). */
import { expect, test } from "vitest";
import { sqlZonesFuzzer } from "../../fuzz/sql-zones.ts";
import { seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";

async function finding(seed: number, backend: "memory" | "mmap", canary?: string): Promise<string | undefined> {
  try {
    await sqlZonesFuzzer.run(seededRng(seed), { backend, canary });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test.each([
  ["memory", 12],
  ["mmap", 4],
] as const)("on %s they give the same rows", async (backend, rounds) => {
  const first = testSeed() >>> 0;
  for (let seed = first; seed < first + rounds; seed++) {
    expect(
      await finding(seed, backend),
      `npm run fuzz -- --only sql-zones --backend ${backend} --seed ${seed}`,
    ).toBeUndefined();
  }
});

const MOST_ROUNDS = 60;

test.each(sqlZonesFuzzer.canaries)("the planted bug %s is found", async (canary) => {
  let found: string | undefined;
  for (let seed = 1; found === undefined && seed <= MOST_ROUNDS; seed++) {
    found = await finding(seed, "mmap", canary);
  }
  expect(found).toBeDefined();
});
