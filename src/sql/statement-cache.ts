/**
 * Statements that stay prepared, by their text; the one unused for longest goes first.
 *
 * A text is kept from the second time on that it is prepared: a text that comes once, with its literals in it, would only outlive
 * the young generation of the heap, and take the place of one that comes again.
 */
import type { Prepared } from "./statement.ts";

const MOST_STATEMENTS = 256;
/** Longer texts are not worth their memory. */
const MOST_CHARACTERS = 10_000;

export class StatementCache {
  /** Last in the map is last used. */
  readonly #held: Map<string, Prepared>;
  /** Texts that came once, the latest of them, in a ring. */
  readonly #seen: Set<string>;
  readonly #ring: string[];
  #next: number;

  constructor() {
    this.#held = new Map();
    this.#seen = new Set();
    this.#ring = [];
    this.#next = 0;
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
    if (text.length <= MOST_CHARACTERS && this.#hasCome(text)) {
      if (this.#held.size === MOST_STATEMENTS) {
        this.#held.delete(this.#held.keys().next().value!);
      }
      this.#held.set(text, prepared);
    }
    return prepared;
  }

  clear(): void {
    this.#held.clear();
    this.#seen.clear();
    this.#ring.length = 0;
    this.#next = 0;
  }

  /** Whether the text has come before, of which there is a note from now on. */
  #hasCome(text: string): boolean {
    if (this.#seen.delete(text)) {
      return true;
    }
    const gone = this.#ring[this.#next];
    if (gone !== undefined) {
      this.#seen.delete(gone);
    }
    this.#seen.add(text);
    this.#ring[this.#next] = text;
    this.#next = (this.#next + 1) % MOST_STATEMENTS;
    return false;
  }
}
