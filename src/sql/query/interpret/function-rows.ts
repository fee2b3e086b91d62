/** Table functions in FROM. */
import { assert } from "../../../assert.ts";
import type { TableFunction, TableFunctionRows } from "../../run/table-function.ts";
import { keptValue } from "../../run/value-set.ts";
import { countWork } from "../../run/work.ts";
import { answer, answered, answerNull, type SqlValue, type Tag } from "../../value/value.ts";
import type { Bound, Source } from "../bind/bound.ts";
import type { Evaluate } from "./evaluate.ts";
import { evaluatorOf } from "./expression.ts";
import type { RowCursor, Rows, Site } from "./site.ts";

/** The rows of a table function. */
export class FunctionRows implements Rows, RowCursor {
  readonly #function: TableFunction;
  readonly #places: readonly number[];
  readonly #list: readonly Evaluate[];
  #rows: TableFunctionRows | undefined;
  #isMissing: boolean;

  constructor(site: Site, { origin }: Source, list: readonly Bound[]) {
    assert(origin.kind === "function", "the source is a table function");
    this.#function = origin.function;
    this.#places = origin.places;
    this.#list = list.map((part) => evaluatorOf(site, part));
    this.#rows = undefined;
    this.#isMissing = false;
  }

  open(): void {
    const tags: (Tag | undefined)[] = [];
    const values: (SqlValue | undefined)[] = [];
    for (const [index, part] of this.#list.entries()) {
      part();
      tags[this.#places[index]!] = answer.tag;
      values[this.#places[index]!] = keptValue(answer.tag, answered());
    }
    this.#rows = this.#function.open(tags, values);
  }

  next(): boolean {
    this.#isMissing = false;
    countWork(1);
    return this.#rows!.next();
  }

  close(): void {
    this.#rows = undefined;
  }

  setMissing(): void {
    this.#isMissing = true;
  }

  answer(column: number): void {
    this.#isMissing ? answerNull() : this.#rows!.answer(column);
  }
}
