import { describe, expect, test } from "vitest";
import { sqlFuzzer } from "../../fuzz/sql.ts";
import { seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";

async function finding(
  seed: number,
  backend: "memory" | "pread" | "mmap",
  canary?: string,
): Promise<string | undefined> {
  try {
    await sqlFuzzer.run(seededRng(seed), { backend, canary });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test.each([
  ["memory", 60],
  ["pread", 6],
  ["mmap", 6],
] as const)("on %s random statements keep to what always holds", async (backend, rounds) => {
  const first = testSeed() >>> 0;
  for (let seed = first; seed < first + rounds; seed++) {
    expect(
      await finding(seed, backend),
      `npm run fuzz -- --only sql --backend ${backend} --seed ${seed}`,
    ).toBeUndefined();
  }
});

describe("a planted bug is found", () => {
  test.each(sqlFuzzer.canaries)("%s", async (canary) => {
    const findings: (string | undefined)[] = [];
    for (let seed = 1; seed <= 50; seed++) {
      findings.push(await finding(seed, "memory", canary));
    }
    expect(findings.filter((found) => found !== undefined).length).toBeGreaterThan(5);
  });
});
