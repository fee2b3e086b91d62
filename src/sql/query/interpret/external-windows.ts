/**
 * Window functions over any number of rows: sorted for one window after the other (spill/), and worked out partition by partition, so
 * that there is one partition in memory. That has to fit (`heldRows`).
 *
 *    row:  │ what windows and what comes behind them need │ values of the calls so far │ when it came │
 *
 *    rows ─▶ sorted for the first window ─▶ its calls ─▶ sorted for the second ─▶ … ─▶ the last one's, as they come
 */
import type { TableCall, TableWindow, WindowKey } from "../../run/window-call.ts";
import { WindowTable } from "../../run/window-table.ts";
import { ascending } from "../../spill/distinct-rows.ts";
import { ExternalSorter, type SortedRows } from "../../spill/external-sorter.ts";
import { compareKeys } from "../../spill/key-encoder.ts";
import type { Spill } from "../../spill/spill.ts";
import { answerNull, answerValue, INTEGER, type SqlValue, type Tag } from "../../value/value.ts";
import type { Source } from "../bind/bound.ts";
import type { WindowingPlan } from "../plan/plan.ts";
import { windowLayout } from "../plan/window-layout.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { evaluatorOf } from "./expression.ts";
import { answerHeld, type HeldRow, holdRow } from "./held-row.ts";
import type { RowCursor, Rows, Site } from "./site.ts";
import { type EndsOf, frameEnds, windowCursors } from "./window-rows.ts";

/** Calls beside one another that have the same window. */
interface Stage {
  readonly window: TableWindow;
  readonly calls: readonly TableCall[];
  /** The number of the first of them. */
  readonly first: number;
}

export class ExternalWindows implements Rows {
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly #execution: Execution;
  readonly #spill: Spill;
  readonly #rows: Rows;
  readonly #kept: readonly Evaluate[];
  readonly #stages: readonly Stage[];
  readonly #endsOf: () => EndsOf;
  /** The partitions of the last window. */
  #last: Partitions | undefined;
  #next: number;
  /** −1: every column is NULL. */
  #row: number;

  /** `site` is that of the rows. */
  constructor(execution: Execution, spill: Spill, site: Site, rows: Rows, plan: WindowingPlan) {
    const { columns, calls } = windowLayout(plan);
    this.#execution = execution;
    this.#spill = spill;
    this.#rows = rows;
    this.#kept = columns.map((column) => evaluatorOf(site, column));
    this.#stages = stagesOf(calls);
    const endsOf = frameEnds(site, plan);
    // As in memory they are worked out once, whatever they are.
    this.#endsOf = () => remembered(endsOf);
    this.#last = undefined;
    this.#next = 0;
    this.#row = -1;
    this.cursors = windowCursors(plan, {
      kept: (place) => this.#answer(place),
      result: (call) => this.#answer(columns.length + call),
    });
  }

  open(): void {
    this.close();
    const stages = this.#stages;
    const endsOf = this.#endsOf();
    let sorter = this.#sortAll();
    for (const [index, stage] of stages.entries()) {
      const partitions = new Partitions(this.#execution, sorter.finish(), {
        stage,
        columns: this.#kept.length,
        endsOf,
      });
      const following = stages[index + 1];
      if (following === undefined) {
        this.#last = partitions;
        return;
      }
      sorter = new ExternalSorter(this.#spill, termsOf(following.window));
      while (partitions.next()) {
        for (const row of partitions.table.order) {
          const held = partitions.row(row);
          sorter.add(keysOf(following.window, held), held);
        }
      }
      partitions.close();
    }
  }

  next(): boolean {
    const last = this.#last!;
    if (this.#next === last.table.order.length) {
      if (!last.next()) {
        return false;
      }
      this.#next = 0;
    }
    this.#row = last.table.order[this.#next++]!;
    return true;
  }

  close(): void {
    this.#last?.close();
    this.#last = undefined;
    this.#next = 0;
    this.#row = -1;
  }

  setMissing(): void {
    this.#row = -1;
  }

  #sortAll(): ExternalSorter {
    const { window } = this.#stages[0]!;
    const sorter = new ExternalSorter(this.#spill, termsOf(window));
    let arrivals = 0;
    const column = (place: number): void =>
      place < this.#kept.length ? this.#kept[place]!() : answerValue(INTEGER, arrivals);
    try {
      this.#rows.open();
      while (this.#rows.next()) {
        const row = holdRow({ answer: column }, this.#kept.length + 1);
        sorter.add(keysOf(window, row), row);
        arrivals++;
      }
    } finally {
      this.#rows.close();
    }
    return sorter;
  }

  #answer(place: number): void {
    this.#row < 0 ? answerNull() : this.#last!.answer(this.#row, place);
  }
}

