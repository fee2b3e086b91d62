/**
 * GROUP BY and aggregates: all rows in, then group by group.
 *
 * A group has a state for each aggregate, and a row: the columns of FROM that are read behind the grouping, as they were in the
 * row that stands for the group. Without GROUP BY there is one group, even without rows, and then these columns are NULL.
 */

import { growsByRows } from "../../run/aggregate-function.ts";
import { HeldMemory, valuesBytes } from "../../run/holding.ts";
import { RowArena } from "../../run/row-arena.ts";
import { Sorter } from "../../run/sorter.ts";
import { keptValue, ValueSet } from "../../run/value-set.ts";
import { answer, answered, type SqlValue, type Tag } from "../../value/value.ts";
import type { AggregateCall, Source, SourceColumn } from "../bind/bound.ts";
import type { GroupingPlan } from "../plan/plan.ts";
import { ArenaCursor, keepRow } from "./computed-cursor.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { allOf, evaluatorOf } from "./expression.ts";
import { enterRow, offerRow } from "./held-row.ts";
import type { RowCursor, Rows, Site } from "./site.ts";

/** What objects take that stand for a group, for what an aggregate knows of it, and for a row that is to be put in order. */
const GROUP_BYTES = 128;
const STATE_BYTES = 160;
const HELD_ROW_BYTES = 128;

/** What an aggregate knows of a group. */
interface GroupState {
  readonly state: unknown;
  /** The arguments that it has had, where each counts once. */
  readonly seen: ValueSet | undefined;
  /** Rows of arguments that are still to be put in order. */
  readonly held: { readonly tags: Tag[]; readonly values: SqlValue[] }[];
}

class Aggregate {
  readonly #call: AggregateCall;
  readonly #list: readonly Evaluate[];
  readonly #filter: (() => boolean) | undefined;
  readonly #ordering: readonly Evaluate[];
  readonly #limit: number;
  /** Its states grow with each row. */
  readonly #grows: boolean;
  readonly #tags: Tag[];
  readonly #values: SqlValue[];

  constructor(site: Site, call: AggregateCall, limit: number) {
    this.#call = call;
    this.#list = call.list.map((part) => evaluatorOf(site, part));
    this.#filter = allOf(site, call.filter === undefined ? [] : [call.filter]);
    // To the least and the greatest no order matters.
    this.#ordering =
      call.function.isFromLast === undefined ? call.ordering.map(({ value }) => evaluatorOf(site, value)) : [];
    this.#limit = limit;
    const isDistinct = call.distinct && call.function.isFromLast === undefined;
    this.#grows = isDistinct || this.#ordering.length > 0 || growsByRows(call.function);
    this.#tags = [];
    this.#values = [];
  }

