/** Constants in, constant out: arithmetic, casts and conversions whose parts are literals are worked out once. */
import { castTo, toNumericAffinity, toTextAffinity } from "../../value/affinity.ts";
import * as arithmetic from "../../value/arithmetic.ts";
import { answer, answered, type SqlValue, type Tag } from "../../value/value.ts";
import type { ArithmeticOperator, Bound, Conversion } from "./bound.ts";

type Calculation = (aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue) => void;

const CALCULATIONS: Readonly<Record<ArithmeticOperator, Calculation>> = {
  "+": arithmetic.add,
  "-": arithmetic.subtract,
  "*": arithmetic.multiply,
  "/": arithmetic.divide,
  "%": arithmetic.remainder,
  "&": arithmetic.bitAnd,
  "|": arithmetic.bitOr,
  "<<": arithmetic.shiftLeft,
  ">>": arithmetic.shiftRight,
  "||": arithmetic.concatenate,
};

export function constant(tag: Tag, value: SqlValue): Bound {
  return { kind: "constant", types: 1 << tag, tag, value };
}

export function fold(bound: Bound): Bound {
  switch (bound.kind) {
    case "arithmetic": {
      const { left, right } = bound;
      if (left.kind !== "constant" || right.kind !== "constant") {
        return bound;
      }
      CALCULATIONS[bound.operator](left.tag, left.value, right.tag, right.value);
      return constant(answer.tag, answered());
    }
    case "unary": {
      const { operand } = bound;
      if (operand.kind !== "constant" || bound.operator === "+") {
        return bound;
      }
      (bound.operator === "-" ? arithmetic.negate : arithmetic.bitNot)(operand.tag, operand.value);
      return constant(answer.tag, answered());
    }
    case "cast": {
      if (bound.operand.kind !== "constant") {
        return bound;
      }
      castTo(bound.affinity, bound.operand.tag, bound.operand.value);
      return { ...constant(answer.tag, answered()), affinity: bound.affinity } as Bound;
    }
    default:
      return bound;
  }
}

/** A literal with a comparison's conversion applied. */
export function convertConstant(bound: Bound, conversion: Conversion): Bound {
  if (bound.kind !== "constant" || conversion === undefined) {
    return bound;
  }
  (conversion === "TEXT" ? toTextAffinity : toNumericAffinity)(bound.tag, bound.value);
  return constant(answer.tag, answered());
}