interface PartitionShape {
  readonly stage: Stage;
  /** What is kept of a row, values of calls and when it came left out. */
  readonly columns: number;
  readonly endsOf: EndsOf;
}

/** The partitions of a window, one after the other, with the values of its calls. */
class Partitions {
  table: WindowTable;
  readonly #execution: Execution;
  readonly #rows: SortedRows;
  readonly #shape: PartitionShape;
  /** Of each row in the table the values of earlier calls, and when it came. */
  #carried: HeldRow[];
  /** The first row of the next partition. */
  #pending: HeldRow | undefined;

  constructor(execution: Execution, rows: SortedRows, shape: PartitionShape) {
    this.table = new WindowTable(0, [], 0);
    this.#execution = execution;
    this.#rows = rows;
    this.#shape = shape;
    this.#carried = [];
    this.#pending = rows.next() ? rows.row() : undefined;
  }

  next(): boolean {
    const first = this.#pending;
    if (first === undefined) {
      return false;
    }
    const { stage, columns, endsOf } = this.#shape;
    const { partition } = stage.window;
    const terms = partition.map(termOf);
    const { rows: limit, bytes } = this.#execution.holding;
    const table = new WindowTable(columns, stage.calls, limit, bytes);
    this.#carried = [];
    const firstKeys = placesOf(partition, first);
    for (let row: HeldRow | undefined = first; row !== undefined; row = this.#pending) {
      if (compareKeys(terms, firstKeys, placesOf(partition, row)) !== 0) {
        break;
      }
      this.#take(table, row);
      this.#pending = this.#rows.next() ? this.#rows.row() : undefined;
    }
    table.compute((call) => endsOf(stage.first + call));
    this.table = table;
    return true;
  }

  /** What the next window needs of a row of the table. */
  row(row: number): HeldRow {
    const { columns, stage } = this.#shape;
    const width = columns + stage.first + stage.calls.length;
    const { tags, values } = holdRow({ answer: (place) => this.answer(row, place) }, width);
    const { tags: carriedTags, values: carried } = this.#carried[row]!;
    return { tags: [...tags, carriedTags.at(-1)!], values: [...values, carried.at(-1)!] };
  }

  answer(row: number, place: number): void {
    const { columns, stage } = this.#shape;
    if (place < columns) {
      this.table.columns[place]!.answer(row);
    } else if (place < columns + stage.first) {
      answerHeld(this.#carried[row], place - columns);
    } else {
      this.table.results[place - columns - stage.first]!.answer(row);
    }
  }

  close(): void {
    this.#rows.close();
  }

  #take(table: WindowTable, { tags, values }: HeldRow): void {
    const { columns } = this.#shape;
    const row = table.newRow();
    for (let column = 0; column < columns; column++) {
      answerValue(tags[column]!, values[column]!);
      table.columns[column]!.take(row);
    }
    this.#carried.push({ tags: tags.slice(columns), values: values.slice(columns) });
  }
}

function stagesOf(calls: readonly TableCall[]): Stage[] {
  const stages: { window: TableWindow; calls: TableCall[]; first: number }[] = [];
  for (const [first, call] of calls.entries()) {
    const stage = stages.at(-1);
    if (stage?.window === call.window) {
      stage.calls.push(call);
    } else {
      stages.push({ window: call.window, calls: [call], first });
    }
  }
  return stages;
}

function remembered(endsOf: EndsOf): EndsOf {
  const known = new Map<number, ReturnType<EndsOf>>();
  return (call) => {
    const ends = known.get(call) ?? endsOf(call);
    known.set(call, ends);
    return ends;
  };
}

function termOf({ descending, nullsFirst, collation }: WindowKey) {
  return { descending, nullsFirst, collation };
}

/** Rows that are alike stay in the order in which they came first. */
function termsOf({ partition, ordering }: TableWindow) {
  return [...partition.map(termOf), ...ordering.map(termOf), ...ascending([undefined])];
}

function keysOf({ partition, ordering }: TableWindow, row: HeldRow): HeldRow {
  const { tags, values } = placesOf([...partition, ...ordering], row);
  return { tags: [...tags, row.tags.at(-1)!], values: [...values, row.values.at(-1)!] };
}

function placesOf(keys: readonly WindowKey[], row: HeldRow): HeldRow {
  const tags: Tag[] = [];
  const values: SqlValue[] = [];
  for (const { place } of keys) {
    tags.push(row.tags[place]!);
    values.push(row.values[place]!);
  }
  return { tags, values };
}
