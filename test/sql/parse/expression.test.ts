import { describe, expect, test } from "vitest";
import type { Select } from "../../../src/sql/parse/ast.ts";
import { parseStatement } from "../../../src/sql/parse/parser.ts";
import { show } from "./show.ts";

function shown(text: string): string {
  const column = (parseStatement(`SELECT ${text}`).statement as Select).columns[0]!;
  return column.kind === "star" ? "*" : show(column.expression);
}

describe("operators bind as SQLite's do", () => {
  // What SQLite 3.53 answers to each was compared with what these groupings answer.
  test.each([
    ["1 = 2 < 3", "(1 = (2 < 3))"],
    ["1 | 2 & 3", "((1 | 2) & 3)"],
    ["1 | 6 << 1", "((1 | 6) << 1)"],
    ["a + b * c - d", "((a + (b * c)) - d)"],
    ["a || b + c", "((a || b) + c)"],
    ["a -> 'x' ->> 'y'", "((a -> 'x') ->> 'y')"],
    ["-a || b", "((- a) || b)"],
    ["- - a", "(- (- a))"],
    ["~a + 1", "((~ a) + 1)"],
    ["- 2 * 3", "((- 2) * 3)"],
    ["not a = b", "(not (a = b))"],
    ["not a and b or c", "(((not a) and b) or c)"],
    ["a or b and c", "(a or (b and c))"],
    ["2 = not 0", "(2 = (not 0))"],
    ["1 + not 2 = 2", "(1 + (not (2 = 2)))"],
    ["a between 1 and 2 and c", "((a between 1 and 2) and c)"],
    ["a between b = c and d = e", "((a between (b = c) and d) = e)"],
    ["a not between 1 + 1 and 2 < 3", "(a not between (1 + 1) and (2 < 3))"],
    ["a in (1, 2) = b", "((a in (1, 2)) = b)"],
    ["a not in ()", "(a not in ())"],
    ["a like b || c escape 'x' and d", "((a like (b || c) escape 'x') and d)"],
    ["a not glob b = c", "((a not glob b) = c)"],
    ["a is null", "(a is null)"],
    ["a is not null = b", "((a is not null) = b)"],
    ["a is distinct from b", "(a is not b)"],
    ["a is not distinct from b", "(a is b)"],
    ["a isnull notnull", "((a is null) not null)"],
    ["a not null", "(a not null)"],
    ["a <> b == c != d", "(((a <> b) = c) <> d)"],
    ["case a when 1 then 2 when 3 then 4 else 5 end + 1", "((case a when 1 then 2 when 3 then 4 else 5 end) + 1)"],
    ["cast(a as decimal(10, -2))", "cast(a as decimal(10,-2))"],
    ["count(*) + sum(distinct a)", "(count(*) + sum(distinct a))"],
    ["main.t.a + replace(b, 'x', 'y')", "(t.a + replace(b, 'x', 'y'))"],
    ["(((a)))", "a"],
    ["like(a, b)", "like(a, b)"],
  ])("%s", (text, grouped) => {
    expect(shown(text)).toBe(grouped);
  });
});

describe("literals", () => {
  test.each([
    ["9007199254740991", "9007199254740991"],
    ["9007199254740993", "9007199254740993"],
    ["9223372036854775807", "9223372036854775807"],
    ["9223372036854775808", "real 9223372036854776000"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["0xff", "255"],
    ["0xffffffffffffffff", "-1"],
    ["1_000_000", "1000000"],
    ["1e3", "real 1000"],
    [".5", "real 0.5"],
    ["5.", "real 5"],
    ["'it''s'", "'it''s'".replace("''", "'")],
    ["x'00FF'", "x'00ff'"],
    ['"a""b"', 'a"b'],
    ["[a b]", "a b"],
    ["`a``b`", "a`b"],
  ])("%s", (text, value) => {
    expect(shown(text)).toBe(value);
  });

  test("parameters are numbered from 1, and one name has one number", () => {
    const parsed = parseStatement("SELECT ?, :a, ?5, ?, @b, :a, $c");
    expect(parsed.parameters).toEqual([undefined, ":a", undefined, undefined, undefined, undefined, "@b", "$c"]);
    const columns = (parsed.statement as Select).columns;
    expect(columns.map((column) => (column.kind === "star" ? "*" : show(column.expression)))).toEqual([
      "?1",
      "?2",
      "?5",
      "?6",
      "?7",
      "?2",
      "?8",
    ]);
  });
});
