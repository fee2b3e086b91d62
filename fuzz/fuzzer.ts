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
  run(rng: Rng, options: FuzzOptions): void | Promise<void>;
}
