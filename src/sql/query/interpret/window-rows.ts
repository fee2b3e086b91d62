/** Window functions: all rows first, into a table (run/window-table.ts); then the rows one by one, with the value of each call. */
import type { Cells } from "../../run/cells.ts";
import type { FrameEnds } from "../../run/window-call.ts";
import { WindowTable } from "../../run/window-table.ts";
import { answerNull } from "../../value/value.ts";
import type { Source } from "../bind/bound.ts";
import type { WindowingPlan } from "../plan/plan.ts";
import { windowLayout } from "../plan/window-layout.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { evaluatorOf } from "./expression.ts";
import { frameEnd } from "./frame-end.ts";
import type { RowCursor, Rows, Site } from "./site.ts";

/** Where the frames of a call begin and end. */
export type EndsOf = (call: number) => FrameEnds;

export class WindowRows implements Rows {
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly #execution: Execution;
  readonly #rows: Rows;
  readonly #layout: ReturnType<typeof windowLayout>;
  readonly #kept: readonly Evaluate[];
  readonly #endsOf: EndsOf;
  #table: WindowTable;
  #next: number;
  /** −1: every column is NULL. */
  #row: number;

  /** `site` is that of the rows. */
  constructor(execution: Execution, site: Site, rows: Rows, plan: WindowingPlan) {
    this.#execution = execution;
    this.#rows = rows;
    this.#layout = windowLayout(plan);
    this.#kept = this.#layout.columns.map((column) => evaluatorOf(site, column));
    this.#endsOf = frameEnds(site, plan);
    this.#table = new WindowTable(0, [], 0);
    this.#next = 0;
    this.#row = -1;
    this.cursors = windowCursors(plan, {
      kept: (place) => this.#answer(this.#table.columns[place]!),
      result: (call) => this.#answer(this.#table.results[call]!),
    });
  }

  open(): void {
    const { columns, calls } = this.#layout;
    const { rows: limit, bytes } = this.#execution.holding;
    const table = new WindowTable(columns.length, calls, limit, bytes);
    const kept = this.#kept;
    try {
      this.#rows.open();
      while (this.#rows.next()) {
        const row = table.newRow();
        for (let column = 0; column < kept.length; column++) {
          kept[column]!();
          table.columns[column]!.take(row);
        }
      }
    } finally {
      this.#rows.close();
    }
    table.compute(this.#endsOf);
    this.#table = table;
    this.#next = 0;
  }

  next(): boolean {
    const { order } = this.#table;
    if (this.#next === order.length) {
      return false;
    }
    this.#row = order[this.#next++]!;
    return true;
  }

  close(): void {
    this.#table = new WindowTable(0, [], 0);
    this.#next = 0;
  }

  setMissing(): void {
    this.#row = -1;
  }

  #answer(cells: Cells): void {
    this.#row < 0 ? answerNull() : cells.answer(this.#row);
  }
}

export function frameEnds(site: Site, { calls }: WindowingPlan): EndsOf {
  const ends = calls.map(({ window }) => ({
    start: frameEnd(site, window, "start"),
    end: frameEnd(site, window, "end"),
  }));
  return (call) => ({ start: ends[call]!.start(), end: ends[call]!.end() });
}

/** What sources are behind windows: `kept` answers what is kept of a row by its place, `result` the value of a call. */
export function windowCursors(
  { kept, source }: WindowingPlan,
  answers: { readonly kept: (place: number) => void; readonly result: (call: number) => void },
): ReadonlyMap<Source, RowCursor> {
  const places = new Map<Source, Map<number, number>>();
  kept.forEach((column, place) => {
    const ofSource = places.get(column.source) ?? new Map<number, number>();
    places.set(column.source, ofSource.set(column.column.index, place));
  });
  const cursors = new Map<Source, RowCursor>();
  for (const [of, ofSource] of places) {
    cursors.set(of, { answer: (column) => answers.kept(ofSource.get(column)!) });
  }
  return cursors.set(source, { answer: answers.result });
}
