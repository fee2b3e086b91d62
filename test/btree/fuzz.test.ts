/** The fuzzer runs clean for a moment, and finds each of its canaries. */
import { describe, expect, it } from "vitest";
import { btreeFuzzer } from "../../fuzz/btree.ts";
import { seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";

/** Less than a minute. The rarest of the planted bugs, stale-leaf, shows in one round of forty. */
const MOST_ROUNDS = 400;

/** The rounds until the fuzzer finds something; undefined if it does not. */
async function roundsToFinding(canary: string | undefined, seed: number, rounds: number): Promise<number | undefined> {
  for (let round = 0; round < rounds; round++) {
    try {
      await btreeFuzzer.run(seededRng(seed + round), { backend: "memory", canary });
    } catch (error) {
      if (canary === undefined) {
        throw new Error(`NACRE_SEED=${seed} repeats this`, { cause: error });
      }
      return round;
    }
  }
  return undefined;
}

describe("the fuzzer of the tree", () => {
  const seed = testSeed();

  it("finds nothing", async () => {
    expect(await roundsToFinding(undefined, seed, 5)).toBe(undefined);
  });

  it.each(btreeFuzzer.canaries)("finds its canary %s", async (canary) => {
    expect(await roundsToFinding(canary, seed, MOST_ROUNDS)).toBeDefined();
  });
});
