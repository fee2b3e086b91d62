/**
 * Where an expression is compiled: what its leaves are in generated code, and the way back into the compiler for its
 * parts. A frame belongs to one place of a function: the rows of a query, or the groups behind them; what it does not know it
 * asks the frame around it, that of the query in which its own stands.
 *
 * A source's columns are loaded where its row is known, before they are needed: `load` emits that for all columns that some
 * expressions read. So a column that was loaded for a filter is there for all that follows.
 */
import { assert } from "../../assert.ts";
import type { Bound, Conversion, Source, SourceColumn } from "../query/bind/bound.ts";
import { visitAll } from "../query/bind/walk.ts";
import type { QueryPlan } from "../query/plan/plan.ts";
import type { Affinity } from "../value/affinity.ts";
import { encodeText } from "../value/text.ts";
import { ANY_TYPE, BIG, INTEGER, INTEGER_TYPES, NUMERIC_TYPES, REAL, TEXT, type TypeSet } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import type { Library } from "./library.ts";
import { anyTag, assign, declare, isTag, type Operand, pair, takeAnswer } from "./operand.ts";
import type { FunctionUnit } from "./unit.ts";

export interface Predicate {
  /** JavaScript that holds exactly if the expression is true. Neither holds where it is NULL. */
  readonly isTrue: string;
  readonly isFalse: string;
}

/** What is wanted of a query's rows. */
export interface Wanted {
  /** The columns that are read. */
  readonly columns: readonly number[];
  /** Whether storage is read while one of its rows is looked at. */
  readonly isReading: boolean;
}

/** A row of a query's result, while `consume` emits what is done with it. */
export interface ResultRow {
  /** Emits what is needed to have a column. */
  readonly column: (index: number) => Operand;
  /** A statement that goes on to the next row. */
  readonly skip: string;
}

/** How the parts of a statement are compiled in a frame. */
export interface PartCompiler {
  readonly value: (frame: Frame, bound: Bound) => Operand;
  readonly test: (frame: Frame, bound: Bound) => Predicate;
  readonly query: (frame: Frame, plan: QueryPlan, wanted: Wanted, consume: (row: ResultRow) => void) => void;
}

/** Emits what is needed to have a column of the source's row. */
export type ColumnLoader = (column: SourceColumn) => Operand;

export class Frame {
  readonly unit: FunctionUnit;
  readonly emitter: Emitter;
  readonly columns: Map<SourceColumn, Operand>;
  /** Expressions that were worked out where all that follows can see it. */
  readonly known: Map<Bound, Operand>;
  /** What an expression may be here beside what it was bound with: behind groups that may lack a row, NULL. */
  readonly addedTypes: TypeSet;
  readonly #around: Frame | undefined;
  readonly #loaders: Map<Source, ColumnLoader>;
  readonly #compiler: PartCompiler;

  constructor(
    unit: FunctionUnit,
    compiler: PartCompiler,
    around: Frame | undefined = undefined,
    addedTypes: TypeSet = 0,
  ) {
    this.unit = unit;
    this.emitter = unit.emitter;
    this.columns = new Map();
    this.known = new Map();
    this.addedTypes = addedTypes;
    this.#around = around;
    this.#loaders = new Map();
    this.#compiler = compiler;
  }

  /** Emits what is needed to have the expression's value. */
  value(bound: Bound): Operand {
    return this.known.get(bound) ?? this.#compiler.value(this, bound);
  }

  /** Emits what is needed to test the expression. */
  test(bound: Bound): Predicate {
    return this.#compiler.test(this, bound);
  }

  /** Emits loops over the rows of a query whose expressions see what is on a row here. */
  query(plan: QueryPlan, wanted: Wanted, consume: (row: ResultRow) => void): void {
    this.#compiler.query(this, plan, wanted, consume);
  }

  /** What the expression can be. */
  typesOf({ types }: Bound): TypeSet {
    return types | this.addedTypes;
  }

  column(column: SourceColumn): Operand {
    const operand = this.#find(column);
    assert(operand !== undefined, "a column is loaded before it is read");
    return operand;
  }

  /** The source is on a row from here on. */
  enter(source: Source, loader: ColumnLoader): void {
    this.#loaders.set(source, loader);
  }

  /** Loads the columns that expressions read of sources that are on a row, unless they are there already. */
  load(bounds: readonly Bound[]): void {
    for (const bound of bounds) {
      visitAll(bound, (part) => {
        if (part.kind === "column" && this.#find(part.column) === undefined) {
          const loader = this.#loaders.get(part.source);
          if (loader !== undefined) {
            this.columns.set(part.column, loader(part.column));
          }
        }
      });
    }
  }

