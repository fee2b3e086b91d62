/** What an expression is worth that needs nothing to be worked out: a literal, with a sign or without. */
import type { Expression } from "../parse/ast/query.ts";
import { type Affinity, applyAffinity } from "../value/affinity.ts";
import {
  answer,
  answered,
  BIG,
  BLOB,
  INTEGER,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  tagOf,
} from "../value/value.ts";

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
    default:
      return undefined;
  }
}

/** As a column of that affinity stores it. */
export function stored({ tag, value }: Literal, affinity: Affinity): Literal {
  applyAffinity(affinity, tag, value);
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
  const { tag, value } = literal;
  if (operator !== "-" || (tag !== INTEGER && tag !== REAL && tag !== BIG)) {
    return undefined;
  }
  const negative = tag === INTEGER && value === 0 ? 0 : -(value as number | bigint);
  return { tag: tag === REAL ? REAL : tagOf(negative)!, value: tag === REAL ? negative : (negative as SqlValue) };
}
