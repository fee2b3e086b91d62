/**
 * Grouping: the state of each aggregate in variables that hold its typed arrays, what a row adds to them, and what a
 * group reads from them afterwards. Without GROUP BY there is one group, number 0.
 *
 * Behind the groups an expression that is a key is the group's key; a column of FROM else is that of the row which stands for the
 * group, kept beside the aggregates as a state of its own ("bare").
 */
import type { AggregateCall, Bound, SourceColumn } from "../query/bind/bound.ts";
import { forEachPart, isSame, visitAll } from "../query/bind/walk.ts";
import type { GroupingPlan } from "../query/plan/plan.ts";
import { INTEGER_TYPES, NULLABLE, REAL, typeSet } from "../value/value.ts";
import { emitUpdate, nativeOf, newState, type State, stateOf } from "./aggregate-update.ts";
import type { Frame } from "./frame.ts";
import { emitFindGroup, emitFindInGroup } from "./group-key.ts";
import { declare, pair, takeAnswer } from "./operand.ts";

/** Groups that there is room for at first. */
const INITIAL_CAPACITY = 256;

type ColumnBound = Extract<Bound, { kind: "column" }>;

/** What expressions behind the groups take from them. */
interface Uses {
  /** Expressions that are keys, and which. */
  readonly keys: Map<Bound, number>;
  readonly bare: ColumnBound[];
}

export class Aggregation {
  readonly #frame: Frame;
  readonly #plan: GroupingPlan;
  readonly #uses: Uses;
  readonly #states: readonly State[];
  readonly #bare: readonly State[];
  /** The number of the current group, as JavaScript. */
  readonly #group: string;
  /** Set where the row is the one that stands for its group. */
  readonly #represents: string | undefined;
  readonly #names: { readonly groups: string; readonly capacity: string; readonly first: string };

