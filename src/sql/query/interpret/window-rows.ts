/**
 * Window functions: all rows first; then, for each window, partition by partition in its order; then the rows one by one, with
 * the value of each call.
 *
 * A row is kept with the columns that are read behind it and with all that the windows need: keys and arguments.
 */

import { type AggregateFunction, isAggregate, type WindowPlace } from "../../run/aggregate-function.ts";
import { RowArena } from "../../run/row-arena.ts";
import { Sorter } from "../../run/sorter.ts";
import { keptValue } from "../../run/value-set.ts";
import { type Frame, type FrameEnd, frameOf, type Partition, rowOf, rowsOf } from "../../run/window-frame.ts";
import type { Collation } from "../../value/collation.ts";
import { compareValues } from "../../value/compare.ts";
import { answer, answered, answerValue, INTEGER, type SqlValue, type Tag } from "../../value/value.ts";
import type { BoundWindow, Source, WindowCall } from "../bind/bound.ts";
import type { WindowingPlan } from "../plan/plan.ts";
import { ArenaCursor, keepRow } from "./computed-cursor.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { evaluatorOf, testOf } from "./expression.ts";
import { frameEnd } from "./frame-end.ts";
import { holdRow, offerRow } from "./held-row.ts";
import type { RowCursor, Rows, Site } from "./site.ts";

/** Where in a kept row the keys and arguments of a call begin. */
interface Places {
  readonly partition: number;
  readonly ordering: number;
  readonly list: number;
  /** −1: no FILTER. */
  readonly filter: number;
}

interface Computed {
  readonly tags: Uint8Array;
  readonly values: SqlValue[];
}

export class WindowRows implements Rows {
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly #execution: Execution;
  readonly #rows: Rows;
  readonly #calls: readonly WindowCall[];
  readonly #places: readonly Places[];
  readonly #kept: readonly Evaluate[];
  readonly #ends: readonly (readonly [() => FrameEnd, () => FrameEnd])[];
  readonly #cursor: ArenaCursor;
  #computed: Computed[];
  #order: number[];
  #next: number;

  /** `site` is that of the rows. */
  constructor(execution: Execution, site: Site, rows: Rows, plan: WindowingPlan) {
    const kept: Evaluate[] = plan.kept.map((column) => evaluatorOf(site, column));
    this.#execution = execution;
    this.#rows = rows;
    this.#calls = plan.calls;
    this.#places = plan.calls.map((call) => keepFor(site, call, kept));
    this.#kept = kept;
    this.#ends = plan.calls.map(({ window }) => [frameEnd(site, window, "start"), frameEnd(site, window, "end")]);
    this.#cursor = new ArenaCursor();
    this.#computed = [];
    this.#order = [];
    this.#next = 0;
    this.cursors = this.#makeCursors(plan);
  }

  open(): void {
    const arena = new RowArena(this.#execution.heldRows);
    try {
      this.#rows.open();
      while (this.#rows.next()) {
        keepRow(arena, this.#kept.length, (column) => this.#kept[column]!());
      }
    } finally {
      this.#rows.close();
    }
    this.#cursor.arena = arena;
    this.#next = 0;
    this.#computed = this.#calls.map(() => ({ tags: new Uint8Array(arena.count), values: [] }));
    let sortedBy: BoundWindow | undefined;
    this.#calls.forEach((call, index) => {
      if (sortedBy !== call.window) {
        this.#order = this.#sort(call, this.#places[index]!);
        sortedBy = call.window;
      }
      this.#compute(index);
    });
  }

  next(): boolean {
    if (this.#next === this.#order.length) {
      return false;
    }
    this.#cursor.row = this.#order[this.#next++]!;
    return true;
  }

  close(): void {
    this.#computed = [];
    this.#order = [];
    this.#next = 0;
    this.#cursor.arena = undefined;
  }

  setMissing(): void {
    this.#cursor.row = -1;
  }

