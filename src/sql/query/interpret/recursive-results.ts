/**
 * WITH RECURSIVE: the rows of the initial query wait in a queue; each is taken out, given to the caller, and shown to the
 * recursive queries, whose rows wait behind it (or, with an ORDER BY, where they belong).
 */
import { DbError } from "../../../errors.ts";
import type { SortTerm } from "../../run/sorter.ts";
import { ValueSet } from "../../run/value-set.ts";
import { countWork } from "../../run/work.ts";
import type { Collation } from "../../value/collation.ts";
import { compareValues } from "../../value/compare.ts";
import { NULL } from "../../value/value.ts";
import { forEachRow } from "./compound-results.ts";
import type { Execution } from "./execution.ts";
import { answerHeld, enterRow, type HeldRow } from "./held-row.ts";
import type { Results, RowCursor, Rows } from "./site.ts";

/** The one row that the recursive queries are shown. */
export class RecursionRows implements Rows, RowCursor {
  row: HeldRow | undefined;
  #isBefore: boolean;
  #isMissing: boolean;

  constructor() {
    this.row = undefined;
    this.#isBefore = false;
    this.#isMissing = false;
  }

  open(): void {
    this.#isBefore = true;
  }

  next(): boolean {
    const isThere = this.#isBefore && this.row !== undefined;
    this.#isBefore = false;
    this.#isMissing = false;
    return isThere;
  }

  close(): void {}

  setMissing(): void {
    this.#isMissing = true;
  }

  answer(column: number): void {
    answerHeld(this.#isMissing ? undefined : this.row, column);
  }
}

export interface RecursionParts {
  readonly initial: Results;
  readonly steps: readonly Results[];
  readonly shown: RecursionRows;
  readonly columns: number;
  /** Undefined: UNION ALL. */
  readonly collations: readonly (Collation | undefined)[] | undefined;
  /** ORDER BY, by columns of the result. */
  readonly ordering: readonly OrderedColumn[];
}

type OrderedColumn = SortTerm & { readonly column: number };

export class RecursiveResults implements Results {
  readonly #execution: Execution;
  readonly #parts: RecursionParts;
  #seen: ValueSet | undefined;
  #queue: Queue;
  #row: HeldRow | undefined;
  #isOpen: boolean;

  constructor(execution: Execution, parts: RecursionParts) {
    this.#execution = execution;
    this.#parts = parts;
    this.#seen = undefined;
    this.#queue = new Queue([]);
    this.#row = undefined;
    this.#isOpen = false;
  }

  open(): void {
    const { collations, ordering, initial } = this.#parts;
    this.#seen = collations === undefined ? undefined : new ValueSet(collations, Number.POSITIVE_INFINITY);
    this.#queue = new Queue(ordering);
    this.#row = undefined;
    this.#isOpen = true;
    this.#take(initial);
  }

  next(): boolean {
    if (!this.#isOpen) {
      return false;
    }
    countWork(1);
    // The row that was given out last is shown to the recursive queries when another one is asked for.
    const { shown, steps } = this.#parts;
    if (this.#row !== undefined) {
      shown.row = this.#row;
      for (const step of steps) {
        this.#take(step);
      }
    }
    this.#row = this.#queue.take();
    this.#isOpen = this.#row !== undefined;
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
    this.#seen = undefined;
    this.#queue = new Queue([]);
    this.#row = undefined;
    this.#parts.shown.row = undefined;
  }

  answer(column: number): void {
    answerHeld(this.#row, column);
  }

  #take(results: Results): void {
    const { heldRows } = this.#execution;
    forEachRow(results, this.#parts.columns, (row) => {
      const seen = this.#seen;
      if (seen !== undefined) {
        const { count } = seen;
        enterRow(seen, row);
        if (seen.add() !== count) {
          return;
        }
      }
      // No disk helps.
      if (this.#queue.length === heldRows || seen?.count === heldRows + 1) {
        throw new DbError("FULL", `a statement may hold ${heldRows} rows (option heldRows)`, { limit: heldRows });
      }
      this.#queue.add(row);
    });
  }
}

interface Waiting {
  readonly row: HeldRow;
  /** When it came. */
  readonly number: number;
}

/** A binary heap by ORDER BY, then by when a row came; without an order a queue. */
class Queue {
  readonly #terms: readonly OrderedColumn[];
  readonly #heap: Waiting[];
  #first: number;
  #numbers: number;

  constructor(terms: readonly OrderedColumn[]) {
    this.#terms = terms;
    this.#heap = [];
    this.#first = 0;
    this.#numbers = 0;
  }

  get length(): number {
    return this.#heap.length - this.#first;
  }

  add(row: HeldRow): void {
    const heap = this.#heap;
    const waiting = { row, number: this.#numbers++ };
    heap.push(waiting);
    if (this.#terms.length === 0) {
      return;
    }
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#compare(heap[parent]!, waiting) <= 0) {
        break;
      }
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = waiting;
  }

  take(): HeldRow | undefined {
    const heap = this.#heap;
    if (this.#terms.length === 0) {
      const next = heap[this.#first];
      if (next !== undefined) {
        this.#first++;
        if (this.#first > heap.length / 2) {
          heap.splice(0, this.#first);
          this.#first = 0;
        }
      }
      return next?.row;
    }
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      this.#sink(last);
    }
    return first?.row;
  }

  #sink(waiting: Waiting): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && this.#compare(heap[child + 1]!, heap[child]!) < 0) {
        child++;
      }
      if (this.#compare(waiting, heap[child]!) <= 0) {
        break;
      }
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = waiting;
  }

  #compare(a: Waiting, b: Waiting): number {
    for (const { column, descending, nullsFirst, collation } of this.#terms) {
      const aTag = a.row.tags[column]!;
      const bTag = b.row.tags[column]!;
      if (aTag === NULL || bTag === NULL) {
        if (aTag !== bTag) {
          return (aTag === NULL) === nullsFirst ? -1 : 1;
        }
        continue;
      }
      const order = compareValues(aTag, a.row.values[column]!, bTag, b.row.values[column]!, collation);
      if (order !== 0) {
        return descending ? -order : order;
      }
    }
    return a.number - b.number;
  }
}
