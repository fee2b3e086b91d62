/** Compiled code against the interpreter, on random queries (fuzz/sql-tiers.ts). */
import { expect, test } from "vitest";
import { sqlTiersFuzzer } from "../../../fuzz/sql-tiers.ts";
import { seededRng } from "../../../src/random.ts";
import { testSeed } from "../../support/property.ts";

async function finding(seed: number, canary?: string): Promise<string | undefined> {
  try {
    await sqlTiersFuzzer.run(seededRng(seed), { backend: "memory", canary });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("compiled queries answer as interpreted ones", async () => {
  const first = testSeed() >>> 0;
  for (let seed = first; seed < first + 100; seed++) {
    expect(await finding(seed), `npm run fuzz -- --only sql-tiers --backend memory --seed ${seed}`).toBeUndefined();
  }
});

test.each(sqlTiersFuzzer.canaries)("the planted bug %s is found", async (canary) => {
  const findings: (string | undefined)[] = [];
  for (let seed = 1; seed <= 30; seed++) {
    findings.push(await finding(seed, canary));
  }
  expect(findings.filter((found) => found !== undefined).length).toBeGreaterThan(5);
});
