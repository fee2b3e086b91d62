/** The values that a column of a key is IN: each once, NULL left out, in the order of the key. */
import type { Collation } from "../value/collation.ts";
import { compareValues } from "../value/compare.ts";
import { answerValue, NULL, type SqlValue, type Tag } from "../value/value.ts";
import { keptValue, ValueSet } from "./value-set.ts";

export class KeyList {
  readonly #collation: Collation | undefined;
  readonly #seen: ValueSet;
  readonly #values: { readonly tag: Tag; readonly value: SqlValue }[];

  constructor(collation: Collation | undefined, limit: number) {
    this.#collation = collation;
    this.#seen = new ValueSet([collation], limit);
    this.#values = [];
  }

  get count(): number {
    return this.#values.length;
  }

  add(tag: Tag, value: SqlValue): void {
    if (tag === NULL) {
      return;
    }
    this.#seen.begin();
    this.#seen.value(0, tag, value);
    if (this.#seen.add() === this.#values.length) {
      this.#values.push({ tag, value: keptValue(tag, value) });
    }
  }

  /** Puts them in order, once all are there. */
  finish(isDescending: boolean): void {
    const sign = isDescending ? -1 : 1;
    this.#values.sort((a, b) => sign * compareValues(a.tag, a.value, b.tag, b.value, this.#collation));
  }

  answerAt(position: number): void {
    const { tag, value } = this.#values[position]!;
    answerValue(tag, value);
  }
}
