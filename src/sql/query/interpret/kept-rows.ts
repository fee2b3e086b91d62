/** Rows that are found once and read as often as needed. */

import { ROWID_INDEX } from "../../catalog/schema.ts";
import type { Holding } from "../../run/holding.ts";
import { RowArena } from "../../run/row-arena.ts";
import { answerNull } from "../../value/value.ts";
import type { Source } from "../bind/bound.ts";
import { ArenaCursor, keepRow } from "./computed-cursor.ts";
import type { Execution } from "./execution.ts";
import type { KeptSide } from "./joins.ts";
import type { Results, RowCursor, Rows } from "./site.ts";

/** Rows that are there once, and gone through in several places. */
export interface Kept {
  /** Goes through them by itself, and the row that it is at. */
  newRows(): { readonly rows: Rows; readonly cursor: RowCursor };
}

/** The results of a query, kept for one execution of the statement; or, where they depend on rows around it, until asked for anew. */
export class KeptResults implements Kept {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #columns: number;
  readonly #isConstant: boolean;
  #arena: RowArena | undefined;
  #number: number;

  constructor(execution: Execution, results: Results, columns: number, isConstant: boolean) {
    this.#execution = execution;
    this.#results = results;
    this.#columns = columns;
    this.#isConstant = isConstant;
    this.#arena = undefined;
    this.#number = -1;
    execution.onEnd(() => {
      this.#arena = undefined;
    });
  }

  newRows(): { readonly rows: Rows; readonly cursor: RowCursor } {
    const rows = new ArenaRows(() => this.#rows());
    return { rows, cursor: rows.cursor };
  }

  /** All rows. */
  #rows(): RowArena {
    if (this.#arena === undefined || !this.#isConstant || this.#number !== this.#execution.number) {
      this.#arena = this.#read();
      this.#number = this.#execution.number;
    }
    return this.#arena;
  }

  #read(): RowArena {
    const { rows: limit, bytes } = this.#execution.holding;
    const arena = new RowArena(limit, bytes);
    const results = this.#results;
    const answerColumn = (column: number): void => results.answer(column);
    try {
      results.open();
      while (results.next()) {
        keepRow(arena, this.#columns, answerColumn);
      }
    } finally {
      results.close();
    }
    return arena;
  }
}

/** Goes through the rows of an arena. */
class ArenaRows implements Rows {
  readonly cursor: ArenaCursor;
  readonly #rows: () => RowArena;
  #next: number;

  constructor(rows: () => RowArena) {
    this.cursor = new ArenaCursor();
    this.#rows = rows;
    this.#next = 0;
  }

  open(): void {
    this.cursor.arena = this.#rows();
    this.#next = 0;
  }

  next(): boolean {
    if (this.#next === this.cursor.arena!.count) {
      return false;
    }
    this.cursor.row = this.#next++;
    return true;
  }

  close(): void {}

  setMissing(): void {
    this.cursor.row = -1;
  }
}

/** Columns of several sources in one row: those of a source begin at its place, with the rowid. */
class PartCursor implements RowCursor {
  readonly #whole: RowCursor;
  readonly #first: number;

  constructor(whole: RowCursor, first: number) {
    this.#whole = whole;
    this.#first = first;
  }

  answer(column: number): void {
    this.#whole.answer(this.#first + column - ROWID_INDEX);
  }
}

/** What leaves each column of such a row in `answer`, and what its sources are when the whole of it is read from elsewhere. */
export function partsOf(
  sources: readonly Source[],
  cursorOf: (source: Source) => RowCursor,
  whole: RowCursor,
): { readonly cursors: ReadonlyMap<Source, RowCursor>; readonly columns: readonly (() => void)[] } {
  const cursors = new Map<Source, RowCursor>();
  const columns: (() => void)[] = [];
  for (const source of sources) {
    const cursor = cursorOf(source);
    cursors.set(source, new PartCursor(whole, columns.length));
    columns.push(source.rowid === undefined ? answerNull : () => cursor.answer(ROWID_INDEX));
    for (const { index } of source.columns) {
      columns.push(() => cursor.answer(index));
    }
  }
  return { cursors, columns };
}

/** The inner side of a hash join: the rows of all its sources, kept as they were. */
export class KeptSources implements KeptSide {
  /** What the sources' columns are once the rows are kept. */
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly rows: Rows;
  readonly #whole: ArenaCursor;
  readonly #holding: Holding;
  readonly #columns: readonly (() => void)[];

  constructor(rows: Rows, sources: readonly Source[], cursorOf: (source: Source) => RowCursor, holding: Holding) {
    const whole = new ArenaCursor();
    const { cursors, columns } = partsOf(sources, cursorOf, whole);
    this.cursors = cursors;
    this.rows = {
      open: () => rows.open(),
      next: () => rows.next(),
      close: () => rows.close(),
      setMissing: () => {
        whole.row = -1;
      },
    };
    this.#whole = whole;
    this.#holding = holding;
    this.#columns = columns;
  }

  fill(visit: (row: number) => void): number {
    const { rows: limit, bytes } = this.#holding;
    const arena = new RowArena(limit, bytes);
    const answerColumn = (column: number): void => this.#columns[column]!();
    try {
      this.rows.open();
      while (this.rows.next()) {
        visit(keepRow(arena, this.#columns.length, answerColumn));
      }
    } finally {
      this.rows.close();
    }
    this.#whole.arena = arena;
    return arena.count;
  }

  goTo(row: number): void {
    this.#whole.row = row;
  }

  letGo(): void {
    this.#whole.arena = undefined;
  }
}
