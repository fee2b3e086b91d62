import { expect, test } from "vitest";
import { sqlParseFuzzer } from "../../../fuzz/sql-parse.ts";
import { seededRng } from "../../../src/random.ts";
import { testSeed } from "../../support/property.ts";

test("random and mutated text gives statements or a DbError", () => {
  const seed = testSeed();
  const rng = seededRng(seed);
  for (let round = 0; round < 60; round++) {
    expect(() => sqlParseFuzzer.run(rng, { backend: "memory", canary: undefined }), `NACRE_SEED=${seed}`).not.toThrow();
  }
});

test("the canary is found", () => {
  const rng = seededRng(1);
  expect(() => {
    for (let round = 0; round < 200; round++) {
      sqlParseFuzzer.run(rng, { backend: "memory", canary: "unchecked-number" });
    }
  }).toThrow("SyntaxError");
});
