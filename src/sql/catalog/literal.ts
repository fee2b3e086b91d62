/** What an expression is worth that needs next to nothing to be worked out: a literal, with signs or a CAST around it or without. */
import type { Expression } from "../parse/ast/query.ts";
import { type Affinity, affinityOfType, applyAffinity, castTo } from "../value/affinity.ts";
import { negate } from "../value/arithmetic.ts";
import { answer, answered, BIG, BLOB, INTEGER, NULL, REAL, type SqlValue, type Tag, TEXT } from "../value/value.ts";

export interface Literal {
  readonly tag: Tag;
  readonly value: SqlValue;
}

/** Undefined: it is no literal. */
export function literalOf(expression: Expression): Literal | undefined {
  switch (expression.kind) {
    case "null":
      return { tag: NULL, value: null };
    case "integer":
      return { tag: typeof expression.value === "bigint" ? BIG : INTEGER, value: expression.value };
    case "real":
      return { tag: REAL, value: expression.value };
    case "text":
      return { tag: TEXT, value: expression.value };
    case "blob":
      return { tag: BLOB, value: expression.value };
    case "name":
      return booleanOf(expression);
    case "unary":
      return signed(expression.operator, expression.operand);
    case "cast": {
      const literal = literalOf(expression.operand);
      return literal === undefined ? undefined : converted(castTo, affinityOfType(expression.type), literal);
    }
    default:
      return undefined;
  }
}

/** As a column of that affinity stores it. */
export function stored(literal: Literal, affinity: Affinity): Literal {
  return converted(applyAffinity, affinity, literal);
}

function converted(convert: typeof applyAffinity, affinity: Affinity, { tag, value }: Literal): Literal {
  convert(affinity, tag, value);
  return { tag: answer.tag, value: answered() };
}

function booleanOf({ column, table, quoted }: Extract<Expression, { kind: "name" }>): Literal | undefined {
  const word = table === undefined && !quoted ? column.toLowerCase() : "";
  return word === "true" || word === "false" ? { tag: INTEGER, value: word === "true" ? 1 : 0 } : undefined;
}

function signed(operator: string, operand: Expression): Literal | undefined {
  const literal = literalOf(operand);
  if (literal === undefined || operator === "+") {
    return literal;
  }
  if (operator !== "-") {
    return undefined;
  }
  if (literal.tag === REAL) {
    // Zero keeps its sign.
    return { tag: REAL, value: -(literal.value as number) };
  }
  negate(literal.tag, literal.value);
  return { tag: answer.tag, value: answered() };
}
