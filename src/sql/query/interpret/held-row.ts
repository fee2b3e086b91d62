/**
 * A row of results that was worked out once: whoever needs a column of it again takes it from here, since to work it out again
 * takes time, and gives another value where it draws or counts.
 */
import { checkHeldBytes, type Holding, tooManyRows } from "../../run/holding.ts";
import type { RowSorter } from "../../run/sorter.ts";
import type { ValueSet } from "../../run/value-set.ts";
import { answer, answered, answerNull, answerValue, BLOB, type SqlValue, type Tag } from "../../value/value.ts";
import type { Results } from "./site.ts";

export interface HeldRow {
  readonly tags: readonly Tag[];
  readonly values: readonly SqlValue[];
}

/** The row that the results are at. */
export function holdRow(results: Pick<Results, "answer">, columns: number): HeldRow {
  const tags: Tag[] = [];
  const values: SqlValue[] = [];
  for (let column = 0; column < columns; column++) {
    results.answer(column);
    tags.push(answer.tag);
    // Bytes lie where the next row will be.
    values.push(answer.tag === BLOB ? (answered() as Uint8Array).slice() : answered());
  }
  return { tags, values };
}

/** Leaves a column in `answer`; NULL where there is no row. */
export function answerHeld(row: HeldRow | undefined, column: number): void {
  if (row === undefined) {
    answerNull();
  } else {
    answerValue(row.tags[column]!, row.values[column]!);
  }
}

/** Writes a row into a set, to be added or looked up. */
export function enterRow(set: ValueSet, { tags, values }: HeldRow): void {
  set.begin();
  for (const [column, tag] of tags.entries()) {
    set.value(column, tag, values[column]!);
  }
}

/** Offers what is to be put in order, under such keys; false: it cannot be among what is wanted. */
export function offerRow(sorter: RowSorter, { tags, values }: HeldRow, row: unknown): boolean {
  const slot = sorter.offerValue(tags[0]!, values[0]!);
  if (slot < 0) {
    return false;
  }
  for (let term = 1; term < tags.length; term++) {
    sorter.keyValue(slot, term, tags[term]!, values[term]!);
  }
  sorter.rows[slot] = row;
  return true;
}

/** All rows that results give from here on, as many as the statement may hold. */
export function holdAll(
  results: Pick<Results, "answer" | "next">,
  columns: number,
  { rows: limit, bytes }: Holding,
): HeldRow[] {
  const rows: HeldRow[] = [];
  while (results.next()) {
    if (rows.length === limit) {
      throw tooManyRows(limit);
    }
    checkHeldBytes(rows, bytes);
    rows.push(holdRow(results, columns));
  }
  return rows;
}
