/** Draws, as generators want them, from an Rng. */
import type { Rng } from "../src/random.ts";
import { seededRng } from "../src/random.ts";

export class Dice {
  readonly rng: Rng;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return this.rng.next() % bound;
  }

  /** True once in `of` times. */
  once(of: number): boolean {
    return this.below(of) === 0;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Dice of their own for one part of a round: whatever that part draws, the parts after it draw the same. */
  split(): Dice {
    return new Dice(seededRng(this.rng.next()));
  }
}