  begin(): GroupState {
    const { function: called, distinct, collation } = this.#call;
    return {
      state: called.begin(collation),
      // To the least and the greatest it makes no difference.
      seen: distinct && called.isFromLast === undefined ? new ValueSet([collation], this.#limit) : undefined,
      held: [],
    };
  }

  /** Takes the row that the sources are at; whether the answer comes from it, which min and max know. */
  add(group: GroupState, memory: HeldMemory): boolean {
    if (this.#filter?.() === false) {
      return false;
    }
    this.#evaluate(this.#list);
    if (group.seen !== undefined && !isNew(group.seen, this.#tags, this.#values)) {
      return false;
    }
    if (this.#grows) {
      memory.take(valuesBytes(this.#tags, this.#values));
    }
    const { function: found } = this.#call;
    if (this.#ordering.length === 0) {
      found.add(group.state, this.#tags, this.#values);
      return found.isFromLast?.(group.state) ?? false;
    }
    const list = {
      tags: [...this.#tags],
      values: this.#values.map((value, index) => keptValue(this.#tags[index]!, value)),
    };
    this.#evaluate(this.#ordering);
    memory.take(HELD_ROW_BYTES + valuesBytes(this.#tags, this.#values));
    list.tags.push(...this.#tags);
    list.values.push(...this.#values.map((value, index) => keptValue(this.#tags[index]!, value)));
    group.held.push(list);
    return false;
  }

  answer(group: GroupState): void {
    if (group.held.length > 0) {
      this.#addInOrder(group);
      group.held.length = 0;
    }
    this.#call.function.answer(group.state);
  }

  #evaluate(list: readonly Evaluate[]): void {
    this.#tags.length = list.length;
    this.#values.length = list.length;
    for (const [index, part] of list.entries()) {
      part();
      this.#tags[index] = answer.tag;
      this.#values[index] = answered();
    }
  }

  #addInOrder({ state, held }: GroupState): void {
    const arguments_ = this.#list.length;
    const sorter = new Sorter(this.#call.ordering, Number.POSITIVE_INFINITY, this.#limit);
    for (const row of held) {
      offerRow(sorter, { tags: row.tags.slice(arguments_), values: row.values.slice(arguments_) }, row);
    }
    const sorted: unknown[] = [];
    sorter.finish(sorted, 0, Number.POSITIVE_INFINITY);
    for (const row of sorted as GroupState["held"]) {
      this.#call.function.add(state, row.tags.slice(0, arguments_), row.values.slice(0, arguments_));
    }
  }
}

function isNew(seen: ValueSet, tags: readonly Tag[], values: readonly SqlValue[]): boolean {
  const { count } = seen;
  seen.begin();
  seen.value(0, tags[0]!, values[0]!);
  return seen.add() === count;
}

interface Group {
  readonly states: readonly GroupState[];
  /** In the arena of rows; −1: there was none. */
  row: number;
}

export class GroupedRows implements Rows {
  /** What the columns of FROM, and the aggregates, are behind the grouping. */
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly #rows: Rows;
  readonly #execution: Execution;
  readonly #plan: GroupingPlan;
  readonly #keys: readonly Evaluate[];
  readonly #aggregates: readonly Aggregate[];
  readonly #bare: readonly Evaluate[];
  readonly #cursor: ArenaCursor;
  #groups: Group[];
  #order: number[];
  #next: number;
  #current: Group | undefined;

  /** `site` is that of the rows. */
  constructor(execution: Execution, site: Site, rows: Rows, plan: GroupingPlan) {
    const { heldRows } = execution;
    this.#rows = rows;
    this.#execution = execution;
    this.#plan = plan;
    this.#keys = plan.keys.map(({ value }) => evaluatorOf(site, value));
    this.#aggregates = plan.aggregates.map((call) => new Aggregate(site, call, heldRows));
    this.#bare = plan.bare.map((column) => evaluatorOf(site, column));
    this.#cursor = new ArenaCursor();
    this.#groups = [];
    this.#order = [];
    this.#next = 0;
    this.#current = undefined;
    this.cursors = groupingCursors(plan, {
      bare: (place) => this.#cursor.answer(place),
      aggregate: (index) => this.#aggregates[index]!.answer(this.#current!.states[index]!),
    });
  }

  open(): void {
    const { rows: limit, bytes } = this.#execution.holding;
    const { keys, decider, shortcut } = this.#plan;
    const set = new ValueSet(
      keys.map(({ collation }) => collation),
      limit,
      bytes,
    );
    const arena = new RowArena(Number.POSITIVE_INFINITY, bytes);
    const memory = new HeldMemory(bytes);
    this.#groups = [];
    this.#cursor.arena = arena;
    this.#next = 0;
    const sorter = keys.length === 0 ? undefined : new Sorter(keys.map(ascending), Number.POSITIVE_INFINITY, limit);
    try {
      this.#rows.open();
      while (this.#rows.next()) {
        const group = this.#groupOfRow(set, sorter, memory);
        const { states } = group;
        let decides = false;
        for (const [index, aggregate] of this.#aggregates.entries()) {
          const isFromRow = aggregate.add(states[index]!, memory);
          decides ||= index === decider && isFromRow;
        }
        if (decides || group.row < 0) {
          group.row = keepRow(arena, this.#bare.length, (column) => this.#bare[column]!());
        }
        if (shortcut === "first-row") {
          break;
        }
      }
    } finally {
      this.#rows.close();
    }
    if (sorter === undefined) {
      this.#order = [0];
      this.#groups[0] ??= this.#newGroup();
    } else {
      this.#order = [];
      sorter.finish(this.#order, 0, Number.POSITIVE_INFINITY);
    }
  }

  next(): boolean {
    if (this.#next === this.#order.length) {
      return false;
    }
    this.#current = this.#groups[this.#order[this.#next++]!]!;
    this.#cursor.row = this.#current.row;
    return true;
  }

  close(): void {
    this.#groups = [];
    this.#order = [];
    this.#next = 0;
    this.#current = undefined;
    this.#cursor.arena = undefined;
  }

  setMissing(): void {
    this.#cursor.row = -1;
  }

  #newGroup(): Group {
    return { states: this.#aggregates.map((aggregate) => aggregate.begin()), row: -1 };
  }

  #groupOfRow(set: ValueSet, sorter: Sorter | undefined, memory: HeldMemory): Group {
    const tags: Tag[] = [];
    const values: SqlValue[] = [];
    for (const key of this.#keys) {
      key();
      tags.push(answer.tag);
      values.push(keptValue(answer.tag, answered()));
    }
    if (sorter === undefined) {
      this.#groups[0] ??= this.#newGroup();
      return this.#groups[0];
    }
    enterRow(set, { tags, values });
    const number = set.add();
    if (number === this.#groups.length) {
      memory.take(GROUP_BYTES + STATE_BYTES * this.#aggregates.length + valuesBytes(tags, values));
      this.#groups.push(this.#newGroup());
      offerRow(sorter, { tags, values }, number);
    }
    return this.#groups[number]!;
  }
}

/** What sources are behind a grouping, of which `bare` and `aggregate` answer the columns. */
export function groupingCursors(
  plan: GroupingPlan,
  answers: { readonly bare: (place: number) => void; readonly aggregate: (index: number) => void },
): ReadonlyMap<Source, RowCursor> {
  const places = new Map<Source, Map<number, number>>();
  plan.bare.forEach(({ source, column }, place) => {
    const ofSource = places.get(source) ?? new Map<SourceColumn["index"], number>();
    places.set(source, ofSource.set(column.index, place));
  });
  const cursors = new Map<Source, RowCursor>();
  for (const [source, ofSource] of places) {
    cursors.set(source, { answer: (column) => answers.bare(ofSource.get(column)!) });
  }
  return cursors.set(plan.source, { answer: answers.aggregate });
}

function ascending({ collation }: GroupingPlan["keys"][number]) {
  return { descending: false, nullsFirst: true, collation };
}
