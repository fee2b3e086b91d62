/**
 * Grouping: the state of each aggregate in variables that hold its typed arrays, what a row adds to them, and what a
 * group reads from them afterwards. Without GROUP BY there is one group, number 0.
 */
import type { Aggregate } from "../bind/bound.ts";
import type { Grouping } from "../bind/select.ts";
import { INTEGER, NULL, REAL, TEXT } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import type { Frame } from "./frame.ts";
import { and, can, declare, isFast, isNotNull, isTag, type Operand, or, pair, takeAnswer } from "./operand.ts";

/** Groups that there is room for at first. */
const INITIAL_CAPACITY = 256;

interface State {
  readonly aggregate: Aggregate;
  /** The name of the state object, and of a variable for each of its arrays. */
  readonly name: string;
  readonly arrays: Readonly<Record<string, string>>;
}

export class Aggregation {
  readonly #frame: Frame;
  readonly #grouping: Grouping;
  readonly #heldRows: number;
  readonly #states: readonly State[];
  /** The number of the current group, as JavaScript. */
  readonly #group: string;
  /** Set where the row is the one that its group's bare columns come from. */
  readonly #represents: string | undefined;

  constructor(frame: Frame, grouping: Grouping, heldRows: number) {
    const { emitter } = frame;
    this.#frame = frame;
    this.#grouping = grouping;
    this.#heldRows = heldRows;
    this.#group = grouping.keys.length > 0 ? emitter.number("group") : "0";
    this.#states = grouping.aggregates.map((aggregate) => ({
      aggregate,
      name: emitter.name("state"),
      arrays: Object.fromEntries(arraysOf(aggregate).map((array) => [array, emitter.name(array)])),
    }));
    const hasBare = grouping.aggregates.some(({ name }) => name === "bare");
    this.#represents = hasBare ? emitter.variable("represents", "true") : undefined;
  }

  /** Before the first row. */
  emitStart(): void {
    const { emitter } = this.#frame;
    const { keys } = this.#grouping;
    if (keys.length > 0) {
      emitter.line(`const groups = new ${emitter.use("GroupTable")}(${keys.length}, ${this.#heldRows});`);
    }
    const capacity = keys.length > 0 ? INITIAL_CAPACITY : 1;
    emitter.line(`let capacity = ${capacity};`);
    for (const state of this.#states) {
      emitter.line(`const ${state.name} = new ${newState(emitter, state.aggregate)};`);
      for (const [array, variable] of Object.entries(state.arrays)) {
        emitter.line(`let ${variable} = ${state.name}.${array};`);
      }
    }
  }

  /** For each row. */
  emitRow(): void {
    const { emitter } = this.#frame;
    const { keys } = this.#grouping;
    const represents = this.#represents;
    if (keys.length > 0) {
      this.#emitFind();
    } else if (represents !== undefined) {
      // The first row of the one group; from then on only what an extreme says.
      const first = emitter.variable("first", "true");
      emitter.line(`${represents} = ${first}; ${first} = false;`);
    }
    const bare = this.#states.filter(({ aggregate }) => aggregate.name === "bare");
    this.#states.forEach((state, index) => {
      if (state.aggregate.name !== "bare") {
        this.#emitUpdate(state, represents !== undefined && index === this.#grouping.bareFrom);
      }
    });
    if (represents !== undefined) {
      emitter.open(`if (${represents})`);
      for (const { aggregate, name } of bare) {
        emitter.line(`${name}.set(${this.#group}, ${pair(this.#frame.value(aggregate.argument!))});`);
      }
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
    const { keys } = this.#grouping;
    const frame = this.#frame.next();
    if (keys.length > 0) {
      emitter.line("const order = groups.order();");
      emitter.open("for (let j = 0; j < order.length; j++)");
      emitter.line(`${this.#group} = order[j];`);
    } else {
      emitter.open("group:");
    }
    frame.groups = keys.map((key, index) => {
      const into = declare(emitter, key.types);
      emitter.line(`groups.answerKey(${this.#group}, ${index});`);
      takeAnswer(emitter, into);
      return into;
    });
    frame.aggregates = this.#states.map(({ aggregate, name }) => {
      const into = declare(emitter, aggregate.types);
      emitter.line(`${name}.answer(${this.#group});`);
      takeAnswer(emitter, into);
      return into;
    });
    body(frame, keys.length > 0 ? "continue;" : "break group;");
    emitter.close();
  }

  /** Finds the row's group, and makes room where it is a new one. */
  #emitFind(): void {
    const { emitter } = this.#frame;
    // The values first: they may call the library, and so may not come between begin and find.
    const keys = this.#grouping.keys.map((key) => this.#frame.value(key));
    if (this.#represents !== undefined) {
      emitter.line("const known = groups.count;");
    }
    emitFindGroup(emitter, "groups", this.#group, keys);
    if (this.#represents !== undefined) {
      emitter.line(`${this.#represents} = ${this.#group} === known;`);
    }
    if (this.#states.length > 0) {
      emitter.open(`if (${this.#group} >= capacity)`);
      const names = this.#states.map(({ name }) => name).join(", ");
      emitter.line(`capacity = ${emitter.use("growStates")}([${names}], ${this.#group});`);
      for (const state of this.#states) {
        for (const [array, variable] of Object.entries(state.arrays)) {
          emitter.line(`${variable} = ${state.name}.${array};`);
        }
      }
      emitter.close();
    }
  }

  #emitUpdate(state: State, decides: boolean): void {
    const { emitter } = this.#frame;
    const { aggregate, arrays } = state;
    const group = this.#group;
    const argument = aggregate.argument === undefined ? undefined : this.#frame.value(aggregate.argument);
    switch (aggregate.name) {
      case "count":
        emitter.when(argument === undefined ? "true" : isNotNull(argument), () =>
          emitter.line(`${arrays.counts}[${group}]++;`),
        );
        break;
      case "min":
      case "max":
        emitExtreme(emitter, state, group, argument!, decides ? this.#represents : undefined);
        break;
      default:
        emitSum(emitter, state, group, argument!);
    }
  }
}

