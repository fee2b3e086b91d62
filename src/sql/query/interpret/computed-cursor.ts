/** Rows that are not stored as they are: columns worked out when they are asked for, and rows that are kept in an arena. */
import { RowWriter, readColumn } from "../../row.ts";
import type { RowArena } from "../../run/row-arena.ts";
import { answer, answered, answerNull, type SqlValue, type Tag } from "../../value/value.ts";
import type { Results, RowCursor } from "./site.ts";

/** The row that the results of a query are at. */
export class ComputedCursor implements RowCursor {
  isMissing: boolean;
  readonly #results: Results;

  constructor(results: Results) {
    this.isMissing = false;
    this.#results = results;
  }

  answer(column: number): void {
    this.isMissing ? answerNull() : this.#results.answer(column);
  }
}

/** A row of an arena. */
export class ArenaCursor implements RowCursor {
  arena: RowArena | undefined;
  /** −1: every column is NULL. */
  row: number;

  constructor() {
    this.arena = undefined;
    this.row = -1;
  }

  answer(column: number): void {
    const { arena, row } = this;
    if (arena === undefined || row < 0) {
      answerNull();
    } else {
      readColumn(arena.u8, arena.data, arena.offsets[row]!, column);
    }
  }
}

const writer = new RowWriter();

/** Adds a row of so many columns to an arena; its number. */
export function keepRow(arena: RowArena, columns: number, answerColumn: (column: number) => void): number {
  // Answering a column may keep rows, too: all values are there before the first is written.
  const tags: Tag[] = [];
  const values: SqlValue[] = [];
  for (let column = 0; column < columns; column++) {
    answerColumn(column);
    tags.push(answer.tag);
    values.push(answered());
  }
  writer.begin(columns);
  for (let column = 0; column < columns; column++) {
    writer.add(tags[column]!, values[column]!);
  }
  writer.finish();
  return arena.add(writer);
}
