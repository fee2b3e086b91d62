/** Rows that are found once and read as often as needed, any number of them: as those of memory (kept-rows.ts), with a disk (spill/). */

import { ascending } from "../../spill/distinct-rows.ts";
import { ExternalSorter } from "../../spill/external-sorter.ts";
import type { Spill } from "../../spill/spill.ts";
import { StoredRows, type StoredRowsReader } from "../../spill/stored-rows.ts";
import { answerNull } from "../../value/value.ts";
import { forEachRow } from "./compound-results.ts";
import type { Execution } from "./execution.ts";
import { type HeldRow, holdRow } from "./held-row.ts";
import type { Kept } from "./kept-rows.ts";
import type { Results, RowCursor, Rows } from "./site.ts";

/** The results of a query, stored for one execution of the statement; or, where they depend on rows around it, until asked for anew. */
export class StoredResults implements Kept {
  readonly #execution: Execution;
  readonly #spill: Spill;
  readonly #results: Results;
  readonly #columns: number;
  readonly #isConstant: boolean;
  #rows: StoredRows | undefined;
  #number: number;

  constructor(execution: Execution, spill: Spill, results: Results, columns: number, isConstant: boolean) {
    this.#execution = execution;
    this.#spill = spill;
    this.#results = results;
    this.#columns = columns;
    this.#isConstant = isConstant;
    this.#rows = undefined;
    this.#number = -1;
    execution.onEnd(() => {
      this.#rows = undefined;
    });
  }

  newRows(): { readonly rows: Rows; readonly cursor: RowCursor } {
    const rows = new StoredResultRows(() => this.#stored());
    return { rows, cursor: rows };
  }

  /** All rows. */
  #stored(): StoredRows {
    if (this.#rows === undefined || !this.#isConstant || this.#number !== this.#execution.number) {
      this.#rows?.close();
      const stored = new StoredRows(this.#spill);
      this.#rows = stored;
      forEachRow(this.#results, this.#columns, (row) => stored.add(row));
      this.#number = this.#execution.number;
    }
    return this.#rows;
  }
}

/** Goes through rows that are stored. */
class StoredResultRows implements Rows, RowCursor {
  readonly #rows: () => StoredRows;
  #reader: StoredRowsReader | undefined;
  #isMissing: boolean;

  constructor(rows: () => StoredRows) {
    this.#rows = rows;
    this.#reader = undefined;
    this.#isMissing = false;
  }

  open(): void {
    this.#reader = this.#rows().reader();
  }

  next(): boolean {
    this.#isMissing = false;
    return this.#reader!.next();
  }

  close(): void {
    this.#reader = undefined;
  }

  setMissing(): void {
    this.#isMissing = true;
  }

  answer(column: number): void {
    this.#isMissing || this.#reader === undefined ? answerNull() : this.#reader.answer(column);
  }
}

/** All rows that results give from here on. */
export function storeAll(spill: Spill, results: Pick<Results, "answer" | "next">, columns: number): Iterable<HeldRow> {
  const stored = new StoredRows(spill);
  while (results.next()) {
    stored.add(holdRow(results, columns));
  }
  return rowsOf(stored, columns);
}

function* rowsOf(stored: StoredRows, columns: number): Generator<HeldRow, void, undefined> {
  const reader = stored.reader();
  while (reader.next()) {
    yield reader.row(columns);
  }
  stored.close();
}

/** Of rows that begin with the same values, in so many columns, the last one. */
export function* lastOfEach(
  spill: Spill,
  rows: Iterable<HeldRow>,
  keyColumns: number,
): Generator<HeldRow, void, undefined> {
  const sorter = new ExternalSorter(spill, ascending(Array(keyColumns).fill(undefined)));
  for (const row of rows) {
    sorter.add({ tags: row.tags.slice(0, keyColumns), values: row.values.slice(0, keyColumns) }, row);
  }
  const sorted = sorter.finish();
  let last: HeldRow | undefined;
  while (sorted.next()) {
    if (last !== undefined && !sorted.isAlike) {
      yield last;
    }
    last = sorted.row();
  }
  if (last !== undefined) {
    yield last;
  }
  sorted.close();
}
