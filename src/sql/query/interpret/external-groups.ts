/**
 * GROUP BY of any number of groups: what the aggregates want of each row is sorted by the keys (spill/), and then added up group by
 * group, so that there is one group in memory.
 *
 *    keys ─▶ sorted by    row:  │ of each aggregate: 1 or NULL by FILTER, arguments, ORDER BY │ columns read behind the grouping │
 */
import { keptValue } from "../../run/value-set.ts";
import { ascending, DistinctRows } from "../../spill/distinct-rows.ts";
import { ExternalSorter, type SortedRows } from "../../spill/external-sorter.ts";
import type { Spill } from "../../spill/spill.ts";
import { answer, answered, INTEGER, NULL, type SqlValue, type Tag } from "../../value/value.ts";
import type { AggregateCall, Source } from "../bind/bound.ts";
import type { GroupingPlan } from "../plan/plan.ts";
import type { Evaluate } from "./evaluate.ts";
import { allOf, evaluatorOf } from "./expression.ts";
import { groupingCursors } from "./grouped-rows.ts";
import { answerHeld, type HeldRow } from "./held-row.ts";
import type { RowCursor, Rows, Site } from "./site.ts";

/** A row that is written value by value. */
interface WrittenRow extends HeldRow {
  readonly tags: Tag[];
  readonly values: SqlValue[];
}

class ExternalAggregate {
  /** Columns that it wants of a row. */
  readonly width: number;
  readonly #spill: Spill;
  readonly #call: AggregateCall;
  readonly #list: readonly Evaluate[];
  readonly #filter: (() => boolean) | undefined;
  readonly #ordering: readonly Evaluate[];
  #state: unknown;
  /** The arguments that it has had, where each counts once. */
  #seen: DistinctRows | undefined;
  /** Arguments that are still to be put in order. */
  #held: ExternalSorter | undefined;

  constructor(spill: Spill, site: Site, call: AggregateCall) {
    const isExtreme = call.function.isFromLast !== undefined;
    this.#spill = spill;
    this.#call = call;
    this.#list = call.list.map((part) => evaluatorOf(site, part));
    this.#filter = allOf(site, call.filter === undefined ? [] : [call.filter]);
    // To the least and the greatest no order matters.
    this.#ordering = isExtreme ? [] : call.ordering.map(({ value }) => evaluatorOf(site, value));
    this.width = 1 + this.#list.length + this.#ordering.length;
    this.#state = undefined;
    this.#seen = undefined;
    this.#held = undefined;
  }

  /** Puts what it wants of the row that the sources are at behind what is written. */
  write({ tags, values }: WrittenRow): void {
    if (this.#filter?.() === false) {
      for (let left = this.width; left > 0; left--) {
        tags.push(NULL);
        values.push(null);
      }
      return;
    }
    tags.push(INTEGER);
    values.push(1);
    for (const part of [...this.#list, ...this.#ordering]) {
      part();
      tags.push(answer.tag);
      values.push(keptValue(answer.tag, answered()));
    }
  }

  begin(): void {
    const { function: called, distinct, collation } = this.#call;
    this.close();
    this.#state = called.begin(collation);
    // To the least and the greatest it makes no difference.
    this.#seen = distinct && called.isFromLast === undefined ? new DistinctRows(this.#spill, [collation]) : undefined;
    this.#held = this.#ordering.length === 0 ? undefined : new ExternalSorter(this.#spill, this.#call.ordering);
  }

  /** Takes what it has written of a row, from that column on; whether the answer comes from it, which min and max know. */
  add(row: HeldRow, from: number): boolean {
    if (row.tags[from] === NULL) {
      return false;
    }
    const wanted = part(row, from + 1, this.width - 1);
    if (this.#seen !== undefined && !this.#seen.isNew(part(wanted, 0, 1), wanted)) {
      return false;
    }
    return this.#take(wanted);
  }

  /** After the last row of the group. */
  end(): void {
    const rest = this.#seen?.rest();
    while (rest?.next() === true) {
      this.#take(part(rest.row(), 0, this.width - 1));
    }
    const sorted = this.#held?.finish();
    while (sorted?.next() === true) {
      this.#addArguments(sorted.row());
    }
    this.close();
  }

  answer(): void {
    this.#call.function.answer(this.#state);
  }

  close(): void {
    this.#seen?.close();
    this.#held?.close();
    this.#seen = undefined;
    this.#held = undefined;
  }

  #take(wanted: HeldRow): boolean {
    const arguments_ = part(wanted, 0, this.#list.length);
    if (this.#held === undefined) {
      this.#addArguments(arguments_);
      return this.#call.function.isFromLast?.(this.#state) ?? false;
    }
    this.#held.add(part(wanted, this.#list.length, this.#ordering.length), arguments_);
    return false;
  }

  #addArguments({ tags, values }: HeldRow): void {
    this.#call.function.add(this.#state, tags, values);
  }
}