  #makeCursors({ kept, source }: WindowingPlan): ReadonlyMap<Source, RowCursor> {
    const places = new Map<Source, Map<number, number>>();
    kept.forEach((column, place) => {
      const ofSource = places.get(column.source) ?? new Map<number, number>();
      places.set(column.source, ofSource.set(column.column.index, place));
    });
    const cursors = new Map<Source, RowCursor>();
    for (const [of, ofSource] of places) {
      cursors.set(of, { answer: (column) => this.#cursor.answer(ofSource.get(column)!) });
    }
    return cursors.set(source, {
      answer: (column) => {
        const { tags, values } = this.#computed[column]!;
        const { row } = this.#cursor;
        answerValue(tags[row] as Tag, values[row]!);
      },
    });
  }

  #sort({ window }: WindowCall, { partition, ordering }: Places): number[] {
    const terms = [
      ...window.partition.map(({ collation }) => ({ descending: false, nullsFirst: true, collation })),
      ...window.ordering,
    ];
    const { count } = this.#cursor.arena!;
    if (terms.length === 0) {
      return Array.from({ length: count }, (_, row) => row);
    }
    const sorter = new Sorter(terms, Number.POSITIVE_INFINITY, this.#execution.heldRows);
    for (let row = 0; row < count; row++) {
      const key = (term: number): void => {
        const isKey = term < window.partition.length;
        this.#answerAt(row, isKey ? partition + term : ordering + term - window.partition.length);
      };
      offerRow(sorter, holdRow({ answer: key }, terms.length), row);
    }
    const order: number[] = [];
    sorter.finish(order, 0, Number.POSITIVE_INFINITY);
    return order;
  }

  #answerAt(row: number, place: number): void {
    this.#cursor.row = row;
    this.#cursor.answer(place);
  }

  #compute(index: number): void {
    const { window } = this.#calls[index]!;
    const { partition } = this.#places[index]!;
    const collations = window.partition.map(({ collation }) => collation);
    const order = this.#order;
    for (let from = 0; from < order.length; ) {
      let to = from + 1;
      while (to < order.length && this.#areEqual(order[from]!, order[to]!, partition, collations)) {
        to++;
      }
      this.#computePartition(index, order.slice(from, to));
      from = to;
    }
  }

  #areEqual(
    a: number,
    b: number,
    place: number,
    collations: readonly BoundWindow["partition"][number]["collation"][],
  ): boolean {
    return collations.every((collation, index) => {
      this.#answerAt(a, place + index);
      const { tag } = answer;
      const value = answered();
      this.#answerAt(b, place + index);
      return compareValues(tag, value, answer.tag, answered(), collation) === 0;
    });
  }

  #computePartition(index: number, rows: readonly number[]): void {
    const call = this.#calls[index]!;
    const places = this.#places[index]!;
    const { window } = call;
    const partition = this.#partitionOf(window, places, rows);
    const [start, end] = this.#ends[index]!;
    this.#cursor.row = rows[0]!;
    const ends = { start: start(), end: end() };
    const frameAt = (position: number): Frame => frameOf(partition, window.unit, ends.start, ends.end, position);
    const keep = (position: number): void => {
      const { tags, values } = this.#computed[index]!;
      tags[rows[position]!] = answer.tag;
      values[rows[position]!] = keptValue(answer.tag, answered());
    };
    if (isAggregate(call.function)) {
      const { function: found } = call;
      const running = new Running(found.moving ?? found, call.collation, (position) =>
        this.#argumentsOf(call, places, rows[position]!),
      );
      for (let position = 0; position < rows.length; position++) {
        const frame = frameAt(position);
        if (window.exclusion === "no others") {
          running.moveTo(frame);
        } else {
          running.addAll(rowsOf(partition, frame, window.exclusion, position));
        }
        running.answer();
        keep(position);
      }
      return;
    }
    for (let position = 0; position < rows.length; position++) {
      call.function.answerAt(this.#placeOf(call, places, rows, partition, position, frameAt(position)));
      keep(position);
    }
  }

  #placeOf(
    { list, window }: WindowCall,
    places: Places,
    rows: readonly number[],
    partition: Partition,
    position: number,
    frame: Frame,
  ): WindowPlace {
    const set = partition.peerSets[position]!;
    return {
      position,
      size: partition.size,
      peersFrom: partition.setStarts[set]!,
      peersTo: partition.setStarts[set + 1]!,
      peersBefore: set,
      inFrame: (number) => rowOf(partition, frame, window.exclusion, position, number),
      arguments: list.length,
      argument: (at, index) => this.#answerAt(rows[at]!, places.list + index),
    };
  }

  #partitionOf({ ordering }: BoundWindow, places: Places, rows: readonly number[]): Partition {
    const collations = ordering.map(({ collation }) => collation);
    const peerSets = new Uint32Array(rows.length);
    const setStarts = [0];
    for (let position = 1; position < rows.length; position++) {
      if (!this.#areEqual(rows[position - 1]!, rows[position]!, places.ordering, collations)) {
        setStarts.push(position);
      }
      peerSets[position] = setStarts.length - 1;
    }
    return {
      size: rows.length,
      peerSets,
      setStarts: Uint32Array.from([...setStarts, rows.length]),
      answerKey: (position) => this.#answerAt(rows[position]!, places.ordering),
      isDescending: ordering[0]?.descending ?? false,
    };
  }

  /** Undefined: FILTER leaves the row out. */
  #argumentsOf({ list }: WindowCall, places: Places, row: number): { tags: Tag[]; values: SqlValue[] } | undefined {
    if (places.filter >= 0) {
      this.#answerAt(row, places.filter);
      if (answer.number !== 1) {
        return undefined;
      }
    }
    const tags: Tag[] = [];
    const values: SqlValue[] = [];
    for (let index = 0; index < list.length; index++) {
      this.#answerAt(row, places.list + index);
      tags.push(answer.tag);
      values.push(answered());
    }
    return { tags, values };
  }
}

