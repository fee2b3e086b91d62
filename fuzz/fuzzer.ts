/**
 * What a fuzzer is: one seeded round after the other, each of which throws when it finds something.
 *
 * A round draws everything from `rng`, so that its seed repeats it. With `canary` set, the fuzzer plants that bug (one
 * of its own `canaries`) into what it tests; a fuzzer whose canary survives is not looking.
 */
import type { Rng } from "../src/random.ts";

export interface FuzzOptions {
  readonly backend: "mmap" | "pread" | "memory";
  readonly canary: string | undefined;
}

export interface Fuzzer {
  readonly name: string;
  readonly canaries: readonly string[];
  /**
   * For fuzzers that make a step from one draw, so that leaving out draws leaves out steps (draws.ts): how many draws
   * come before the first step.
   */
  readonly fixedDraws?: number;
  /** How often something happened in its rounds, for whoever wants to know what they come across (--verbose). */
  readonly tally?: ReadonlyMap<string, number>;
  run(rng: Rng, options: FuzzOptions): void | Promise<void>;
}