function arraysOf({ name }: Aggregate): readonly string[] {
  switch (name) {
    case "count":
      return ["counts"];
    case "min":
    case "max":
      return ["tags", "numbers"];
    case "bare":
      return [];
    default:
      return ["counts", "integers", "reals", "errors", "hasReals"];
  }
}

function newState(emitter: Emitter, { name }: Aggregate): string {
  switch (name) {
    case "count":
      return `${emitter.use("CountState")}(capacity)`;
    case "min":
    case "max":
    case "bare":
      return `${emitter.use("ValueState")}(capacity)`;
    default:
      return `${emitter.use("SumState")}(capacity, "${name}")`;
  }
}

/** Finds the group of a key in a table; text by its bytes where they lie. */
export function emitFindGroup(emitter: Emitter, table: string, group: string, keys: readonly Operand[]): void {
  const inPlace = (key: Operand): string => (key.bytes === undefined ? "false" : isTag(key, TEXT));
  const place = (key: Operand): string => `u8, data, ${key.bytes?.start}, ${key.bytes?.end}`;
  const [only] = keys;
  if (only !== undefined && keys.length === 1) {
    emitter.branches([
      [inPlace(only), () => emitter.line(`${group} = ${table}.findText(${place(only)});`)],
      [isFast(only), () => emitter.line(`${group} = ${table}.findNumber(${only.tag}, ${only.number});`)],
      ["true", () => emitter.line(`${group} = ${table}.findValue(${only.tag}, ${only.other});`)],
    ]);
    return;
  }
  emitter.line(`${table}.begin();`);
  for (const key of keys) {
    emitter.branches([
      [inPlace(key), () => emitter.line(`${table}.addText(${place(key)});`)],
      [isFast(key), () => emitter.line(`${table}.addNumber(${key.tag}, ${key.number});`)],
      ["true", () => emitter.line(`${table}.add(${key.tag}, ${key.other});`)],
    ]);
  }
  emitter.line(`${group} = ${table}.find();`);
}

/** Kahan and Neumaier's summation of reals, exact sums of integers; everything else through the library. */
function emitSum(emitter: Emitter, state: State, group: string, argument: Operand): void {
  const { name, arrays } = state;
  const { counts, integers, reals, errors, hasReals } = arrays;
  const value = argument.number;
  const isReal = isTag(argument, REAL);
  const isInteger = isTag(argument, INTEGER);
  const before = emitter.name("before");
  const after = emitter.name("after");
  emitter.when(isReal, () => {
    emitter.line(`const ${before} = ${reals}[${group}], ${after} = ${before} + ${value};`);
    const isGreater = `Math.abs(${before}) > Math.abs(${value})`;
    emitter.line(
      `${errors}[${group}] += ${isGreater} ? ${before} - ${after} + ${value} : ${value} - ${after} + ${before};`,
    );
    emitter.line(`${reals}[${group}] = ${after}; ${hasReals}[${group}] = 1; ${counts}[${group}]++;`);
  });
  const sum = emitter.name("sum");
  emitter.when(isInteger, () => {
    emitter.line(`const ${sum} = ${integers}[${group}] + ${value};`);
    emitter.open(`if (${sum} <= 9007199254740991 && ${sum} >= -9007199254740991)`);
    emitter.line(`${integers}[${group}] = ${sum}; ${counts}[${group}]++;`);
    emitter.otherwise();
    emitter.line(`${name}.add(${group}, 1, ${value});`);
    emitter.close();
  });
  if (can(argument, 3, 4, 5)) {
    emitter.when(or(isTag(argument, 3), isTag(argument, 4), isTag(argument, 5)), () =>
      emitter.line(`${name}.add(${group}, ${argument.tag}, ${argument.other});`),
    );
  }
}

function emitExtreme(
  emitter: Emitter,
  state: State,
  group: string,
  argument: Operand,
  represents: string | undefined,
): void {
  const { name, aggregate, arrays } = state;
  const isGreatest = aggregate.name === "max";
  const note = represents === undefined ? "" : ` ${represents} = true;`;
  const { tags, numbers } = arrays;
  if (represents !== undefined) {
    // As long as there are only NULLs each row stands for the group, so the last does.
    emitter.when(isTag(argument, NULL), () => emitter.line(`${represents} ||= ${tags}[${group}] === 0;`));
  }
  emitter.when(isNotNull(argument), () => {
    const held = `${tags}[${group}]`;
    const quick = and(isFast(argument), `(${held} === 1 || ${held} === 2)`);
    const offer = (): void => emitter.line(`if (${name}.offer(${group}, ${pair(argument)}, ${isGreatest})) {${note} }`);
    if (quick === "false") {
      offer();
      return;
    }
    emitter.open(`if (${quick})`);
    emitter.open(`if (${argument.number} ${isGreatest ? ">" : "<"} ${numbers}[${group}])`);
    emitter.line(`${tags}[${group}] = ${argument.tag}; ${numbers}[${group}] = ${argument.number};${note}`);
    emitter.close();
    emitter.otherwise();
    offer();
    emitter.close();
  });
}
