/** Rounds that found something once, by fuzzer, in seeds/<fuzzer>.json: [{ seed, backend, why, keep? }, …]. */
import { existsSync, readFileSync } from "node:fs";
import { parseKept } from "./draws.ts";
import type { Fuzzer } from "./fuzzer.ts";
import type { Backend, Round } from "./session.ts";

interface KeptSeed {
  readonly seed: number;
  readonly backend: Backend;
  readonly keep?: string;
  /** What it found. */
  readonly why: string;
}

/** The compiled program lies in dist/fuzz, the seeds in fuzz. */
const FOLDER = new URL("../../fuzz/seeds/", import.meta.url);

export function keptSeeds(fuzzers: readonly Fuzzer[]): Round[] {
  return fuzzers.flatMap((fuzzer) => {
    const file = new URL(`${fuzzer.name}.json`, FOLDER);
    const seeds = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as KeptSeed[]) : [];
    return seeds.map(({ seed, backend, keep }) => ({
      fuzzer,
      seed,
      backend,
      kept: keep === undefined ? undefined : parseKept(keep),
    }));
  });
}
