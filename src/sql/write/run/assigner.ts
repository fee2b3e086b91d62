/** SET of ON CONFLICT: all values are worked out before the first is assigned. */
import type { Evaluate } from "../../query/interpret/evaluate.ts";
import { evaluatorOf } from "../../query/interpret/expression.ts";
import { type HeldRow, holdRow } from "../../query/interpret/held-row.ts";
import type { Site } from "../../query/interpret/site.ts";
import { answerGivenRowid } from "../../run/write-support.ts";
import { answer, answered } from "../../value/value.ts";
import type { BoundAssignment, BoundUpdate } from "../bind/bound.ts";
import type { RowRecord } from "./record.ts";

export class Assigner {
  readonly columns: BoundUpdate["assigned"];
  readonly #evaluators: readonly Evaluate[];

  constructor(site: Site, assignments: readonly BoundAssignment[]) {
    this.columns = assignments.map(({ column }) => column);
    this.#evaluators = assignments.map(({ value }) => evaluatorOf(site, value));
  }

  assign(record: RowRecord): void {
    const values = holdRow({ answer: (column) => this.#evaluators[column]!() }, this.#evaluators.length);
    assign(record, this.columns, values, 0);
  }
}

/** Puts the values, from `from` on, into the columns; undefined is the rowid. */
export function assign(
  record: RowRecord,
  columns: BoundUpdate["assigned"],
  { tags, values }: HeldRow,
  from: number,
): void {
  for (const [position, column] of columns.entries()) {
    const tag = tags[from + position]!;
    const value = values[from + position]!;
    if (column === undefined) {
      answerGivenRowid(tag, value);
      record.setRowid(answer.tag, answered());
    } else {
      record.set(column.index, tag, value);
    }
  }
}
