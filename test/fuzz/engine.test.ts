/** A short run of the fuzzers of the whole engine, the rounds that found something once, and proof that they look. */
import { describe, expect, it } from "vitest";
import { ALL_FUZZERS } from "../../fuzz/all.ts";
import { apiFuzzer } from "../../fuzz/api.ts";
import { Draws, formatKept, parseKept } from "../../fuzz/draws.ts";
import { keptSeeds } from "../../fuzz/kept-seeds.ts";
import { mvccFuzzer } from "../../fuzz/mvcc.ts";
import { type Backend, type Finding, huntCanary, runRound, shrinkFinding } from "../../fuzz/session.ts";
import { testSeed } from "../support/property.ts";

const BACKENDS: readonly Backend[] = ["pread", "mmap", "memory"];
const MVCC_ROUNDS = 12;
const API_ROUNDS = 3;
const CANARY_MS = 100_000;
const MOST_ROUNDS_TO_A_CRASH = 100;

describe.each(BACKENDS)("on %s", (backend) => {
  it.each([
    [mvccFuzzer, MVCC_ROUNDS],
    [apiFuzzer, API_ROUNDS],
  ])("the fuzzer finds nothing", async (fuzzer, rounds) => {
    for (let seed = testSeed() >>> 0, last = seed + rounds; seed < last; seed++) {
      const finding = await runRound({ fuzzer, seed, backend });
      expect(
        finding?.error,
        `npm run fuzz -- --only ${fuzzer.name} --backend ${backend} --seed ${seed}`,
      ).toBeUndefined();
    }
  });
});

it("crashes fall into flushes, and into compactions", async () => {
  const fallen = mvccFuzzer.tally!;
  const isEnough = () => (fallen.get("flush") ?? 0) > 0 && (fallen.get("compaction") ?? 0) > 0;
  for (let seed = 1; seed <= MOST_ROUNDS_TO_A_CRASH && !isEnough(); seed++) {
    await runRound({ fuzzer: mvccFuzzer, seed, backend: "pread" });
  }
  expect(isEnough()).toBe(true);
});

it("rounds that found something once find nothing now", async () => {
  for (const round of keptSeeds(ALL_FUZZERS)) {
    expect((await runRound(round))?.error, `seed ${round.seed} of ${round.fuzzer.name}`).toBeUndefined();
  }
});

describe("a planted bug is found", () => {
  it.each(mvccFuzzer.canaries)("%s", async (canary) => {
    expect((await huntCanary(mvccFuzzer, canary, 1, CANARY_MS)).isFound).toBe(true);
  });

  it("and its round is made small", async () => {
    const round = { fuzzer: mvccFuzzer, seed: 0, backend: "memory" as const, canary: "forget-undo" };
    const sizes: number[] = [];
    while (sizes.length < 3) {
      round.seed++;
      const finding: Finding | undefined = await runRound({ ...round });
      if (finding !== undefined && finding.draws >= 30) {
        const small = await shrinkFinding(finding);
        expect(await runRound(small.round)).toBeDefined();
        sizes.push(small.round.kept!.length);
      }
    }
    // One may be stubborn.
    expect(sizes.sort((a, b) => a - b)[1]).toBeLessThan(15);
  });
});

describe("draws", () => {
  it("are those of the seed, or some of them, then zeros", () => {
    const all = new Draws(42);
    const drawn = [all.next(), all.next(), all.next(), all.next()];
    const some = new Draws(42, [0, 2, 3]);
    expect([some.next(), some.next(), some.next(), some.next()]).toEqual([drawn[0], drawn[2], drawn[3], 0]);
  });

  it("that are kept are written as ranges", () => {
    expect(formatKept([0, 1, 2, 7, 9, 10])).toBe("0-2,7,9-10");
    expect(parseKept("0-2,7,9-10")).toEqual([0, 1, 2, 7, 9, 10]);
    expect(parseKept("2-0")).toBeUndefined();
    expect(parseKept("")).toBeUndefined();
  });
});
