/** The fuzzer of Bloom filters runs clean for a moment, and finds each of its canaries. */
import { describe, expect, it } from "vitest";
import { bloomFuzzer } from "../../fuzz/bloom.ts";
import { type Backend, huntCanary, runRound } from "../../fuzz/session.ts";
import { testSeed } from "../support/property.ts";

const ROUNDS = 10;
const CANARY_MS = 100_000;

describe("the fuzzer of Bloom filters", () => {
  const seed = testSeed() >>> 0;

  it.each<Backend>(["pread", "mmap", "memory"])("finds nothing on %s", async (backend) => {
    for (let round = seed; round < seed + ROUNDS; round++) {
      const finding = await runRound({ fuzzer: bloomFuzzer, seed: round, backend });
      const command = `npm run fuzz -- --only bloom --backend ${backend} --seed ${round} --rounds 1`;
      expect(finding?.error, command).toBeUndefined();
    }
  });

  it.each(bloomFuzzer.canaries)("finds its canary %s", async (canary) => {
    expect((await huntCanary(bloomFuzzer, canary, seed, CANARY_MS)).isFound).toBe(true);
  });
});