/** The arguments in a row of the partition; undefined: FILTER leaves it out. */
type ArgumentsAt = (position: number) => { tags: Tag[]; values: SqlValue[] } | undefined;

/** An aggregate over a frame that moves: what enters is added and what leaves taken away, if the function can do that. */
class Running {
  readonly #function: AggregateFunction;
  readonly #collation: Collation | undefined;
  readonly #argumentsOf: ArgumentsAt;
  #state: unknown;
  #from: number;
  #to: number;

  constructor(found: AggregateFunction, collation: Collation | undefined, argumentsOf: ArgumentsAt) {
    this.#function = found;
    this.#collation = collation;
    this.#argumentsOf = argumentsOf;
    this.#state = found.begin(collation);
    this.#from = 0;
    this.#to = 0;
  }

  moveTo({ from, to }: Frame): void {
    const { remove } = this.#function;
    if (from < this.#from || to < this.#to || from > this.#to || (from > this.#from && remove === undefined)) {
      this.#state = this.#function.begin(this.#collation);
      this.#from = from;
      this.#to = from;
    }
    while (this.#to < to) {
      this.#add(this.#to++);
    }
    while (this.#from < from) {
      const list = this.#argumentsOf(this.#from++);
      if (list !== undefined) {
        remove!(this.#state, list.tags, list.values);
      }
    }
  }

  addAll(positions: Iterable<number>): void {
    this.#state = this.#function.begin(this.#collation);
    for (const position of positions) {
      this.#add(position);
    }
  }

  answer(): void {
    this.#function.answer(this.#state);
  }

  #add(position: number): void {
    const list = this.#argumentsOf(position);
    if (list !== undefined) {
      this.#function.add(this.#state, list.tags, list.values);
    }
  }
}

/** Has keys and arguments of a call kept with each row, too. */
function keepFor(site: Site, { list, filter, window }: WindowCall, kept: Evaluate[]): Places {
  const keep = (evaluators: readonly Evaluate[]): number => kept.push(...evaluators) - evaluators.length;
  const partition = keep(window.partition.map(({ value }) => evaluatorOf(site, value)));
  const ordering = keep(window.ordering.map(({ value }) => evaluatorOf(site, value)));
  const first = keep(list.map((part) => evaluatorOf(site, part)));
  if (filter === undefined) {
    return { partition, ordering, list: first, filter: -1 };
  }
  const test = testOf(site, filter);
  return { partition, ordering, list: first, filter: keep([() => answerValue(INTEGER, Number(test() === 1))]) };
}
