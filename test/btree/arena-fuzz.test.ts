/** A short run of the arena tree's fuzzer, and proof that it finds each of the bugs that it plants. */
import { describe, expect, it } from "vitest";
import { btreeArenaFuzzer } from "../../fuzz/btree-arena.ts";
import { seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";

const ROUNDS = 8;
const MOST_ROUNDS_FOR_A_CANARY = 60;

describe("the fuzzer of the arena tree", () => {
  it("finds nothing", async () => {
    for (let seed = testSeed(), last = seed + ROUNDS; seed < last; seed++) {
      expect(await findingOf(seed, undefined), `seed ${seed}`).toBeUndefined();
    }
  });

  it.each([...btreeArenaFuzzer.canaries])("finds %s", async (canary) => {
    let finding: unknown;
    for (let seed = 1; finding === undefined && seed <= MOST_ROUNDS_FOR_A_CANARY; seed++) {
      finding = await findingOf(seed, canary);
    }
    expect(finding).toBeDefined();
  });
});

async function findingOf(seed: number, canary: string | undefined): Promise<unknown> {
  try {
    await btreeArenaFuzzer.run(seededRng(seed), { backend: "memory", canary });
    return undefined;
  } catch (error) {
    return error;
  }
}
