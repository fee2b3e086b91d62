/**
 * Statements that stay prepared, by their text, once they were prepared twice; the one unused for longest goes first. What is
 * prepared once and never again is nothing to keep: it would only outlive its first garbage collection.
 */
import type { Prepared } from "./statement.ts";

const MOST_STATEMENTS = 256;
/** Longer texts are not worth their memory. */
const MOST_CHARACTERS = 10_000;

export class StatementCache {
  /** Last in the map is last used. */
  readonly #held: Map<string, Prepared>;
  /** Texts that were prepared once. */
  readonly #seen: Map<string, undefined>;

  constructor() {
    this.#held = new Map();
    this.#seen = new Map();
  }

  /** The statement of this text; `prepare` makes the ones that are not there. */
  get(text: string, prepare: (text: string) => Prepared): Prepared {
    const known = this.#held.get(text);
    if (known !== undefined) {
      this.#held.delete(text);
      this.#held.set(text, known);
      return known;
    }
    const prepared = prepare(text);
    if (text.length <= MOST_CHARACTERS) {
      this.#seen.delete(text) ? addBounded(this.#held, text, prepared) : addBounded(this.#seen, text, undefined);
    }
    return prepared;
  }

  clear(): void {
    this.#held.clear();
    this.#seen.clear();
  }
}

/** Adds an entry; of too many the first goes. */
function addBounded<Value>(map: Map<string, Value>, text: string, value: Value): void {
  if (map.size === MOST_STATEMENTS) {
    map.delete(map.keys().next().value!);
  }
  map.set(text, value);
}
