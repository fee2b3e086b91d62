import { expect, test } from "vitest";
import { sqlParseFuzzer } from "../../../fuzz/sql-parse.ts";
import { type Rng, seededRng } from "../../../src/random.ts";
import { testSeed } from "../../support/property.ts";

test("random and mutated text gives statements or a DbError", async () => {
  const seed = testSeed();
  const rng = seededRng(seed);
  for (let round = 0; round < 60; round++) {
    const found = await outcome(rng, undefined);
    expect(found, `NACRE_SEED=${seed}`).toBeUndefined();
  }
});

test("the canary is found", async () => {
  const rng = seededRng(1);
  let found: unknown;
  for (let round = 0; round < 200 && found === undefined; round++) {
    found = await outcome(rng, "unchecked-number");
  }
  expect(String(found)).toContain("SyntaxError");
});

async function outcome(rng: Rng, canary: string | undefined): Promise<unknown> {
  try {
    await sqlParseFuzzer.run(rng, { backend: "memory", canary });
    return undefined;
  } catch (error) {
    return error;
  }
}
