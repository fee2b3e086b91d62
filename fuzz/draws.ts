/**
 * The draws of one round: those of a seed, or a selection of them.
 *
 *     --seed 42                    every draw
 *     --seed 42 --keep 0-1,7,19    only these, in their order; then zeros
 *
 * A fuzzer that can be shrunk makes each step from one draw and takes a zero for its end. So leaving out draws leaves out
 * steps, and a long program that fails becomes a short one that fails.
 */
import type { Rng } from "../src/random.ts";
import { seededRng } from "../src/random.ts";

export class Draws implements Rng {
  readonly #source: Rng;
  readonly #kept: readonly number[] | undefined;
  #sourceCount: number;
  /** How many were asked for. */
  count: number;

  constructor(seed: number, kept?: readonly number[]) {
    this.#source = seededRng(seed);
    this.#kept = kept;
    this.#sourceCount = 0;
    this.count = 0;
  }

  next(): number {
    const index = this.#kept === undefined ? this.count : this.#kept[this.count];
    this.count++;
    if (index === undefined) {
      return 0;
    }
    let drawn = 0;
    while (this.#sourceCount <= index) {
      drawn = this.#source.next();
      this.#sourceCount++;
    }
    return drawn;
  }
}

/** Ascending indexes as text: "0-3,7". */
export function formatKept(kept: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < kept.length; ) {
    let end = i;
    while (kept[end + 1] === kept[end]! + 1) {
      end++;
    }
    parts.push(end === i ? `${kept[i]}` : `${kept[i]}-${kept[end]}`);
    i = end + 1;
  }
  return parts.join(",");
}

/** The other way round; undefined if it is no such text. */
export function parseKept(text: string): number[] | undefined {
  const kept: number[] = [];
  for (const part of text.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from <= (kept.at(-1) ?? -1) || to < from) {
      return undefined;
    }
    for (let index = from; index <= to; index++) {
      kept.push(index);
    }
  }
  return kept;
}
