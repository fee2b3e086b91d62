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
import { emitHold, emitRelease, emitUpdate, nativeOf, newState, type State, stateOf } from "./aggregate-update.ts";
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

/** Variables of the loop over the rows. */
interface RowNames {
  /** The number of the row's group, as JavaScript. */
  readonly group: string;
  readonly capacity: string;
  /** Set where the row is the one that stands for its group. */
  readonly represents: string | undefined;
  /** Set before the first row, where there is one group. */
  readonly first: string | undefined;
}

export class Aggregation {
  readonly #frame: Frame;
  readonly #plan: GroupingPlan;
  readonly #uses: Uses;
  readonly #states: readonly State[];
  readonly #bare: readonly State[];
  /** The variable with the groups of keys. */
  readonly #groups: string;

  /** `behind`: what is evaluated behind the groups. `isApart`: a function of its own goes through the rows, to their end. */
  constructor(frame: Frame, plan: GroupingPlan, behind: readonly Bound[], isApart: boolean) {
    const { emitter } = frame;
    this.#frame = frame;
    this.#plan = plan;
    this.#uses = usesOf(plan, behind);
    const isHeld = isApart && plan.keys.length === 0;
    this.#states = plan.aggregates.map((call) => stateOf(emitter, nativeOf(call), isHeld));
    this.#bare = this.#uses.bare.map(() => stateOf(emitter, "bare", false));
    this.#groups = emitter.name("groups");
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
    const { heldRows, heldBytes } = unit.statement.options;
    const capacity = String(keys.length > 0 ? INITIAL_CAPACITY : 1);
    if (keys.length > 0) {
      emitter.line(
        `const ${this.#groups} = new ${emitter.use("GroupTable")}(${keys.length}, ${heldRows}, ${heldBytes});`,
      );
    }
    this.#states.forEach((state, index) => {
      emitter.line(`const ${state.name} = new ${newState(emitter, state, aggregates[index], capacity, heldBytes)};`);
      if (isSeen(state, aggregates[index]!)) {
        emitter.line(`const ${state.seen} = new ${emitter.use("GroupTable")}(2, ${heldRows}, ${heldBytes});`);
      }
    });
    for (const state of this.#bare) {
      emitter.line(`const ${state.name} = new ${newState(emitter, state, undefined, capacity, heldBytes)};`);
    }
  }

  /** What the loop over rows uses of the function that makes the groups. */
  get names(): string[] {
    const { keys, aggregates } = this.#plan;
    const seen = this.#states.flatMap((state, index) => (isSeen(state, aggregates[index]!) ? [state.seen] : []));
    const states = [...this.#states, ...this.#bare].map(({ name }) => name);
    return [...(keys.length > 0 ? [this.#groups] : []), ...states, ...seen];
  }

  /** Before the loop over the rows, which may be in another function; what emits what is done with each of them. */
  emitRows(frame: Frame): () => void {
    const { emitter } = frame;
    const { keys } = this.#plan;
    const names: RowNames = {
      group: keys.length > 0 ? emitter.number("group") : "0",
      capacity: emitter.name("capacity"),
      represents: this.#bare.length > 0 ? emitter.variable("represents", "true") : undefined,
      first: keys.length === 0 && this.#bare.length > 0 ? emitter.name("isFirst") : undefined,
    };
    const sized = [...this.#states, ...this.#bare].find(({ native }) => native !== "called");
    emitter.line(`let ${names.capacity} = ${sized === undefined ? "Infinity" : `${sized.name}.capacity`};`);
    if (names.first !== undefined) {
      emitter.line(`let ${names.first} = !${this.#bare[0]!.name}.isSet;`);
    }
    for (const state of this.#states) {
      for (const [array, variable] of Object.entries(state.arrays)) {
        emitter.line(`let ${variable} = ${state.name}.${array};`);
      }
      emitHold(emitter, state);
    }
    return () => this.#emitRow(frame, names);
  }

  /** Behind the loop over the rows, in the same function. */
  emitRowsEnd({ emitter }: Frame): void {
    for (const state of this.#states) {
      emitRelease(emitter, state);
    }
  }

  #emitRow(frame: Frame, names: RowNames): void {
    const { emitter } = frame;
    const { keys, aggregates, decider } = this.#plan;
    const { group, represents, first } = names;
    if (keys.length > 0) {
      this.#emitFind(frame, names);
    } else if (first !== undefined) {
      // The first row of the one group; from then on only what an extreme says.
      emitter.line(`${represents} = ${first}; ${first} = false;`);
    }
    this.#states.forEach((state, index) => {
      this.#emitUpdate(frame, state, aggregates[index]!, group, index === decider ? represents : undefined);
    });
    if (represents !== undefined) {
      emitter.open(`if (${represents})`);
      this.#bare.forEach(({ name }, index) => {
        emitter.line(`${name}.set(${group}, ${pair(frame.value(this.#uses.bare[index]!))});`);
      });
      emitter.close();
    }
  }

  /** `count(*)` of everything without reading it. */
  emitCount(count: string): void {
    for (const { name } of this.#states) {
      this.#frame.emitter.line(`${name}.counts[0] = ${count};`);
    }
  }

  /** Loops over the groups in the order of their keys; `body` gets the frame of a group. */
  emitGroups(body: (frame: Frame, skip: string) => void): void {
    const { emitter } = this.#frame;
    const { keys, aggregates, source } = this.#plan;
    const groups = this.#groups;
    const group = keys.length > 0 ? emitter.number("group") : "0";
    // Without GROUP BY there may be no row, and then no column.
    const addedTypes = keys.length === 0 && this.#bare.length > 0 ? NULLABLE : 0;
    const frame = this.#frame.behind(addedTypes);
    const label = emitter.name("group");
    if (keys.length > 0) {
      const [order, j] = [emitter.name("order"), emitter.name("j")];
      emitter.line(`const ${order} = ${groups}.order();`);
      emitter.open(`${label}: for (let ${j} = 0; ${j} < ${order}.length; ${j}++)`);
      emitter.line(`${group} = ${order}[${j}];`);
    } else {
      emitter.open(`${label}:`);
    }
    this.#emitKeys(frame, group);
    this.#states.forEach(({ name }, index) => {
      const column = source.columns[index];
      if (column !== undefined) {
        frame.columns.set(column, answerOf(frame, name, group, aggregates[index]!.types));
      }
    });
    this.#bare.forEach(({ name }, index) => {
      const { column } = this.#uses.bare[index]!;
      frame.columns.set(column, answerOf(frame, name, group, column.types | addedTypes));
    });
    body(frame, keys.length > 0 ? `continue ${label};` : `break ${label};`);
    emitter.close();
  }

  #emitKeys(frame: Frame, group: string): void {
    const { emitter } = this.#frame;
    const operands = new Map<number, ReturnType<typeof declare>>();
    for (const [part, index] of this.#uses.keys) {
      let operand = operands.get(index);
      if (operand === undefined) {
        operand = declare(emitter, part.types);
        emitter.line(`${this.#groups}.answerKey(${group}, ${index});`);
        takeAnswer(emitter, operand);
        operands.set(index, operand);
      }
      part.kind === "column" ? frame.columns.set(part.column, operand) : frame.known.set(part, operand);
    }
  }

  /** Finds the row's group, and makes room where it is a new one. */
  #emitFind(frame: Frame, { group, capacity, represents }: RowNames): void {
    const { emitter } = frame;
    const groups = this.#groups;
    // The values first: they may call the library, and so may not come between begin and find.
    const keys = this.#plan.keys.map(({ value, collation }) => ({ operand: frame.value(value), collation }));
    const known = emitter.name("known");
    if (represents !== undefined) {
      emitter.line(`const ${known} = ${groups}.count;`);
    }
    emitFindGroup(emitter, groups, group, keys);
    if (represents !== undefined) {
      emitter.line(`${represents} = ${group} === ${known};`);
    }
    const states = [...this.#states, ...this.#bare];
    if (states.length > 0) {
      emitter.open(`if (${group} >= ${capacity})`);
      const names = states.map(({ name }) => name).join(", ");
      emitter.line(`${capacity} = ${emitter.use("growStates")}([${names}], ${group});`);
      for (const { name, arrays } of states) {
        for (const [array, variable] of Object.entries(arrays)) {
          emitter.line(`${variable} = ${name}.${array};`);
        }
      }
      emitter.close();
    }
  }

  #emitUpdate(frame: Frame, state: State, call: AggregateCall, group: string, represents: string | undefined): void {
    const { emitter } = frame;
    const { filter, list, collation } = call;
    const update = (): void => {
      const operands = list.map((part) => frame.value(part));
      const [first] = operands;
      if (!isSeen(state, call) || first === undefined) {
        emitUpdate(emitter, state, group, operands, represents);
        return;
      }
      const [found, before] = [emitter.number("group"), emitter.name("before")];
      emitter.line(`const ${before} = ${state.seen}.count;`);
      emitFindInGroup(emitter, state.seen, found, group, { operand: first, collation });
      emitter.open(`if (${found} === ${before})`);
      emitUpdate(emitter, state, group, operands, represents);
      emitter.close();
    };
    filter === undefined ? emitter.when("true", update) : emitter.when(frame.test(filter).isTrue, update);
  }
}

/** Whether each value counts once. */
function isSeen({ native }: State, { distinct }: AggregateCall): boolean {
  return distinct && native !== "min" && native !== "max";
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
