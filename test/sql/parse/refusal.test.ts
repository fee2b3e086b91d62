/** What the parser refuses: SQLite's words, which were compared with those of SQLite 3.53, and the place. */
import { describe, expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import { parseScript, parseStatement } from "../../../src/sql/parse/parser.ts";

function failure(text: string): DbError {
  try {
    parseStatement(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error(`parsed: ${text}`);
}

/** The message without the place. */
function words(text: string): string {
  const { code, message } = failure(text);
  expect(code).toBe("INVALID");
  return message.replace(/ at line \d+, column \d+\n.*\n *\^$/, "");
}

describe("errors point at their place", () => {
  test("line, column and a caret", () => {
    const error = failure("SELECT a,\n  b FRM users\nWHERE 1");
    expect(error.code).toBe("INVALID");
    expect(error.facts).toEqual({ line: 2, column: 9, offset: 18 });
    expect(error.message).toBe('near "users": syntax error at line 2, column 9\n    b FRM users\n          ^');
  });

  test("one line of the text, and no control characters, reach the message", () => {
    const error = failure(`select ${"x + ".repeat(2000)}\u001b[31m`);
    expect(error.message.length).toBeLessThan(250);
    expect(error.message).not.toContain("\u001b");
  });

  test("a token of a megabyte does not", () => {
    expect(failure(`select '${"x".repeat(1_000_000)}`).message.length).toBeLessThan(400);
  });

  test("what comes before the fault in a script has been given out", () => {
    const texts: string[] = [];
    expect(() => {
      for (const { text } of parseScript("select 1; select 2; selec 3; select @")) {
        texts.push(text);
      }
    }).toThrow('near "selec": syntax error');
    expect(texts).toEqual(["select 1", "select 2"]);
  });
});

describe("no statement, or several", () => {
  test.each([
    ["", "there is no statement in this text"],
    [" ;; -- x", "there is no statement in this text"],
    ["select 1; select 2", "there is more than one statement in this text; exec() runs several"],
    ["select 1; 'never read", "there is more than one statement in this text; exec() runs several"],
  ])("%s", (text, message) => {
    expect(words(text)).toBe(message);
  });

  test("space, comments and semicolons are none", () => {
    expect(parseStatement("\ufeff select 1 ; /* x */ -- y\n ; /* open").text).toBe("select 1");
  });
});

describe("tokens", () => {
  test.each([
    ["select 'abc", 'unrecognized token: "\'abc"'],
    ['select "abc', 'unrecognized token: ""abc"'],
    ["select [abc", 'unrecognized token: "[abc"'],
    ["select 12ab", 'unrecognized token: "12ab"'],
    ["select 0x", 'unrecognized token: "0x"'],
    ["select 5.e", 'unrecognized token: "5.e"'],
    ["select @", 'unrecognized token: "@"'],
    ["select $a::b(c)", 'unrecognized token: ":"'],
    ["select x'123' + 1", "unrecognized token: \"x'123'\""],
    ["select x'0g 1' + 1", "unrecognized token: \"x'0g 1'\""],
    ["select 1 ! 2", 'unrecognized token: "!"'],
    ["select 1__0", 'unrecognized token: "1__0"'],
    ["select 1_.5", 'unrecognized token: "1_.5"'],
    ["select\u000b1", 'unrecognized token: " "'],
    ["select 1 /*", 'near "*": syntax error'],
    ["select #1", 'near "#1": syntax error'],
    ["select 0x11111111111111111", "hex literal too big: 0x11111111111111111"],
    ["select ?0", "variable number must be between ?1 and ?32766"],
    ["select ?32767", "variable number must be between ?1 and ?32766"],
    ["select ?32766 + ?", "too many SQL variables"],
    ["select ?0 ?", 'near "?": syntax error'],
  ])("%s", (text, message) => {
    expect(words(text)).toBe(message);
  });
});

describe("syntax errors name the first token that cannot stand there", () => {
  test.each([
    ["selec 1", 'near "selec": syntax error'],
    ["select", "incomplete input"],
    ["select 1 +", "incomplete input"],
    ["select 1 +;", 'near ";": syntax error'],
    ["select from t", 'near "from": syntax error'],
    ["select 1 2", 'near "2": syntax error'],
    ["select a b c", 'near "c": syntax error'],
    ["select 1 indexed", 'near "indexed": syntax error'],
    ["select 1 left", 'near "left": syntax error'],
    ["select 5.5.5", 'near ".5": syntax error'],
    ["select a.b.c.d", 'near ".": syntax error'],
    ["select a.b(1)", 'near "(": syntax error'],
    ["select (with)", 'near ")": syntax error'],
    ["select cast", "incomplete input"],
    ["select current_time()", 'near "(": syntax error'],
    ["select count(distinct *)", 'near "*": syntax error'],
    ["select exists (1)", 'near "1": syntax error'],
    ["select (1) over w", 'near "over": syntax error'],
    ["select f(1) filter (1)", 'near "1": syntax error'],
    ["select f(1) within group (order by 1)", 'near "(": syntax error'],
    ["select f(1) over (rows)", 'near ")": syntax error'],
    ["select f(1) over (rows unbounded following)", 'near "following": syntax error'],
    ["select raise(ignore, 'x')", 'near ",": syntax error'],
    ["select 1 between 0 or 1 and 2", "incomplete input"],
    ["select 1 in 2", 'near "2": syntax error'],
    ["select 1 from t window w", 'near "w": syntax error'],
    ["select 1 limit 1 order by 1", 'near "order": syntax error'],
    ["values (1) order by 1", 'near "order": syntax error'],
    ["values ()", 'near ")": syntax error'],
    ["select * from t join", "incomplete input"],
    ["select * from t natural u", "incomplete input"],
    ["select * from t join u on 1 on 2", 'near "on": syntax error'],
    ["with x as (select 1)", "incomplete input"],
    ["with x (select 1) select 1", 'near "select": syntax error'],
    ["explain explain select 1", 'near "explain": syntax error'],
    ["insert into t values ()", 'near ")": syntax error'],
    ["insert into t x values (1)", 'near "x": syntax error'],
    ["insert into t select * from u on conflict do nothing", 'near "do": syntax error'],
    ["insert into t values (1) on conflict do nothing on conflict do nothing", 'near "on": syntax error'],
    ["update t set a.b = 1", 'near ".": syntax error'],
    ["update t x set a = 1", 'near "x": syntax error'],
    ["delete t", 'near "t": syntax error'],
    ["create table if (a)", 'near "(": syntax error'],
    ["create table 5 (a)", 'near "5": syntax error'],
    ["create table t (primary key (a))", 'near "primary": syntax error'],
    ["create table t (a,)", 'near ")": syntax error'],
    ["create table t (a, check (a), b)", 'near "b": syntax error'],
    ["create table t (a foreign key (a) references u)", 'near "foreign": syntax error'],
    ["create table t (a varchar(1_0))", 'near "1_0": syntax error'],
    ["create table t (a default - - 1)", 'near "-": syntax error'],
    ["create table t (a default b.c)", 'near ".": syntax error'],
    ["create table t (a) strict without rowid", 'near "without": syntax error'],
    ["create temp index i on t (a)", 'near "index": syntax error'],
    ["create trigger r insert on t begin end", 'near "end": syntax error'],
    ["create trigger r insert on t begin select 1 end", "incomplete input"],
    ["create trigger r insert on t begin insert into t default values; end", 'near "default": syntax error'],
    ["create trigger r insert on t begin delete from t returning a; end", 'near "returning": syntax error'],
    ["create trigger r insert on t begin with x as (select 1) delete from t; end", 'near "delete": syntax error'],
    ["create virtual table v using m (a;b", "incomplete input"],
    ["alter table t add constraint c unique (a)", 'near "unique": syntax error'],
    ["alter table t alter a set default 1", 'near "default": syntax error'],
    ["alter table t rename column to b", 'near "to": syntax error'],
    ["pragma a = 1_0", 'near "1_0": syntax error'],
    ["begin x", 'near "x": syntax error'],
    ["release a b", 'near "b": syntax error'],
    ["detach database", "incomplete input"],
  ])("%s", (text, message) => {
    expect(words(text)).toBe(message);
  });
});

describe("what the grammar takes and SQLite's parser refuses", () => {
  test.each([
    ["select a from t on 1", "a JOIN clause is required before ON"],
    ["select a from (t using (a)) join u", "a JOIN clause is required before USING"],
    ["select * from t natural left cross join u", "unknown join type: natural left cross"],
    ["select * from t outer join u", "unknown join type: outer"],
    ["select * from t Left Foo join u", "unknown join type: Left Foo"],
    ["select 1 order by 1 union all select 2", "ORDER BY clause should come after UNION ALL not before"],
    ["select 1 limit 1 intersect select 2", "LIMIT clause should come after INTERSECT not before"],
    ["values (1), (2, 3)", "all VALUES must have the same number of terms"],
    ["with a as (select 1), A as (select 2) select 1", "duplicate WITH table name: A"],
    ["with a (b collate nocase) as (select 1) select 1", 'syntax error after column name "b"'],
    ["select sum(distinct a) over () from t", "DISTINCT is not supported for window functions"],
    ["select Sum(a order by b) over () from t", "ORDER BY may not be used with non-aggregate Sum()"],
    ["select sum(a) over (rows 1 following) from t", "unsupported frame specification"],
    ["select sum(a) over (rows between current row and 1 preceding)", "unsupported frame specification"],
    ["select (1, 2) in ((1, 2), 3)", "IN(...) element has 1 term - expected 2"],
    ["select (1, 2) in ((1, 2, 3))", "IN(...) element has 3 terms - expected 2"],
    ["update t set (a, b) = 1", "2 columns assigned 1 values"],
    ["update t set (a, b) = (1, 2, 3)", "2 columns assigned 3 values"],
    ["create temp table main.t (a)", "temporary table name must be unqualified"],
    ["create temp trigger temp.r insert on t begin select 1; end", "temporary trigger may not have qualified name"],
    ["create table t (a primary key, b primary key)", 'table "t" has more than one primary key'],
    ["create table t (a text primary key autoincrement)", "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY"],
    ["create table t (a, primary key (a + 1))", "expressions prohibited in PRIMARY KEY and UNIQUE constraints"],
    ["create table t (a as (1) foo)", 'error in generated column "a"'],
    ["create table t (a) foo", "unknown table option: foo"],
    ["create table t (a) without foo", "unknown table option: foo"],
    ["create table t (a references u (b, c))", "foreign key on a should reference only one column of table u"],
    [
      "create table t (a, foreign key (a) references u (b, c))",
      "number of columns in foreign key does not match the number of columns in the referenced table",
    ],
    ["create index i on t (a nulls first)", "unsupported use of NULLS FIRST"],
    ["create view v as select ?", "parameters are not allowed in views"],
    [
      "create trigger r insert on t begin insert into t values (1) returning a; end",
      "cannot use RETURNING in a trigger",
    ],
    [
      "create trigger r insert on t begin delete from main.t; end",
      "qualified table names are not allowed on INSERT, UPDATE, and DELETE statements within triggers",
    ],
    [
      "create trigger r insert on t begin update t indexed by i set a = 1; end",
      "the INDEXED BY clause is not allowed on UPDATE or DELETE statements within triggers",
    ],
    [
      "create trigger r insert on t begin delete from t not indexed; end",
      "the NOT INDEXED clause is not allowed on UPDATE or DELETE statements within triggers",
    ],
  ])("%s", (text, message) => {
    expect(words(text)).toBe(message);
  });

  test("but a token that cannot follow is what it speaks of", () => {
    expect(words("select a from t on 1 do")).toBe('near "do": syntax error');
    expect(words("select * from t outer join on")).toBe('near "on": syntax error');
    expect(words("create table t (a, unique (a + 1) on x")).toBe('near "x": syntax error');
    expect(words("values (1), (2, 3) order")).toBe('near "order": syntax error');
  });
});

describe("limits", () => {
  const depth = "Expression tree is too large (maximum depth 1000)";
  const many = (part: string, count: number): string => part.repeat(count);

  test.each([
    ["a chain of operators", `select 1${many("+1", 999)}`, `select 1${many("+1", 1000)}`, depth],
    ["signs", `select ${many("- ", 999)}1`, `select ${many("- ", 1000)}1`, depth],
    ["NOT", `select ${many("not ", 999)}1`, `select ${many("not ", 1000)}1`, depth],
    ["parentheses", `select ${many("(", 1000)}1${many(")", 1000)}`, `select ${many("(", 5000)}1`, "Recursion limit"],
    ["calls", `select ${many("abs(", 800)}1${many(")", 800)}`, `select ${many("abs(", 5000)}1`, "Recursion limit"],
    [
      "queries",
      `select ${many("(select ", 200)}1${many(")", 200)}`,
      `select ${many("(select ", 5000)}1`,
      "Recursion limit",
    ],
    [
      "queries in FROM",
      `select * from ${many("(select * from ", 200)}t${many(")", 200)}`,
      `select * from ${many("(select * from ", 5000)}t`,
      "Recursion limit",
    ],
    [
      "joins in parentheses",
      `select * from ${many("(", 500)}t${many(")", 500)}`,
      `select * from ${many("(", 5000)}t`,
      "Recursion limit",
    ],
    [
      "common tables",
      `${many("with a as (", 200)}select 1${many(") select 1", 200)}`,
      many("with a as (", 5000),
      "Recursion limit",
    ],
    [
      "a compound",
      `select 1${many(" union select 1", 499)}`,
      `select 1${many(" union select 1", 500)}`,
      "too many terms in compound SELECT",
    ],
    [
      "arguments",
      `select f(1${many(",1", 999)})`,
      `select f(1${many(",1", 1000)})`,
      "too many arguments on function f",
    ],
    ["result columns", `select 1${many(",1", 1999)}`, `select 1${many(",1", 2000)}`, "too many columns in result set"],
    [
      "columns",
      `create table t (a${many(",a", 1999)})`,
      `create table t (a${many(",a", 2000)})`,
      "too many columns on t",
    ],
    [
      "ORDER BY",
      `select 1 order by 1${many(",1", 1999)}`,
      `select 1 order by 1${many(",1", 2000)}`,
      "too many terms in ORDER BY clause",
    ],
    [
      "GROUP BY",
      `select 1 group by 1${many(",1", 1999)}`,
      `select 1 group by 1${many(",1", 2000)}`,
      "too many terms in GROUP BY clause",
    ],
    [
      "SET",
      `update t set a=1${many(",a=1", 1999)}`,
      `update t set a=1${many(",a=1", 2000)}`,
      "too many columns in set list",
    ],
    [
      "an index",
      `create index i on t (a${many(",a", 1999)})`,
      `create index i on t (a${many(",a", 2000)})`,
      "too many columns in index",
    ],
    [
      "FROM",
      `select 1 from t${many(",t", 199)}`,
      `select 1 from t${many(",t", 200)}`,
      "too many FROM clause terms, max: 200",
    ],
  ])("%s", (_what, accepted, refused, message) => {
    expect(parseStatement(accepted).text).toBe(accepted);
    expect(words(refused)).toBe(message);
  });

  test("neither rows nor members of a list have one", () => {
    expect(parseStatement(`values (1)${many(",(1)", 20_000)}`).statement.kind).toBe("query");
    expect(parseStatement(`select 1 in (1${many(",1", 20_000)})`).statement.kind).toBe("query");
  });

  test("a text beyond the limit is refused before it is read", () => {
    expect(failure(" ".repeat(16_000_001))).toMatchObject({ code: "INVALID", facts: { limit: 16_000_000 } });
  });
});