  /** `behind`: what is evaluated behind the groups. */
  constructor(frame: Frame, plan: GroupingPlan, behind: readonly Bound[]) {
    const { emitter } = frame;
    this.#frame = frame;
    this.#plan = plan;
    this.#uses = usesOf(plan, behind);
    this.#group = plan.keys.length > 0 ? emitter.number("group") : "0";
    this.#states = plan.aggregates.map((call) => stateOf(emitter, nativeOf(call)));
    this.#bare = this.#uses.bare.map(() => stateOf(emitter, "bare"));
    this.#represents = this.#bare.length > 0 ? emitter.variable("represents", "true") : undefined;
    this.#names = {
      groups: emitter.name("groups"),
      capacity: emitter.name("capacity"),
      first: emitter.name("isFirst"),
    };
  }

  /** What is read of each row. */
  get bounds(): Bound[] {
    const { keys, aggregates } = this.#plan;
    const arguments_ = aggregates.flatMap(({ list, filter }) => [...list, ...(filter === undefined ? [] : [filter])]);
    return [...keys.map(({ value }) => value), ...arguments_, ...this.#uses.bare];
  }

  /** Before the first row. */
  emitStart(): void {
    const { emitter, unit } = this.#frame;
    const { keys, aggregates } = this.#plan;
    const { groups, capacity } = this.#names;
    const { heldRows } = unit.statement.options;
    if (keys.length > 0) {
      emitter.line(`const ${groups} = new ${emitter.use("GroupTable")}(${keys.length}, ${heldRows});`);
    }
    emitter.line(`let ${capacity} = ${keys.length > 0 ? INITIAL_CAPACITY : 1};`);
    if (keys.length === 0 && this.#represents !== undefined) {
      emitter.line(`let ${this.#names.first} = true;`);
    }
    this.#states.forEach((state, index) => {
      emitter.line(`const ${state.name} = new ${newState(emitter, state, aggregates[index], capacity)};`);
      if (aggregates[index]!.distinct && state.native !== "min" && state.native !== "max") {
        emitter.line(`const ${state.seen} = new ${emitter.use("GroupTable")}(2, ${heldRows});`);
      }
    });
    for (const state of this.#bare) {
      emitter.line(`const ${state.name} = new ${newState(emitter, state, undefined, capacity)};`);
    }
    for (const { name, arrays } of this.#states) {
      for (const [array, variable] of Object.entries(arrays)) {
        emitter.line(`let ${variable} = ${name}.${array};`);
      }
    }
  }

  /** For each row. */
  emitRow(): void {
    const { emitter } = this.#frame;
    const { keys, aggregates, decider } = this.#plan;
    const represents = this.#represents;
    if (keys.length > 0) {
      this.#emitFind();
    } else if (represents !== undefined) {
      // The first row of the one group; from then on only what an extreme says.
      emitter.line(`${represents} = ${this.#names.first}; ${this.#names.first} = false;`);
    }
    this.#states.forEach((state, index) => {
      this.#emitUpdate(state, aggregates[index]!, index === decider ? represents : undefined);
    });
    if (represents !== undefined) {
      emitter.open(`if (${represents})`);
      this.#bare.forEach(({ name }, index) => {
        emitter.line(`${name}.set(${this.#group}, ${pair(this.#frame.value(this.#uses.bare[index]!))});`);
      });
      emitter.close();
    }
  }

  /** `count(*)` of everything without reading it. */
  emitCount(count: string): void {
    for (const { arrays } of this.#states) {
      this.#frame.emitter.line(`${arrays.counts}[0] = ${count};`);
    }
  }

  /** Loops over the groups in the order of their keys; `body` gets the frame of a group. */
  emitGroups(body: (frame: Frame, skip: string) => void): void {
    const { emitter } = this.#frame;
    const { keys, aggregates, source } = this.#plan;
    const { groups } = this.#names;
    // Without GROUP BY there may be no row, and then no column.
    const addedTypes = keys.length === 0 && this.#bare.length > 0 ? NULLABLE : 0;
    const frame = this.#frame.behind(addedTypes);
    const label = emitter.name("group");
    if (keys.length > 0) {
      const [order, j] = [emitter.name("order"), emitter.name("j")];
      emitter.line(`const ${order} = ${groups}.order();`);
      emitter.open(`${label}: for (let ${j} = 0; ${j} < ${order}.length; ${j}++)`);
      emitter.line(`${this.#group} = ${order}[${j}];`);
    } else {
      emitter.open(`${label}:`);
    }
    this.#emitKeys(frame);
    this.#states.forEach(({ name }, index) => {
      const column = source.columns[index];
      if (column !== undefined) {
        frame.columns.set(column, answerOf(frame, name, this.#group, aggregates[index]!.types));
      }
    });
    this.#bare.forEach(({ name }, index) => {
      const { column } = this.#uses.bare[index]!;
      frame.columns.set(column, answerOf(frame, name, this.#group, column.types | addedTypes));
    });
    body(frame, keys.length > 0 ? `continue ${label};` : `break ${label};`);
    emitter.close();
  }

  #emitKeys(frame: Frame): void {
    const { emitter } = this.#frame;
    const operands = new Map<number, ReturnType<typeof declare>>();
    for (const [part, index] of this.#uses.keys) {
      let operand = operands.get(index);
      if (operand === undefined) {
        operand = declare(emitter, part.types);
        emitter.line(`${this.#names.groups}.answerKey(${this.#group}, ${index});`);
        takeAnswer(emitter, operand);
        operands.set(index, operand);
      }
      part.kind === "column" ? frame.columns.set(part.column, operand) : frame.known.set(part, operand);
    }
  }

  /** Finds the row's group, and makes room where it is a new one. */
  #emitFind(): void {
    const { emitter } = this.#frame;
    const { groups, capacity } = this.#names;
    // The values first: they may call the library, and so may not come between begin and find.
    const keys = this.#plan.keys.map(({ value, collation }) => ({ operand: this.#frame.value(value), collation }));
    const known = emitter.name("known");
    if (this.#represents !== undefined) {
      emitter.line(`const ${known} = ${groups}.count;`);
    }
    emitFindGroup(emitter, groups, this.#group, keys);
    if (this.#represents !== undefined) {
      emitter.line(`${this.#represents} = ${this.#group} === ${known};`);
    }
    const states = [...this.#states, ...this.#bare];
    if (states.length > 0) {
      emitter.open(`if (${this.#group} >= ${capacity})`);
      const names = states.map(({ name }) => name).join(", ");
      emitter.line(`${capacity} = ${emitter.use("growStates")}([${names}], ${this.#group});`);
      for (const { name, arrays } of states) {
        for (const [array, variable] of Object.entries(arrays)) {
          emitter.line(`${variable} = ${name}.${array};`);
        }
      }
      emitter.close();
    }
  }

  #emitUpdate(state: State, call: AggregateCall, represents: string | undefined): void {
    const { emitter } = this.#frame;
    const { filter, list, distinct, collation } = call;
    const update = (): void => {
      const operands = list.map((part) => this.#frame.value(part));
      const [first] = operands;
      if (!distinct || first === undefined || state.native === "min" || state.native === "max") {
        emitUpdate(emitter, state, this.#group, operands, represents);
        return;
      }
      const [found, before] = [emitter.number("group"), emitter.name("before")];
      emitter.line(`const ${before} = ${state.seen}.count;`);
      emitFindInGroup(emitter, state.seen, found, this.#group, { operand: first, collation });
      emitter.open(`if (${found} === ${before})`);
      emitUpdate(emitter, state, this.#group, operands, represents);
      emitter.close();
    };
    filter === undefined ? emitter.when("true", update) : emitter.when(this.#frame.test(filter).isTrue, update);
  }
}

function answerOf({ emitter }: Frame, state: string, group: string, types: number) {
  const into = declare(emitter, types);
  emitter.line(`${state}.answer(${group});`);
  takeAnswer(emitter, into);
  return into;
}

/** Finds keys, and columns that are none, in what is evaluated behind the groups. */
function usesOf(plan: GroupingPlan, behind: readonly Bound[]): Uses {
  const isOfRows = new Set<SourceColumn>(plan.bare.map(({ column }) => column));
  const uses: Uses = { keys: new Map(), bare: [] };
  const usable = plan.keys.map(({ value, collation }) =>
    collation === undefined && isShownAsIs(plan, value) ? value : undefined,
  );
  const note = (column: ColumnBound): void => {
    const key = usable.findIndex((value) => value?.kind === "column" && value.column === column.column);
    if (key >= 0) {
      uses.keys.set(column, key);
    } else if (isOfRows.has(column.column) && !uses.bare.some((known) => known.column === column.column)) {
      uses.bare.push(column);
    }
  };
  const visit = (bound: Bound): void => {
    const key =
      bound.kind === "constant" || bound.kind === "column"
        ? -1
        : usable.findIndex((value) => value !== undefined && isSame(value, bound));
    if (key >= 0) {
      uses.keys.set(bound, key);
    } else if (bound.kind === "column") {
      note(bound);
    } else if (bound.kind === "in-query" || bound.kind === "exists" || bound.kind === "scalar-query") {
      visitAll(bound, (part) => (part.kind === "column" ? note(part) : undefined));
    } else {
      forEachPart(bound, visit);
    }
  };
  behind.forEach(visit);
  return uses;
}

/**
 * Whether a group's key is what the row shows that stands for it. A group is found by the first of its rows; where another stands
 * for it, an integer may be a real there.
 */
function isShownAsIs({ decider }: GroupingPlan, { types }: Bound): boolean {
  return decider === undefined || (types & INTEGER_TYPES) === 0 || (types & typeSet(REAL)) === 0;
}
