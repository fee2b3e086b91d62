/** Statements that stay prepared, by their text; the one unused for longest goes first. */
import type { Prepared } from "./statement.ts";

const MOST_STATEMENTS = 256;
/** Longer texts are not worth their memory. */
const MOST_CHARACTERS = 10_000;

export class StatementCache {
  /** Last in the map is last used. */
  readonly #held: Map<string, Prepared>;

  constructor() {
    this.#held = new Map();
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
      if (this.#held.size === MOST_STATEMENTS) {
        this.#held.delete(this.#held.keys().next().value!);
      }
      this.#held.set(text, prepared);
    }
    return prepared;
  }

  clear(): void {
    this.#held.clear();
  }
}
