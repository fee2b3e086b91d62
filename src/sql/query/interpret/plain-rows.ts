/** Rows and results that take a few lines each. */
import type { Evaluate } from "./evaluate.ts";
import type { Results, Rows } from "./site.ts";

/** A query without FROM: one row without columns. */
export class OneRow implements Rows {
  #isBefore: boolean;

  constructor() {
    this.#isBefore = false;
  }

  open(): void {
    this.#isBefore = true;
  }

  next(): boolean {
    const isThere = this.#isBefore;
    this.#isBefore = false;
    return isThere;
  }

  close(): void {}

  setMissing(): void {}
}

/** The rows for which `holds`. */
export function filtered(rows: Rows, holds: (() => boolean) | undefined): Rows {
  return holds === undefined
    ? rows
    : {
        open: () => rows.open(),
        next: () => {
          while (rows.next()) {
            if (holds()) {
              return true;
            }
          }
          return false;
        },
        close: () => rows.close(),
        setMissing: () => rows.setMissing(),
      };
}

/** The result columns of a SELECT, worked out when they are asked for. */
export class CoreResults implements Results {
  readonly #rows: Rows;
  readonly #columns: readonly Evaluate[];

  constructor(rows: Rows, columns: readonly Evaluate[]) {
    this.#rows = rows;
    this.#columns = columns;
  }

  open(): void {
    this.#rows.open();
  }

  next(): boolean {
    return this.#rows.next();
  }

  close(): void {
    this.#rows.close();
  }

  answer(column: number): void {
    this.#columns[column]!();
  }
}

export class ValuesResults implements Results {
  readonly #rows: readonly (readonly Evaluate[])[];
  #row: number;

  constructor(rows: readonly (readonly Evaluate[])[]) {
    this.#rows = rows;
    this.#row = -1;
  }

  open(): void {
    this.#row = -1;
  }

  next(): boolean {
    this.#row++;
    return this.#row < this.#rows.length;
  }

  close(): void {}

  answer(column: number): void {
    this.#rows[this.#row]![column]!();
  }
}
