import { describe, expect, test } from "vitest";
import { sqlDifferentialFuzzer } from "../../fuzz/sql-differential.ts";
import { seededRng } from "../../src/random.ts";

async function finding(seed: number, canary?: string): Promise<string | undefined> {
  try {
    await sqlDifferentialFuzzer.run(seededRng(seed), { backend: "memory", canary });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("random statements do on nacre what they do on SQLite", async () => {
  // The same ones every time: `npm run fuzz` is for finding others.
  for (let seed = 1; seed <= 25; seed++) {
    expect(await finding(seed), `npm run fuzz -- --only sql-differential --seed ${seed}`).toBeUndefined();
  }
});

describe("a planted bug is found", () => {
  test.each(sqlDifferentialFuzzer.canaries)("%s", async (canary) => {
    const findings: (string | undefined)[] = [];
    for (let seed = 1; seed <= 30; seed++) {
      findings.push(await finding(seed, canary));
    }
    expect(findings.filter((found) => found !== undefined).length).toBeGreaterThan(5);
  });
});
