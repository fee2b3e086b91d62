/**
 * Expressions as statements: each emits what it needs and answers an operand, pieces of JavaScript for tag and value.
 *
 * The common case stands in line (two numbers whose result is a safe integer or a real, two texts put together), all else
 * is a library call. What cannot happen by the types is not emitted.
 */
import { AssertionError } from "../../assert.ts";
import type { ArithmeticOperator, Bound } from "../query/bind/bound.ts";
import { KIND_ASCII, KIND_BLOB, KIND_UTF8 } from "../row.ts";
import { BLOB, INTEGER, NULL, REAL, TEXT } from "../value/value.ts";
import { compared } from "./comparison.ts";
import type { Branch, Emitter } from "./emitter.ts";
import type { Frame, Predicate } from "./frame.ts";
import type { Library } from "./library.ts";
import {
  and,
  assign,
  can,
  choose,
  declare,
  isFast,
  isNotNull,
  isTag,
  not,
  type Operand,
  or,
  pair,
  setNumber,
  setTag,
  takeAnswer,
} from "./operand.ts";
import { branchTest, compilePredicate, truth } from "./predicate.ts";
import { firstRow } from "./subquery.ts";

export function compileValue(frame: Frame, bound: Bound): Operand {
  switch (bound.kind) {
    case "constant":
      return frame.constant(bound);
    case "parameter":
      return frame.parameter(bound.index);
    case "column":
      return frame.column(bound.column);
    case "collate":
      return frame.value(bound.operand);
    case "scalar-query":
      return firstRow(frame, bound);
    case "unary":
      return unary(frame, bound);
    case "arithmetic":
      return arithmetic(frame, bound);
    case "logic":
      return logic(frame, bound);
    case "not": {
      const { isTrue, isFalse } = truth(frame, frame.value(bound.operand));
      return truthValue(frame, bound, { isTrue: isFalse, isFalse: isTrue });
    }
    case "compare":
    case "null-test":
    case "truth-test":
    case "between":
    case "in":
    case "in-query":
    case "exists":
    case "like":
      return truthValue(frame, bound, compilePredicate(frame, bound));
    case "case":
      return caseValue(frame, bound);
    case "cast":
      return cast(frame, bound);
    case "call":
      return call(frame, bound);
    case "first":
      return first(frame, bound);
    case "extreme":
      return extreme(frame, bound);
    case "raise":
      throw new AssertionError("RAISE stands in triggers, which are interpreted");
    case "nullif": {
      const left = frame.value(bound.left);
      const into = declare(frame.emitter, frame.typesOf(bound));
      const { isTrue } = compared(frame, bound.left, left, bound.comparison);
      assign(frame.emitter, into, left);
      frame.emitter.when(isTrue, () => setTag(frame.emitter, into, NULL));
      return into;
    }
  }
}

/** A test as a value: 1, 0 or NULL. */
function truthValue(frame: Frame, bound: Bound, { isTrue, isFalse }: Predicate): Operand {
  const { emitter } = frame;
  const into = declare(emitter, frame.typesOf(bound));
  if (!can(into, NULL)) {
    emitter.line(`${into.number} = ${choose(isTrue, "1", "0")};`);
    return into;
  }
  emitter.line(`${into.number} = ${choose(isTrue, "1", "0")};`);
  emitter.line(`${into.tag} = ${choose(or(`${into.number} === 1`, isFalse), "1", "0")};`);
  return into;
}

/** Both sides are evaluated: as a value, three-valued logic needs both more often than not. */
function logic(frame: Frame, bound: Extract<Bound, { kind: "logic" }>): Operand {
  const left = truth(frame, frame.value(bound.left));
  const right = truth(frame, frame.value(bound.right));
  return truthValue(
    frame,
    bound,
    bound.operator === "and"
      ? { isTrue: and(left.isTrue, right.isTrue), isFalse: or(left.isFalse, right.isFalse) }
      : { isTrue: or(left.isTrue, right.isTrue), isFalse: and(left.isFalse, right.isFalse) },
  );
}

