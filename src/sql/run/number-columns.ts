/**
 * Columns of kept rows that hold numbers as a rule: tag and number of each, side by side, where reading them out of a row's bytes
 * takes a dozen loads. What is no number, or an integer that no double equals, is an object.
 *
 *   place   row × columns + column;  tags[place], numbers[place], other(place)
 */
import { REAL, type SqlValue, type Tag } from "../value/value.ts";
import { grown } from "./group-table.ts";
import { keptValue } from "./value-set.ts";

const INITIAL_PLACES = 64;

export class NumberColumns {
  tags: Uint8Array;
  numbers: Float64Array;
  readonly #others: Map<number, SqlValue>;

  constructor() {
    this.tags = new Uint8Array(INITIAL_PLACES);
    this.numbers = new Float64Array(INITIAL_PLACES);
    this.#others = new Map();
  }

  /** Places up to this one; those that nothing is set in are NULL. */
  reserve(place: number): void {
    if (place >= this.tags.length) {
      this.tags = grown(this.tags, new Uint8Array(place * 2));
      this.numbers = grown(this.numbers, new Float64Array(place * 2));
    }
  }

  setNumber(place: number, tag: Tag, value: number): void {
    this.reserve(place);
    this.tags[place] = tag;
    this.numbers[place] = value;
  }

  /** `value` may lie where it does not stay. */
  set(place: number, tag: Tag, value: SqlValue): void {
    this.reserve(place);
    this.tags[place] = tag;
    if (tag > REAL) {
      this.#others.set(place, keptValue(tag, value));
    }
  }

  other(place: number): SqlValue {
    return this.#others.get(place) ?? null;
  }
}
