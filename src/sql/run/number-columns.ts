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
const NO_TAGS = new Uint8Array(0);
const NO_NUMBERS = new Float64Array(0);

export class NumberColumns {
  tags: Uint8Array;
  numbers: Float64Array;
  #others: Map<number, SqlValue> | undefined;

  constructor() {
    this.tags = NO_TAGS;
    this.numbers = NO_NUMBERS;
    this.#others = undefined;
  }

  /** Places up to this one; those that nothing is set in are NULL. */
  reserve(place: number): void {
    if (place >= this.tags.length) {
      const places = Math.max(INITIAL_PLACES, place * 2);
      this.tags = grown(this.tags, new Uint8Array(places));
      this.numbers = grown(this.numbers, new Float64Array(places));
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
      this.#others ??= new Map();
      this.#others.set(place, keptValue(tag, value));
    }
  }

  other(place: number): SqlValue {
    return this.#others?.get(place) ?? null;
  }
}
