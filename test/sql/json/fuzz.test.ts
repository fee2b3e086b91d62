import { expect, test } from "vitest";
import { sqlJsonFuzzer } from "../../../fuzz/sql-json.ts";
import { seededRng } from "../../../src/random.ts";
import { testSeed } from "../../support/property.ts";

async function finding(seed: number, canary?: string): Promise<string | undefined> {
  try {
    await sqlJsonFuzzer.run(seededRng(seed), { backend: "memory", canary });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("random and mutated JSON keeps to what always holds", async () => {
  const first = testSeed() >>> 0;
  for (let seed = first; seed < first + 60; seed++) {
    expect(await finding(seed), `npm run fuzz -- --only sql-json --backend memory --seed ${seed}`).toBeUndefined();
  }
});

test.each(sqlJsonFuzzer.canaries)("the planted bug %s is found", async (canary) => {
  const findings: (string | undefined)[] = [];
  for (let seed = 1; seed <= 60; seed++) {
    findings.push(await finding(seed, canary));
  }
  expect(findings.filter((found) => found !== undefined).length).toBeGreaterThan(5);
});
