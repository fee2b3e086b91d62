/**
 * Entries of an index: under the columns of a row, the key of that row. An entry of a unique index whose columns are not NULL has
 * nothing but them as its key, so that another row of the same would be found there; every other one has the row's key behind.
 */
import { copyBytes } from "../../../bytes.ts";
import type { Index } from "../../catalog/schema.ts";
import { KeyWriter } from "../../key.ts";
import type { BoundIndex } from "../../query/bind/bound.ts";
import type { Evaluate } from "../../query/interpret/evaluate.ts";
import { evaluatorOf, testOf } from "../../query/interpret/expression.ts";
import type { Site } from "../../query/interpret/site.ts";
import { answer, answered, NULL } from "../../value/value.ts";

export class IndexEntry {
  readonly index: Index;
  readonly bound: BoundIndex;
  readonly key: KeyWriter;
  /** Whether the row that was entered last belongs into the index. */
  isThere: boolean;
  /** Whether nobody else may have these columns. */
  isExclusive: boolean;
  readonly #columns: readonly Evaluate[];
  readonly #where: (() => number) | undefined;

  constructor(site: Site, bound: BoundIndex) {
    this.index = bound.index;
    this.bound = bound;
    this.key = new KeyWriter();
    this.isThere = false;
    this.isExclusive = false;
    this.#columns = bound.columns.map(({ value }) => evaluatorOf(site, value));
    this.#where = bound.where === undefined ? undefined : testOf(site, bound.where);
  }

  /** Writes the columns of the row that the site is at. */
  enter(): void {
    const { key, index, bound } = this;
    this.isThere = this.#where === undefined || this.#where() === 1;
    if (!this.isThere) {
      return;
    }
    key.begin();
    let isExclusive = index.isUnique;
    for (const [position, evaluate] of this.#columns.entries()) {
      evaluate();
      isExclusive &&= answer.tag !== NULL;
      key.addOrdered(answer.tag, answered(), bound.columns[position]!);
    }
    this.isExclusive = isExclusive;
  }

  /** Ends the entry's key with that of the row, if it needs it. */
  finish(rowKey: Uint8Array, rowKeyLength: number): void {
    if (this.isThere && !this.isExclusive) {
      this.key.addRaw(rowKey, 0, rowKeyLength);
    }
  }

  /** What was written last, as a copy. */
  copy(): Uint8Array | undefined {
    const { bytes, length } = this.key;
    if (!this.isThere) {
      return undefined;
    }
    const copy = new Uint8Array(length);
    copyBytes(bytes, 0, copy, 0, length);
    return copy;
  }
}
