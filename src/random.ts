/** The seam to chance: whatever is drawn (salts, ids, retry jitter) comes from an Rng that a simulation can seed. */
import { randomFillSync } from "node:crypto";

export interface Rng {
  /** A u32, uniformly drawn. */
  next(): number;
}

const pool = new Uint32Array(64);
let drawn = pool.length;

export const systemRng: Rng = {
  next(): number {
    if (drawn === pool.length) {
      randomFillSync(pool);
      drawn = 0;
    }
    return pool[drawn++]!;
  },
};

/** A small, fast, seedable generator (mulberry32) for tests, fuzzers and simulations; not for secrets. */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) >>> 0;
    },
  };
}
