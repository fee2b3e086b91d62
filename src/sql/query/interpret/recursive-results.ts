/**
 * WITH RECURSIVE: the rows of the initial query wait in a queue; each is taken out, given to the caller, and shown to the
 * recursive queries, whose rows wait behind it (or, with an ORDER BY, where they belong).
 */
import { RowArena } from "../../run/row-arena.ts";
import type { SortTerm } from "../../run/sorter.ts";
import { ValueSet } from "../../run/value-set.ts";
import type { Collation } from "../../value/collation.ts";
import { compareValues } from "../../value/compare.ts";
import { answer, answered, NULL, type SqlValue, type Tag } from "../../value/value.ts";
import { enter } from "./compound-results.ts";
import { ArenaCursor, keepRow } from "./computed-cursor.ts";
import type { Execution } from "./execution.ts";
import type { Results, Rows } from "./site.ts";

/** The one row that the recursive queries are shown. */
export class RecursionRows implements Rows {
  readonly cursor: ArenaCursor;
  /** The row, in the arena of all. */
  row: number;
  #isBefore: boolean;

  constructor() {
    this.cursor = new ArenaCursor();
    this.row = -1;
    this.#isBefore = false;
  }

  open(): void {
    this.#isBefore = true;
  }

  next(): boolean {
    const { row } = this;
    this.cursor.row = row;
    const isThere = this.#isBefore && row >= 0;
    this.#isBefore = false;
    return isThere;
  }

  close(): void {}

  setMissing(): void {
    this.cursor.row = -1;
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
  readonly ordering: readonly (SortTerm & { readonly column: number })[];
}

export class RecursiveResults implements Results {
  readonly #execution: Execution;
  readonly #parts: RecursionParts;
  readonly #cursor: ArenaCursor;
  #seen: ValueSet | undefined;
  #arena: RowArena;
  #queue: Queue;
  #isOpen: boolean;

  constructor(execution: Execution, parts: RecursionParts) {
    this.#execution = execution;
    this.#parts = parts;
    this.#cursor = new ArenaCursor();
    this.#seen = undefined;
    this.#arena = new RowArena(0);
    this.#queue = new Queue([]);
    this.#isOpen = false;
  }

  open(): void {
    const { heldRows } = this.#execution;
    const { collations, ordering, initial, shown } = this.#parts;
    this.#arena = new RowArena(heldRows);
    this.#seen = collations === undefined ? undefined : new ValueSet(collations, heldRows);
    this.#queue = new Queue(ordering);
    this.#cursor.arena = this.#arena;
    this.#cursor.row = -1;
    shown.cursor.arena = this.#arena;
    this.#isOpen = true;
    this.#take(initial);
  }

  next(): boolean {
    // The row that was given out last is shown to the recursive queries when another one is asked for.
    const { shown, steps } = this.#parts;
    if (!this.#isOpen) {
      return false;
    }
    if (this.#cursor.row >= 0) {
      shown.row = this.#cursor.row;
      for (const step of steps) {
        this.#take(step);
      }
    }
    const row = this.#queue.take();
    this.#cursor.row = row;
    this.#isOpen = row >= 0;
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
    this.#parts.shown.row = -1;
  }

  answer(column: number): void {
    this.#cursor.answer(column);
  }

  #take(results: Results): void {
    const { columns, ordering } = this.#parts;
    const arena = this.#arena;
    results.open();
    try {
      while (results.next()) {
        if (this.#seen !== undefined) {
          const { count } = this.#seen;
          enter(results, this.#seen, columns);
          if (this.#seen.add() !== count) {
            continue;
          }
        }
        const row = keepRow(arena, columns, (column) => results.answer(column));
        const tags: Tag[] = [];
        const values: SqlValue[] = [];
        for (const { column } of ordering) {
          results.answer(column);
          tags.push(answer.tag);
          values.push(answered());
        }
        this.#queue.add({ row, tags, values });
      }
    } finally {
      results.close();
    }
  }
}

interface Waiting {
  readonly row: number;
  readonly tags: readonly Tag[];
  readonly values: readonly SqlValue[];
}

/** A binary heap by ORDER BY, then by when a row came; without an order a queue. */
class Queue {
  readonly #terms: readonly SortTerm[];
  readonly #heap: Waiting[];
  #first: number;

  constructor(terms: readonly SortTerm[]) {
    this.#terms = terms;
    this.#heap = [];
    this.#first = 0;
  }

  add(waiting: Waiting): void {
    const heap = this.#heap;
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

  /** −1: there is none. */
  take(): number {
    const heap = this.#heap;
    if (this.#terms.length === 0) {
      const next = heap[this.#first];
      if (next === undefined) {
        return -1;
      }
      this.#first++;
      if (this.#first > heap.length / 2) {
        heap.splice(0, this.#first);
        this.#first = 0;
      }
      return next.row;
    }
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) {
      return -1;
    }
    if (heap.length > 0) {
      this.#sink(last);
    }
    return first.row;
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
    for (const [index, { descending, nullsFirst, collation }] of this.#terms.entries()) {
      const aTag = a.tags[index]!;
      const bTag = b.tags[index]!;
      if (aTag === NULL || bTag === NULL) {
        if (aTag !== bTag) {
          return (aTag === NULL) === nullsFirst ? -1 : 1;
        }
        continue;
      }
      const order = compareValues(aTag, a.values[index]!, bTag, b.values[index]!, collation);
      if (order !== 0) {
        return descending ? -order : order;
      }
    }
    return a.row - b.row;
  }
}