function unary(frame: Frame, bound: Extract<Bound, { kind: "unary" }>): Operand {
  const { emitter } = frame;
  const operand = frame.value(bound.operand);
  if (bound.operator === "+") {
    // Without the place of its bytes it is no column to a comparison.
    return { ...operand, bytes: undefined };
  }
  const into = declare(emitter, frame.typesOf(bound));
  const isNegation = bound.operator === "-";
  const quick = isNegation ? isFast(operand) : and(isFast(operand), `(${operand.number} | 0) === ${operand.number}`);
  emitter.branches([
    [
      quick,
      () => {
        emitter.line(`${into.number} = ${isNegation ? `0 - ${operand.number}` : `~${operand.number}`};`);
        emitter.line(`${into.tag} = ${isNegation ? operand.tag : "1"};`);
      },
    ],
    [isTag(operand, NULL), () => setTag(emitter, into, NULL)],
    ["true", () => callInto(emitter, into, isNegation ? "negate" : "bitNot", pair(operand))],
  ]);
  return into;
}

const LIBRARY_NAMES: Readonly<Record<ArithmeticOperator, keyof Library>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "remainder",
  "&": "bitAnd",
  "|": "bitOr",
  "<<": "shiftLeft",
  ">>": "shiftRight",
  "||": "concatenate",
};

function arithmetic(frame: Frame, bound: Extract<Bound, { kind: "arithmetic" }>): Operand {
  const { emitter } = frame;
  const { operator } = bound;
  const a = frame.value(bound.left);
  const b = frame.value(bound.right);
  const into = declare(emitter, frame.typesOf(bound));
  const slow = (): void => callInto(emitter, into, LIBRARY_NAMES[operator], `${pair(a)}, ${pair(b)}`);
  emitter.branches([
    quickArithmetic(emitter, operator, a, b, into, slow),
    [or(isTag(a, NULL), isTag(b, NULL)), () => setTag(emitter, into, NULL)],
    ["true", slow],
  ]);
  return into;
}

/** The case that stands in line. */
function quickArithmetic(
  emitter: Emitter,
  operator: ArithmeticOperator,
  a: Operand,
  b: Operand,
  into: Operand,
  slow: () => void,
): Branch {
  const fast = and(isFast(a), isFast(b));
  const integers = and(isTag(a, INTEGER), isTag(b, INTEGER));
  const reals = not(integers);
  switch (operator) {
    case "+":
    case "-":
    case "*":
      return [
        fast,
        () => {
          emitter.line(`${into.number} = ${a.number} ${operator} ${b.number};`);
          emitter.branches([
            [reals, () => realOrNull(emitter, into)],
            // 0 × −5 is −0 to JavaScript; of integers there is but one 0.
            [
              isSafe(into.number),
              () =>
                operator === "*"
                  ? setNumber(emitter, into, INTEGER, `${into.number} + 0`)
                  : setTag(emitter, into, INTEGER),
            ],
            ["true", slow],
          ]);
        },
      ];
    case "/":
      return [
        fast,
        () =>
          emitter.branches([
            [`${b.number} === 0`, () => setTag(emitter, into, NULL)],
            [integers, () => setNumber(emitter, into, INTEGER, `Math.trunc(${a.number} / ${b.number}) + 0`)],
            [
              "true",
              () => {
                emitter.line(`${into.number} = ${a.number} / ${b.number};`);
                realOrNull(emitter, into);
              },
            ],
          ]),
      ];
    case "%":
      return [
        and(integers, `${b.number} !== 0`),
        () => setNumber(emitter, into, INTEGER, `${a.number} % ${b.number} + 0`),
      ];
    case "&":
    case "|":
      return [
        and(fast, `(${a.number} | 0) === ${a.number}`, `(${b.number} | 0) === ${b.number}`),
        () => setNumber(emitter, into, INTEGER, `${a.number} ${operator} ${b.number}`),
      ];
    case "||":
      return [
        and(isTag(a, TEXT), isTag(b, TEXT)),
        () => {
          setTag(emitter, into, TEXT);
          emitter.line(`${into.other} = ${a.other} + ${b.other};`);
        },
      ];
    default:
      return ["false", slow];
  }
}

function isSafe(number: string): string {
  return `${number} <= 9007199254740991 && ${number} >= -9007199254740991`;
}

/** Infinity minus itself is NaN, which is NULL. */
function realOrNull(emitter: Emitter, into: Operand): void {
  emitter.line(`${into.tag} = ${into.number} === ${into.number} ? 2 : 0;`);
}

