/**
 * The mathematical functions. They take numbers and text that is one; of all else they make NULL, and so they do where
 * there is no real answer (`sqrt(-1)`, `ln(0)`). `ceil`, `floor` and `trunc` leave integers as they are.
 *
 * Powers, logarithms and angles are JavaScript's, whose last digit may be another than that of a C library.
 */
import {
  answer,
  answerNull,
  answerReal,
  BIG,
  INTEGER,
  NULLABLE,
  NUMERIC_TYPES,
  REAL,
  type SqlValue,
  type Tag,
  typeSet,
} from "../value.ts";
import { isNumeric, realArgument } from "./argument.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

const REAL_OR_NULL = typeSet(REAL) | NULLABLE;

/** What `isNumeric` has answered, as a real. */
function answeredReal(): number {
  return answer.tag === BIG ? Number(answer.other) : answer.number;
}

function ofOne(name: string, calculate: (x: number) => number): ScalarFunction {
  return pure(name, 1, 1, REAL_OR_NULL, (tag: Tag, value: SqlValue): void => {
    isNumeric(tag, value) ? answerReal(calculate(answeredReal())) : answerNull();
  });
}

function ofTwo(name: string, calculate: (x: number, y: number) => number): ScalarFunction {
  return pure(name, 2, 2, REAL_OR_NULL, (xTag: Tag, x: SqlValue, yTag: Tag, y: SqlValue): void => {
    if (!isNumeric(xTag, x)) {
      answerNull();
      return;
    }
    const first = answeredReal();
    isNumeric(yTag, y) ? answerReal(calculate(first, answeredReal())) : answerNull();
  });
}

function toWhole(name: string, calculate: (x: number) => number): ScalarFunction {
  return pure(name, 1, 1, NUMERIC_TYPES | NULLABLE, (tag: Tag, value: SqlValue): void => {
    if (!isNumeric(tag, value)) {
      answerNull();
    } else if (answer.tag !== INTEGER && answer.tag !== BIG) {
      answerReal(calculate(answer.number));
    }
  });
}

function logarithm(name: string, calculate: (x: number) => number): ScalarFunction {
  return ofOne(name, (x) => (x <= 0 ? Number.NaN : calculate(x)));
}

/** `log(x)` to base 10; `log(b, x)` to base b. */
function log(tag: Tag, value: SqlValue, otherTag?: Tag, other?: SqlValue): void {
  const first = isNumeric(tag, value) ? answeredReal() : 0;
  if (first <= 0) {
    answerNull();
  } else if (otherTag === undefined) {
    answerReal(Math.log10(first));
  } else {
    const base = Math.log(first);
    // Only of the base SQLite asks whether it is a number.
    const second = realArgument(otherTag, other!);
    base <= 0 || second <= 0 ? answerNull() : answerReal(Math.log(second) / base);
  }
}

/** C has an answer to 1 and −1 to an infinite power, JavaScript has none. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y;
}

export const MATH_FUNCTIONS: readonly ScalarFunction[] = [
  ofOne("acos", Math.acos),
  ofOne("acosh", Math.acosh),
  ofOne("asin", Math.asin),
  ofOne("asinh", Math.asinh),
  ofOne("atan", Math.atan),
  ofTwo("atan2", Math.atan2),
  ofOne("atanh", Math.atanh),
  toWhole("ceil", Math.ceil),
  toWhole("ceiling", Math.ceil),
  ofOne("cos", Math.cos),
  ofOne("cosh", Math.cosh),
  ofOne("degrees", (x) => x * (180 / Math.PI)),
  ofOne("exp", Math.exp),
  toWhole("floor", Math.floor),
  logarithm("ln", Math.log),
  pure("log", 1, 2, REAL_OR_NULL, log),
  logarithm("log10", Math.log10),
  logarithm("log2", Math.log2),
  ofTwo("mod", (x, y) => x % y),
  pure("pi", 0, 0, typeSet(REAL), () => answerReal(Math.PI)),
  ofTwo("pow", power),
  ofTwo("power", power),
  ofOne("radians", (x) => x * (Math.PI / 180)),
  ofOne("sin", Math.sin),
  ofOne("sinh", Math.sinh),
  ofOne("sqrt", Math.sqrt),
  ofOne("tan", Math.tan),
  ofOne("tanh", Math.tanh),
  toWhole("trunc", Math.trunc),
];
