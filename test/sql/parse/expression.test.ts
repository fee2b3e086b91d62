import { describe, expect, test } from "vitest";
import { parseStatement } from "../../../src/sql/parse/parser.ts";
import { show } from "./show.ts";
import { showStatement } from "./show-statement.ts";

function shown(text: string): string {
  return showStatement(parseStatement(`SELECT ${text}`).statement).slice("select ".length);
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
    ["a between b = c and not d", "(a between (b = c) and (not d))"],
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
    ["cast(a as Decimal(10, -2))", "cast(a as decimal(10, -2))"],
    ["count(*) + sum(distinct a)", "(count(*) + sum(distinct a))"],
    ["main.t.a + replace(b, 'x', 'y')", "(main.t.a + replace(b, 'x', 'y'))"],
    ["(((a)))", "a"],
    ["like(a, b)", "like(a, b)"],
    ["-a collate nocase || b", "(((- a) collate nocase) || b)"],
    ["a || b collate nocase = c", "((a || (b collate nocase)) = c)"],
    ["a collate nocase collate 'x y'", '((a collate nocase) collate "x y")'],
    ["a regexp b is not c match d", "(((a regexp b) is not c) match d)"],
    ["a glob b escape c", "(a glob b escape c)"],
    ["a not like b escape c = d", "((a not like b escape c) = d)"],
    ["a or b collate nocase and c", "(a or ((b collate nocase) and c))"],
  ])("%s", (text, grouped) => {
    expect(shown(text)).toBe(grouped);
  });
});

describe("what stands between operators", () => {
  test.each([
    ["(a, b) = (1, 2)", "((a, b) = (1, 2))"],
    ["(a, (b, c)) in ((1, (2, 3)))", "((a, (b, c)) in (values (1, (2, 3))))"],
    ["(select 1) + 1", "((select 1) + 1)"],
    ["((select 1), 2)", "((select 1), 2)"],
    ["(values (1), (2))", "(values (1), (2))"],
    ["(with x as (select 1) select * from x)", "(with x as (select 1) select * from x)"],
    ["exists (select 1) and not exists (values (1))", "(exists (select 1) and (not exists (values (1))))"],
    ["a in (select 1 union select 2)", "(a in (select 1 union select 2))"],
    ["a not in t", "(a not in t)"],
    ["a in main.t", "(a in main.t)"],
    ["a in 'my table'", '(a in "my table")'],
    ["a in f(1, b) or c", "((a in f(1, b)) or c)"],
    ["a in f()", "(a in f())"],
    ["a in ()", "(a in ())"],
    ["current_time || current_date", "(current_time || current_date)"],
    ["current_timestamp", "current_timestamp"],
    ["raise(ignore)", "raise(ignore)"],
    ["raise(abort, 'no: ' || a)", "raise(abort, ('no: ' || a))"],
    ["count(distinct a) filter (where a > 1)", "count(distinct a) filter (where (a > 1))"],
    ["f(all a, b order by c desc, d nulls last)", "f(a, b order by c desc, d nulls last)"],
    ["count(distinct)", "count(distinct )"],
    ["f(order by a)", "f( order by a)"],
    ["sum(a) over w", "sum(a) over w"],
    ["sum(a) over ()", "sum(a) over ()"],
    ["sum(a) filter (where b) over (w)", "sum(a) filter (where b) over (w)"],
    [
      "sum(a) over (w partition by a, b order by c rows between 1 + 1 preceding and 2 following exclude ties)",
      "sum(a) over (w partition by a, b order by c rows between (1 + 1) preceding and 2 following exclude ties)",
    ],
    [
      "sum(a) over (groups unbounded preceding)",
      "sum(a) over (groups between unbounded preceding and current row exclude no others)",
    ],
    [
      "sum(a) over (range between current row and unbounded following exclude group)",
      "sum(a) over (range between current row and unbounded following exclude group)",
    ],
    [
      "sum(a) over (order by b rows current row exclude current row)",
      "sum(a) over (order by b rows between current row and current row exclude current row)",
    ],
    ['"abs"(a)', "abs(a)"],
    ["left(a) + indexed", '(left(a) + "indexed")'],
    ["'t'.a", "t.a"],
    ["t.'a'", "t.a"],
    ["t.left", 't."left"'],
    ["abs(with)", 'abs("with")'],
    ["cast(a as)", "cast(a as )"],
    ["cast(a as 'my type' (1))", "cast(a as my type)"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe("WINDOW, OVER and FILTER are names where they cannot be more", () => {
  test.each([
    ["(a) over", 'a as "over"'],
    ["a over", 'a as "over"'],
    ["over + filter", '("over" + "filter")'],
    ["count(*) filter", 'count(*) as "filter"'],
    ["a window from window", 'a as "window" from "window"'],
    ["a from t window", 'a from t as "window"'],
    ["a from t window window as ()", 'a from t window "window" as ()'],
    ["over(a)", "over(a)"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe("literals", () => {
  test.each([
    ["9007199254740991", "9007199254740991"],
    ["9007199254740993", "9007199254740993"],
    ["9223372036854775807", "9223372036854775807"],
    ["9223372036854775808", "9223372036854776000.0"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["0xff", "255"],
    ["0xffffffffffffffff", "-1"],
    ["1_000_000", "1000000"],
    ["1_0.5_0e1_0", "105000000000.0"],
    ["0xf_f", "255"],
    ["1e999", "9e999"],
    ["1e3", "1000.0"],
    [".5", "0.5"],
    ["5.", "5.0"],
    ["'it''s'", "'it''s'"],
    ["x'00FF'", "x'00ff'"],
    ['"a""b"', '"a""b"'],
    ["[a b]", '"a b"'],
    ["`a``b`", '"a`b"'],
  ])("%s", (text, value) => {
    expect(shown(text)).toBe(value);
  });

  test("parameters are numbered from 1, and one name has one number", () => {
    const parsed = parseStatement("SELECT ?, :a, ?5, ?, @b, :a, $c, #d");
    expect(parsed.parameters).toEqual([undefined, ":a", undefined, undefined, "?5", undefined, "@b", "$c", "#d"]);
    expect(showStatement(parsed.statement)).toBe("select ?1, ?2, ?5, ?6, ?7, ?2, ?8, ?9");
  });

  test("a column's name is its text up to the next token", () => {
    const { statement } = parseStatement("SELECT a  + 1 , b /* b */, c -- c\n FROM t");
    expect(statement).toMatchObject({
      first: { columns: [{ text: "a  + 1" }, { text: "b /* b */" }, { text: "c -- c" }] },
    });
  });

  test("an expression points at its operator", () => {
    const { statement } = parseStatement("SELECT a + b * c");
    expect(statement).toMatchObject({ first: { columns: [{ expression: { at: 9, right: { at: 13 } } }] } });
    expect(show({ kind: "integer", at: 0, value: 1 })).toBe("1");
  });
});
