/**
 * Where an expression is compiled: what its leaves are in generated code, and the way back into the compiler for its
 * parts. A frame belongs to one place of a function: the row of a scan, or the group behind it.
 */
import type { Bound, Conversion } from "../bind/bound.ts";
import type { Column } from "../catalog/schema.ts";
import type { Affinity } from "../value/affinity.ts";
import { encodeText } from "../value/text.ts";
import { ANY_TYPE, BIG, INTEGER, INTEGER_TYPES, NUMERIC_TYPES, REAL, TEXT, type TypeSet } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import type { Library } from "./library.ts";
import { anyTag, assign, declare, isTag, type Operand, pair, takeAnswer } from "./operand.ts";

export interface Predicate {
  /** JavaScript that holds exactly if the expression is true. Neither holds where it is NULL. */
  readonly isTrue: string;
  readonly isFalse: string;
}

export class Frame {
  readonly emitter: Emitter;
  readonly columns: Map<Column, Operand>;
  rowid: Operand | undefined;
  groups: readonly Operand[];
  aggregates: readonly Operand[];
  /** Expressions that were worked out where all that follows can see it. */
  readonly known: Map<Bound, Operand>;
  readonly #parameters: Map<string, Operand>;
  readonly #encoded: Map<Bound, string>;
  readonly #compile: (frame: Frame, bound: Bound) => Operand;
  readonly #test: (frame: Frame, bound: Bound) => Predicate;

  constructor(
    emitter: Emitter,
    compile: (frame: Frame, bound: Bound) => Operand,
    test: (frame: Frame, bound: Bound) => Predicate,
  ) {
    this.emitter = emitter;
    this.columns = new Map();
    this.rowid = undefined;
    this.groups = [];
    this.aggregates = [];
    this.known = new Map();
    this.#parameters = new Map();
    this.#encoded = new Map();
    this.#compile = compile;
    this.#test = test;
  }

  /** Emits what is needed to have the expression's value. */
  value(bound: Bound): Operand {
    return this.known.get(bound) ?? this.#compile(this, bound);
  }

  /** Emits what is needed to test the expression. */
  test(bound: Bound): Predicate {
    return this.#test(this, bound);
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
    let operand = this.#parameters.get(name);
    if (operand === undefined) {
      const { emitter } = this;
      const into = declare(emitter, ANY_TYPE);
      emitter.hoist(() => {
        emitter.line(`${into.tag} = values.tags[${index - 1}];`);
        emitter.line(`${into.number} = values.numbers[${index - 1}];`);
        emitter.line(`${into.other} = values.others[${index - 1}];`);
      });
      operand = into;
      this.#parameters.set(name, operand);
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
    let known = this.#parameters.get(name);
    if (known === undefined) {
      this.emitter.hoist(() => {
        known = convert(this.emitter, operand, conversion);
      });
      this.#parameters.set(name, known!);
    }
    return known!;
  }

  /** Where the UTF-8 of a literal or parameter is, for comparisons in place; of use where its tag is TEXT. */
  encoded(bound: Bound, operand: Operand): string | undefined {
    if (bound.kind !== "parameter" && (bound.kind !== "constant" || bound.tag !== TEXT)) {
      return undefined;
    }
    let known = this.#encoded.get(bound);
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
      this.#encoded.set(bound, known);
    }
    return known;
  }

  /** A frame for another place of the same function, with the same parameters. */
  next(): Frame {
    const next = new Frame(this.emitter, this.#compile, this.#test);
    for (const [name, operand] of this.#parameters) {
      next.#parameters.set(name, operand);
    }
    return next;
  }
}

/** What affinity does to a value before it is compared. */
export function convert(emitter: Emitter, operand: Operand, conversion: "TEXT" | "NUMERIC"): Operand {
  const { types } = operand;
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
      return change(emitter, operand, anyTag(operand, INTEGER, BIG, TEXT), converted, "applyAffinity", '"REAL", ');
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
