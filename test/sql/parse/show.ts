/** An expression as text with every pair of parentheses written: what the tests of precedence compare. */
import type { Expression } from "../../../src/sql/parse/ast.ts";

export function show(expression: Expression): string {
  switch (expression.kind) {
    case "null":
      return "null";
    case "integer":
      return String(expression.value);
    case "real":
      return `real ${expression.value}`;
    case "text":
      return `'${expression.value}'`;
    case "blob":
      return `x'${Buffer.from(expression.value).toString("hex")}'`;
    case "parameter":
      return `?${expression.index}`;
    case "name":
      return expression.table === undefined ? expression.column : `${expression.table}.${expression.column}`;
    case "unary":
      return `(${expression.operator} ${show(expression.operand)})`;
    case "binary":
      return `(${show(expression.left)} ${expression.operator} ${show(expression.right)})`;
    case "null-test":
      return `(${show(expression.operand)} ${expression.negated ? "not null" : "is null"})`;
    case "between":
      return `(${show(expression.operand)} ${not(expression)}between ${show(expression.low)} and ${show(expression.high)})`;
    case "in":
      return `(${show(expression.operand)} ${not(expression)}in (${expression.list.map(show).join(", ")}))`;
    case "like": {
      const escaping = expression.escape === undefined ? "" : ` escape ${show(expression.escape)}`;
      return `(${show(expression.operand)} ${not(expression)}${expression.operator} ${show(expression.pattern)}${escaping})`;
    }
    case "case": {
      const operand = expression.operand === undefined ? "" : ` ${show(expression.operand)}`;
      const branches = expression.branches.map(
        (branch) => ` when ${show(branch.condition)} then ${show(branch.result)}`,
      );
      const otherwise = expression.otherwise === undefined ? "" : ` else ${show(expression.otherwise)}`;
      return `(case${operand}${branches.join("")}${otherwise} end)`;
    }
    case "cast":
      return `cast(${show(expression.operand)} as ${expression.type.toLowerCase()})`;
    case "call":
      return `${expression.name}(${expression.star ? "*" : `${expression.distinct ? "distinct " : ""}${expression.list.map(show).join(", ")}`})`;
  }
}

function not(expression: { readonly negated: boolean }): string {
  return expression.negated ? "not " : "";
}
