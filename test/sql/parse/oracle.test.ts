/**
 * The parser against `sql-parser-cst` on random expressions: both must group them alike.
 *
 * Known differences, which the generator avoids or the comparison forgives:
 *   - it gives `=` and `<` the same power, and `& | << >>` powers of their own, both unlike SQLite;
 *   - the pattern of LIKE … ESCAPE, and the bounds of BETWEEN, take fewer operators without parentheses.
 */
import { parse } from "sql-parser-cst";
import { expect, test } from "vitest";
import { type Rng, seededRng } from "../../../src/random.ts";
import { parseStatement } from "../../../src/sql/parse/parser.ts";
import { showStatement } from "./show-statement.ts";

type Node = { readonly type: string; readonly [field: string]: unknown };

function oracle(text: string): string {
  const cst = parse(`SELECT ${text}`, { dialect: "sqlite", paramTypes: ["?"] }) as unknown as {
    statements: { clauses: { columns: { items: Node[] } }[] }[];
  };
  return showNode(cst.statements[0]!.clauses[0]!.columns.items[0]!);
}

function ours(text: string): string {
  return showStatement(parseStatement(`SELECT ${text}`).statement).slice("select ".length);
}

function operatorOf(operator: unknown): string {
  const words = Array.isArray(operator) ? operator : [operator];
  const text = words.map((word: string | { name: string }) => (typeof word === "string" ? word : word.name)).join(" ");
  return text.toLowerCase().replace("==", "=").replace("!=", "<>");
}

function showNode(node: Node): string {
  const child = (field: string): string => showNode(node[field] as Node);
  switch (node.type) {
    case "number_literal":
    case "identifier":
      return node.text as string;
    case "null_literal":
      return "null";
    case "string_literal":
      return `'${node.value as string}'`;
    case "paren_expr":
      return child("expr");
    case "prefix_op_expr":
      return `(${operatorOf(node.operator)} ${child("expr")})`;
    case "postfix_op_expr":
      return `(${child("expr")} ${operatorOf(node.operator) === "isnull" ? "is null" : "not null"})`;
    case "between_expr": {
      const not = operatorOf(node.betweenKw).startsWith("not") ? "not " : "";
      return `(${child("left")} ${not}between ${child("begin")} and ${child("end")})`;
    }
    case "list_expr":
      return (node.items as Node[]).map(showNode).join(", ");
    case "func_call": {
      const args = (node.args as { expr: { args: { items: Node[] } } }).expr.args;
      return `${child("name")}(${args.items.map(showNode).join(", ")})`;
    }
    case "binary_expr": {
      const operator = operatorOf(node.operator);
      const right = operator.endsWith("in") ? `(${child("right")})` : child("right");
      return `(${child("left")} ${operator} ${right})`;
    }
    default:
      throw new Error(`the oracle knows ${node.type}`);
  }
}

/** Two of the levels of `= <` and of the bit operators never meet without parentheses: see the known differences. */
function generate(rng: Rng, depth: number): string {
  const pick = (choices: readonly string[]): string => choices[rng.next() % choices.length]!;
  const inner = (): string => generate(rng, depth - 1);
  if (depth === 0) {
    return pick(["a", "b", "c", "1", "2", "'x'", "null"]);
  }
  switch (rng.next() % 12) {
    case 0:
      return `(${inner()})`;
    case 1:
      return `${pick(["- ", "+ ", "~ "])}${pick(["a", "1", "(b + c)"])}`;
    case 2:
      return `NOT ${inner()}`;
    case 3:
      return `(${inner()} ${pick(["=", "<>", "!=", "==", "IS", "IS NOT"])} ${inner()})`;
    case 4:
      return `(${inner()} ${pick(["<", "<=", ">", ">="])} ${inner()})`;
    case 5:
      return `((${inner()}) ${pick(["BETWEEN", "NOT BETWEEN"])} (${inner()}) AND (${inner()}))`;
    case 6:
      return `(${inner()} ${pick(["IN", "NOT IN"])} (${inner()}, ${inner()}))`;
    case 7:
      return `f(${inner()}, ${inner()})`;
    case 8:
      return `(${inner()} ${pick(["ISNULL", "NOTNULL", "NOT NULL", "IS NULL"])})`;
    case 9:
      return `(${inner()} ${pick(["&", "|", "<<", ">>"])} ${inner()})`;
    default:
      return `${inner()} ${pick(["AND", "OR", "+", "-", "*", "/", "%", "||"])} ${inner()}`;
  }
}

test("random expressions are grouped as the oracle groups them", () => {
  const rng = seededRng(20_240);
  let compared = 0;
  for (let round = 0; round < 1500; round++) {
    const text = generate(rng, 1 + (rng.next() % 4));
    let expected: string;
    try {
      expected = oracle(text);
    } catch (error) {
      // What only we accept is no difference: SQLite's NOT may stand to the right of any operator.
      expect((error as Error).message, text).toMatch(/^Syntax Error/);
      continue;
    }
    compared++;
    expect(ours(text), text).toBe(expected);
  }
  expect(compared).toBeGreaterThan(500);
});

/** Statements that both take; that it refuses none of them is a check on the tables of statement.test.ts, too. */
const STATEMENTS: readonly string[] = [
  "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT * FROM c",
  "SELECT t.a FROM t AS t1, u JOIN v ON t1.a = u.a LEFT OUTER JOIN w USING (a, b) CROSS JOIN x NATURAL JOIN y",
  "SELECT * FROM (SELECT 1) AS s, (t JOIN u ON t.a = u.a), json_each('[1]') AS j",
  "SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
  "INSERT OR REPLACE INTO main.t (a) SELECT 1 WHERE true ON CONFLICT (a) DO UPDATE SET b = 2 WHERE c RETURNING *",
  "UPDATE OR IGNORE t AS x INDEXED BY i SET a = 1, (b, c) = (1, 2) FROM u WHERE x.a = u.a RETURNING a",
  "DELETE FROM t AS x NOT INDEXED WHERE a RETURNING a",
  "CREATE TEMP TABLE IF NOT EXISTS t (a INTEGER CONSTRAINT k PRIMARY KEY ASC ON CONFLICT FAIL AUTOINCREMENT, b AS (a) STORED) STRICT",
  "CREATE TABLE t (a, b, UNIQUE (a, b), FOREIGN KEY (a) REFERENCES u (b) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)",
  "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (a COLLATE nocase DESC, b + 1) WHERE a NOTNULL",
  "CREATE TRIGGER r INSTEAD OF UPDATE OF a, b ON v FOR EACH ROW WHEN new.a BEGIN DELETE FROM t; SELECT 1; END",
  "CREATE VIRTUAL TABLE v USING fts5(a, b)",
  "ALTER TABLE t RENAME COLUMN a TO b",
  "PRAGMA main.user_version = 5",
];

test.each(STATEMENTS)("both take: %s", (text) => {
  expect(() => parse(text, { dialect: "sqlite" })).not.toThrow();
  expect(parseStatement(text).text).toBe(text);
});

test("the known differences are still there", () => {
  expect(oracle("1 = 2 < 3")).toBe("((1 = 2) < 3)");
  expect(oracle("1 | 2 & 3")).toBe("(1 | (2 & 3))");
});
