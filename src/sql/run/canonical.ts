/** One text for all that a collation takes for equal, so that hashes and bytes tell them apart from others. */
import type { Collation } from "../value/collation.ts";

export class Canonical {
  readonly #collation: Collation;
  /** Of a collation that can only compare: the first of each kind, in order. */
  readonly #known: string[];

  constructor(collation: Collation) {
    this.#collation = collation;
    this.#known = [];
  }

  of(text: string): string {
    const { fold, compare } = this.#collation;
    if (fold !== undefined) {
      return fold(text);
    }
    let low = 0;
    let high = this.#known.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compare(this.#known[middle]!, text);
      if (order === 0) {
        return this.#known[middle]!;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#known.splice(low, 0, text);
    return text;
  }
}