function cast(frame: Frame, bound: Extract<Bound, { kind: "cast" }>): Operand {
  const { emitter } = frame;
  const operand = frame.value(bound.operand);
  const into = declare(emitter, frame.typesOf(bound));
  const same = { TEXT, INTEGER, REAL, NUMERIC: INTEGER, BLOB: 5 }[bound.affinity] as 1 | 2 | 4 | 5;
  emitter.branches([
    [isTag(operand, same), () => assign(emitter, into, { ...operand, types: 1 << same, tag: String(same) })],
    ["true", () => callInto(emitter, into, "castTo", `"${bound.affinity}", ${pair(operand)}`)],
  ]);
  return into;
}

function call(frame: Frame, bound: Extract<Bound, { kind: "call" }>): Operand {
  const { emitter } = frame;
  const { call, callInPlace } = bound.function;
  const list = bound.list.map((part) => frame.value(part));
  const into = declare(emitter, frame.typesOf(bound));
  const bytes = list[0]?.bytes;
  const plain = (): void => emitter.line(`${emitter.constant(call)}(${list.map(pair).join(", ")});`);
  if (callInPlace !== undefined && bytes !== undefined) {
    const { u8, kind, start, end } = bytes;
    const rest = list.slice(1).map((operand) => `, ${pair(operand)}`);
    const after = rest.join("");
    const inPlace = (): void => emitter.line(`${emitter.constant(callInPlace)}(${u8}, ${start}, ${end}${after});`);
    const blob = (): void =>
      emitter.line(`${emitter.constant(call)}(${BLOB}, ${u8}.subarray(${start}, ${end})${after});`);
    emitter.branches([
      [`${kind} === ${KIND_ASCII} || ${kind} === ${KIND_UTF8}`, inPlace],
      [`${kind} === ${KIND_BLOB}`, blob],
      ["true", plain],
    ]);
  } else {
    plain();
  }
  takeAnswer(emitter, into);
  return into;
}

/** `break` out of a labelled block at the first that is not NULL: flat, however many there are. */
function first(frame: Frame, bound: Extract<Bound, { kind: "first" }>): Operand {
  const { emitter } = frame;
  const into = declare(emitter, frame.typesOf(bound));
  const label = emitter.name("first");
  emitter.open(`${label}:`);
  for (const part of bound.list) {
    const operand = frame.value(part);
    emitter.when(isNotNull(operand), () => {
      const types = operand.types & ~(1 << NULL);
      assign(emitter, into, { ...operand, types });
      emitter.line(`break ${label};`);
    });
  }
  if (can(into, NULL)) {
    setTag(emitter, into, NULL);
  }
  emitter.close();
  return into;
}

function caseValue(frame: Frame, bound: Extract<Bound, { kind: "case" }>): Operand {
  const { emitter } = frame;
  const into = declare(emitter, frame.typesOf(bound));
  const operand = bound.operand === undefined ? undefined : frame.value(bound.operand);
  const label = emitter.name("choice");
  emitter.open(`${label}:`);
  for (const { condition, result } of bound.branches) {
    emitter.when(branchTest(frame, condition, bound.operand, operand), () => {
      assign(emitter, into, frame.value(result));
      emitter.line(`break ${label};`);
    });
  }
  assign(emitter, into, frame.value(bound.otherwise));
  emitter.close();
  return into;
}

function extreme(frame: Frame, bound: Extract<Bound, { kind: "extreme" }>): Operand {
  const { emitter } = frame;
  const into = declare(emitter, frame.typesOf(bound));
  bound.list.forEach((part, index) => {
    const operand = frame.value(part);
    if (index === 0) {
      assign(emitter, into, operand);
    } else {
      const collation = bound.collation === undefined ? "" : `, ${emitter.constant(bound.collation)}`;
      callInto(emitter, into, bound.greatest ? "greater" : "lesser", `${pair(into)}, ${pair(operand)}${collation}`);
    }
  });
  return into;
}

function callInto(emitter: Emitter, into: Operand, name: keyof Library, parameters: string): void {
  emitter.line(`${emitter.use(name)}(${parameters});`);
  takeAnswer(emitter, into);
}