function part({ tags, values }: HeldRow, from: number, columns: number): HeldRow {
  return { tags: tags.slice(from, from + columns), values: values.slice(from, from + columns) };
}

export class ExternalGroups implements Rows {
  /** What the columns of FROM, and the aggregates, are behind the grouping. */
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly #spill: Spill;
  readonly #rows: Rows;
  readonly #plan: GroupingPlan;
  readonly #keys: readonly Evaluate[];
  readonly #aggregates: readonly ExternalAggregate[];
  readonly #bare: readonly Evaluate[];
  /** Where the columns of FROM begin in a row. */
  readonly #firstBare: number;
  #sorted: SortedRows | undefined;
  /** There is a group that was not given out. */
  #isThere: boolean;
  /** The row that stands for the group; undefined: every column is NULL. */
  #standing: HeldRow | undefined;

  /** `site` is that of the rows. */
  constructor(spill: Spill, site: Site, rows: Rows, plan: GroupingPlan) {
    this.#spill = spill;
    this.#rows = rows;
    this.#plan = plan;
    this.#keys = plan.keys.map(({ value }) => evaluatorOf(site, value));
    this.#aggregates = plan.aggregates.map((call) => new ExternalAggregate(spill, site, call));
    this.#bare = plan.bare.map((column) => evaluatorOf(site, column));
    this.#firstBare = this.#aggregates.reduce((sum, { width }) => sum + width, 0);
    this.#sorted = undefined;
    this.#isThere = false;
    this.#standing = undefined;
    this.cursors = groupingCursors(plan, {
      bare: (place) => answerHeld(this.#standing, this.#firstBare + place),
      aggregate: (index) => this.#aggregates[index]!.answer(),
    });
  }

  open(): void {
    this.close();
    try {
      this.#rows.open();
      this.#keys.length === 0 ? this.#addAll() : this.#sort();
    } finally {
      this.#rows.close();
    }
  }

  next(): boolean {
    const sorted = this.#sorted;
    if (!this.#isThere || sorted === undefined) {
      const isOnly = this.#isThere;
      this.#isThere = false;
      return isOnly;
    }
    this.#begin();
    do {
      this.#add(sorted.row());
      this.#isThere = sorted.next();
    } while (this.#isThere && sorted.isAlike);
    this.#end();
    return true;
  }

  close(): void {
    this.#sorted?.close();
    this.#sorted = undefined;
    this.#isThere = false;
    this.#standing = undefined;
    for (const aggregate of this.#aggregates) {
      aggregate.close();
    }
  }

  setMissing(): void {
    this.#standing = undefined;
  }

  /** Without keys there is one group, which needs no order. */
  #addAll(): void {
    this.#begin();
    while (this.#rows.next()) {
      this.#add(this.#row());
      if (this.#plan.shortcut === "first-row") {
        break;
      }
    }
    this.#end();
    this.#isThere = true;
  }

  #sort(): void {
    const sorter = new ExternalSorter(this.#spill, ascending(this.#plan.keys.map(({ collation }) => collation)));
    while (this.#rows.next()) {
      const keys: WrittenRow = { tags: [], values: [] };
      for (const key of this.#keys) {
        key();
        keys.tags.push(answer.tag);
        keys.values.push(keptValue(answer.tag, answered()));
      }
      sorter.add(keys, this.#row());
    }
    this.#sorted = sorter.finish();
    this.#isThere = this.#sorted.next();
  }

  #row(): HeldRow {
    const row: WrittenRow = { tags: [], values: [] };
    for (const aggregate of this.#aggregates) {
      aggregate.write(row);
    }
    for (const column of this.#bare) {
      column();
      row.tags.push(answer.tag);
      row.values.push(keptValue(answer.tag, answered()));
    }
    return row;
  }

  #begin(): void {
    this.#standing = undefined;
    for (const aggregate of this.#aggregates) {
      aggregate.begin();
    }
  }

  #add(row: HeldRow): void {
    const { decider } = this.#plan;
    let from = 0;
    let decides = false;
    for (const [index, aggregate] of this.#aggregates.entries()) {
      const isFromRow = aggregate.add(row, from);
      decides ||= index === decider && isFromRow;
      from += aggregate.width;
    }
    if (decides || this.#standing === undefined) {
      this.#standing = row;
    }
  }

  #end(): void {
    for (const aggregate of this.#aggregates) {
      aggregate.end();
    }
  }
}