  /** A frame that sees what this one sees, and whose own columns are forgotten behind it. */
  inner(): Frame {
    return new Frame(this.unit, this.#compiler, this, this.addedTypes);
  }

  /** A frame behind this one, where its sources are no longer on a row. */
  behind(addedTypes: TypeSet): Frame {
    return new Frame(this.unit, this.#compiler, this.#around, addedTypes);
  }

  /** Whether no source is on a row here. */
  get isAlone(): boolean {
    return this.#around === undefined && this.#loaders.size === 0;
  }

  /** A frame in another function, which sees nothing of this one. */
  inSibling(): Frame {
    return new Frame(this.unit.sibling(), this.#compiler);
  }

  constant(bound: Extract<Bound, { kind: "constant" }>): Operand {
    const { tag, value, types } = bound;
    const isNumber = tag === INTEGER || tag === REAL;
    return {
      types,
      tag: String(tag),
      number: isNumber ? this.emitter.constant(value) : "0",
      other: isNumber || value === null ? "null" : this.emitter.constant(value),
      bytes: undefined,
    };
  }

  /** A parameter, read once an execution. */
  parameter(index: number): Operand {
    const name = String(index);
    const { parameters } = this.unit;
    let operand = parameters.get(name);
    if (operand === undefined) {
      const { emitter } = this;
      const into = declare(emitter, ANY_TYPE);
      emitter.hoist(() => {
        emitter.line(`${into.tag} = values.tags[${index - 1}];`);
        emitter.line(`${into.number} = values.numbers[${index - 1}];`);
        emitter.line(`${into.other} = values.others[${index - 1}];`);
      });
      operand = into;
      parameters.set(name, operand);
    }
    return operand;
  }

  /** The value with a comparison's conversion; of a parameter once an execution. */
  converted(bound: Bound, operand: Operand, conversion: Conversion): Operand {
    if (conversion === undefined) {
      return operand;
    }
    if (bound.kind !== "parameter") {
      return convert(this.emitter, operand, conversion);
    }
    const name = `${bound.index} ${conversion}`;
    const { parameters } = this.unit;
    let known = parameters.get(name);
    if (known === undefined) {
      this.emitter.hoist(() => {
        known = convert(this.emitter, operand, conversion);
      });
      parameters.set(name, known!);
    }
    return known!;
  }

  /** Where the UTF-8 of a literal or parameter is, for comparisons in place; of use where its tag is TEXT. */
  encoded(bound: Bound, operand: Operand): string | undefined {
    if (bound.kind !== "parameter" && (bound.kind !== "constant" || bound.tag !== TEXT)) {
      return undefined;
    }
    const { encoded } = this.unit;
    let known = encoded.get(bound);
    if (known === undefined) {
      const { emitter } = this;
      if (bound.kind === "constant") {
        known = emitter.constant(encodeText(bound.value as string));
      } else {
        const bytes = emitter.variable("b");
        const encode = emitter.constant(encodeText);
        emitter.hoist(() => emitter.line(`${bytes} = ${isTag(operand, TEXT)} ? ${encode}(${operand.other}) : null;`));
        known = bytes;
      }
      encoded.set(bound, known);
    }
    return known;
  }

  #find(column: SourceColumn): Operand | undefined {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.#around) {
      const operand = frame.columns.get(column);
      if (operand !== undefined) {
        return operand;
      }
    }
    return undefined;
  }
}

/** What affinity does to a value before it is compared. */
export function convert(emitter: Emitter, operand: Operand, conversion: NonNullable<Conversion>): Operand {
  const { types } = operand;
  if (conversion === "REAL") {
    return store(emitter, operand, "REAL");
  }
  if (conversion === "TEXT") {
    const converted = (types & ~NUMERIC_TYPES) | (1 << TEXT);
    return change(emitter, operand, anyTag(operand, INTEGER, REAL, BIG), converted, "toTextAffinity");
  }
  return change(emitter, operand, isTag(operand, TEXT), types | NUMERIC_TYPES, "toNumericAffinity");
}

/** What a column of this affinity makes of a value that is stored in it. */
export function store(emitter: Emitter, operand: Operand, affinity: Affinity): Operand {
  const { types } = operand;
  switch (affinity) {
    case "TEXT":
      return convert(emitter, operand, "TEXT");
    case "REAL": {
      const converted = (types & ~INTEGER_TYPES) | (1 << REAL);
      const real = change(
        emitter,
        operand,
        anyTag(operand, INTEGER, BIG, TEXT),
        converted,
        "applyAffinity",
        '"REAL", ',
      );
      // SQLite keeps whole reals of such a column as integers, of which there is but one 0.
      return { ...real, number: `(${real.number} + 0)` };
    }
    case "INTEGER":
    case "NUMERIC":
      return change(emitter, operand, anyTag(operand, REAL, TEXT), types | NUMERIC_TYPES, "toNumericAffinity");
    default:
      return operand;
  }
}

/** The operand after a library function has changed it where `needed`; then it is one of `types`. */
function change(
  emitter: Emitter,
  operand: Operand,
  needed: string,
  types: TypeSet,
  name: keyof Library,
  first: string = "",
): Operand {
  if (needed === "false") {
    return operand;
  }
  const into = declare(emitter, types);
  const call = (): void => {
    emitter.line(`${emitter.use(name)}(${first}${pair(operand)});`);
    takeAnswer(emitter, into);
  };
  if (needed === "true") {
    call();
    return into;
  }
  emitter.open(`if (${needed})`);
  call();
  emitter.otherwise();
  // What needs no change has none of the types that a change takes away.
  assign(emitter, into, operand);
  emitter.close();
  return into;
}
