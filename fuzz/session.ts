/** Running rounds: one, with everything that it may break; many, in turn; a canary, until it is found. */
import { Draws } from "./draws.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";
import { kindOf, shrink } from "./shrink.ts";

export type Backend = FuzzOptions["backend"];

export interface Round {
  readonly fuzzer: Fuzzer;
  readonly seed: number;
  readonly backend: Backend;
  readonly canary?: string | undefined;
  readonly kept?: readonly number[] | undefined;
}

export interface Finding {
  readonly round: Round;
  readonly error: unknown;
  /** How much was drawn. */
  readonly draws: number;
}

const SHRINK_MS = 30_000;

/** What a round finds; undefined: nothing. A promise that nobody waits for and that fails counts, too. */
export async function runRound(round: Round): Promise<Finding | undefined> {
  const { fuzzer, seed, backend, canary, kept } = round;
  const draws = new Draws(seed, kept);
  let unhandled: { readonly error: unknown } | undefined;
  const onUnhandled = (error: unknown) => {
    unhandled ??= { error };
  };
  process.on("unhandledRejection", onUnhandled);
  try {
    await fuzzer.run(draws, { backend, canary });
    await new Promise((resolve) => setImmediate(resolve));
    return unhandled === undefined ? undefined : { round, error: unhandled.error, draws: draws.count };
  } catch (error) {
    return { round, error, draws: draws.count };
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
}

/** The same finding from fewer draws, where the fuzzer's rounds can be cut. */
export async function shrinkFinding(finding: Finding): Promise<Finding> {
  const { round, draws } = finding;
  const fixed = round.fuzzer.fixedDraws;
  if (fixed === undefined || round.kept !== undefined) {
    return finding;
  }
  const kind = kindOf(finding.error);
  const deadline = Date.now() + SHRINK_MS;
  let smallest = finding;
  await shrink(
    async (kept) => {
      const found = await runRound({ ...round, kept });
      const isSame = found !== undefined && kindOf(found.error) === kind;
      if (isSame) {
        smallest = found;
      }
      return isSame;
    },
    { fixed, count: draws, isOver: () => Date.now() > deadline },
  );
  return smallest;
}

export interface CanaryResult {
  readonly isFound: boolean;
  readonly rounds: number;
  readonly ms: number;
}

/** Rounds with the bug planted, on all backends in turn, until one finds it or the time is up. */
export async function huntCanary(fuzzer: Fuzzer, canary: string, seed: number, limitMs: number): Promise<CanaryResult> {
  const start = Date.now();
  const backends: readonly Backend[] = ["pread", "mmap", "memory"];
  for (let rounds = 1; ; rounds++) {
    const backend = backends[rounds % backends.length]!;
    const found = await runRound({ fuzzer, seed: seed + rounds, backend, canary });
    const ms = Date.now() - start;
    if (found !== undefined || ms > limitMs) {
      return { isFound: found !== undefined, rounds, ms };
    }
  }
}
