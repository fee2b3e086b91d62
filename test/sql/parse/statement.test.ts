/** What each statement becomes: the tree as text for the whole grammar, its fields where the text does not show them. */
import { describe, expect, test } from "vitest";
import { parseScript, parseStatement } from "../../../src/sql/parse/parser.ts";
import { showStatement } from "./show-statement.ts";

function shown(text: string): string {
  return showStatement(parseStatement(text).statement);
}

describe("queries", () => {
  test.each([
    [
      "select all a x, t.*, b+1 as 'c' from main.people as t where a group by a, b having count(*) > 1 limit 10 offset 5",
      "select a as x, t.*, (b + 1) as c from main.people as t where a group by a, b having (count(*) > 1) limit 10 offset 5",
    ],
    ["select distinct 't'.*, \"u\".* from t, u", "select distinct t.*, u.* from t, u"],
    ["select 1 limit 5, 10", "select 1 limit 10 offset 5"],
    [
      "select a from t order by a desc, b nulls last, c collate nocase asc, d desc nulls first",
      "select a from t order by a desc, b nulls last, (c collate nocase), d desc nulls first",
    ],
    ["values (1, 2), (3, 4)", "values (1, 2), (3, 4)"],
    [
      "select 1 union select 2 union all values (3) except select 4 intersect select 5 order by 1 limit 1",
      "select 1 union select 2 union all values (3) except select 4 intersect select 5 order by 1 limit 1",
    ],
    [
      "with recursive a(x, y) as (select 1, 2), b as materialized (values (1)), c as not materialized (select 3) select * from a, b",
      "with recursive a (x, y) as (select 1, 2), b as materialized (values (1)), c as not materialized (select 3) select * from a, b",
    ],
    ["select * from a b, c join d on 1 cross join e", "select * from a as b, c inner join d on 1 cross join e"],
    [
      "select * from a left join b using (x, y) right outer join c on z full join d natural inner join e",
      "select * from a left join b using (x, y) right join c on z full join d natural inner join e",
    ],
    [
      "select * from a outer left natural join b natural join c cross natural join d left right join e",
      "select * from a natural left join b natural inner join c natural cross join d full join e",
    ],
    ["select * from a, b on x, c using (y)", "select * from a, b on x, c using (y)"],
    ["select * from (select 1) s, (values (1)) as v", "select * from (select 1) as s, (values (1)) as v"],
    [
      "select * from (a join b on c) x, ((d)), (select 1)",
      "select * from (a inner join b on c) as x, ((d)), (select 1)",
    ],
    ["select * from main.f(1, a + 2) as g, h()", "select * from main.f(1, (a + 2)) as g, h()"],
    [
      "select * from t indexed by i, u as x not indexed where a",
      "select * from t indexed by i, u as x not indexed where a",
    ],
    ["select 1 from t window w as (order by a), v as (w)", "select 1 from t window w as (order by a), v as (w)"],
    ["select key, left, first as end from rows row", 'select "key", "left", "first" as "end" from "rows" as "row"'],
    ["select 1 'x', 2 limit, 3", undefined],
    ["select a having b", "select a having b"],
  ])("%s", (text, expected) => {
    if (expected === undefined) {
      expect(() => parseStatement(text)).toThrow('near ","');
    } else {
      expect(shown(text)).toBe(expected);
    }
  });
});

describe("writes", () => {
  test.each([
    [
      "insert or ignore into t (a, b) values (1, 2), (?, 'x')",
      "insert or ignore into t (a, b) values (1, 2), (?1, 'x')",
    ],
    ["replace into main.t as x select * from u", "insert or replace into main.t as x select * from u"],
    ["insert into t default values returning *", "insert into t default values returning *"],
    [
      "with x as (select 1) insert into t select * from x where true on conflict (a collate nocase desc, b + 1) where a > 1 " +
        "do update set a = 1, (b, c) = (select 1, 2) where d on conflict (a) do nothing on conflict do nothing returning a as x, b",
      "with x as (select 1) insert into t select * from x where true on conflict (a collate nocase desc, (b + 1)) where (a > 1) " +
        "do update set a = 1, (b, c) = (select 1, 2) where d on conflict (a) do nothing on conflict do nothing returning a as x, b",
    ],
    [
      "update or fail main.t as x indexed by i set a = 1, (b, c) = (2, 3), (d) = 4 from u join v where y returning z order by a limit 1 offset 2",
      "update or fail main.t as x indexed by i set a = 1, (b, c) = (2, 3), d = 4 from u inner join v where y returning z order by a limit 1 offset 2",
    ],
    ["with x as (select 1) update t not indexed set a == 1", "with x as (select 1) update t not indexed set a = 1"],
    [
      "with x as (select 1) delete from t as y where a returning b order by c limit 2, 1",
      "with x as (select 1) delete from t as y where a returning b order by c limit 1 offset 2",
    ],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe("definitions", () => {
  test.each([
    [
      "create temporary table if not exists temp.t (a integer constraint k primary key desc on conflict fail, b text not null on conflict ignore default 'x' collate nocase unique)",
      "create temp table if not exists \"temp\".t (a integer, b text not null on conflict ignore default ('x') collate nocase, constraint k primary key (a desc) on conflict fail, unique (b))",
    ],
    [
      "create table t (a integer primary key autoincrement, b as (a + 1), c int generated always as (a) stored, d check (d > 0))",
      "create table t (a integer, b as ((a + 1)) virtual, c int as (a) stored, d, primary key (a autoincrement), check ((d > 0)))",
    ],
    [
      "create table t (a references u, b references u (x) on delete set null on update cascade match full deferrable initially deferred, c references u not deferrable initially deferred)",
      "create table t (a, b, c, foreign key (a) references u on delete no action on update no action, foreign key (b) references u (x) on delete set null on update cascade deferrable initially deferred, foreign key (c) references u on delete no action on update no action)",
    ],
    [
      "create table t (a, b, constraint x unique (a, 'b' collate nocase desc) on conflict replace check (a) primary key (b), foreign key (a, b) references u (c, d) on delete restrict on update set default deferrable initially deferred) without rowid, strict",
      "create table t (a, b, constraint x unique (a, b collate nocase desc) on conflict replace, constraint x check (a), constraint x primary key (b), foreign key (a, b) references u (c, d) on delete restrict on update set default deferrable initially deferred) strict, without rowid",
    ],
    ["create table t as select 1 union select 2", "create table t as select 1 union select 2"],
    [
      "create unique index if not exists main.i on t (a collate nocase, b + 1 desc) where a is not null",
      "create unique index if not exists main.i on t (a collate nocase, (b + 1) desc) where (a is not null)",
    ],
    [
      "create temp view if not exists v (a, b) as values (1, 2)",
      "create temp view if not exists v (a, b) as values (1, 2)",
    ],
    [
      "create trigger if not exists main.r instead of update of a, b on v for each row when new.a begin update or ignore t set a = 1 from u; insert into t values (1) on conflict do nothing; delete from t where a; with x as (select 1) select raise(fail, 'x') from x; end",
      "create trigger if not exists main.r instead of update of a, b on v for each row when new.a begin update or ignore t set a = 1 from u; insert into t values (1) on conflict do nothing; delete from t where a; with x as (select 1) select raise(fail, 'x') from x; end",
    ],
    [
      "create temp trigger r insert on t begin select 1; end",
      "create temp trigger r before insert on t for each row begin select 1; end",
    ],
    [
      "create trigger temp.r insert on t begin delete from main.t; end",
      'create trigger "temp".r before insert on t for each row begin delete from main.t; end',
    ],
    ["create trigger before delete on t begin select 1; end", undefined],
    [
      "create virtual table if not exists main.v using fts5(a , b, tokenize = 'x (,)' , (c, d;e),, )",
      "create virtual table if not exists main.v using fts5 (a, b, tokenize = 'x (,)', (c, d;e))",
    ],
    ["create virtual table v using m", "create virtual table v using m"],
    ["alter table main.t rename to u", "alter table main.t rename to u"],
    ["alter table t rename a to b", "alter table t rename column a to b"],
    ["alter table t add a int check (a > 1) not null", "alter table t add column a int not null check ((a > 1))"],
    ["alter table t drop a", "alter table t drop column a"],
    [
      "alter table t alter a set not null on conflict fail",
      "alter table t alter column a set not null on conflict fail",
    ],
    ["alter table t alter column a drop not null", "alter table t alter column a drop not null"],
    [
      "alter table t add constraint c check (a) on conflict abort",
      "alter table t add constraint c check (a) on conflict abort",
    ],
    ["alter table t add check (a)", "alter table t add check (a)"],
    ["alter table t drop constraint c", "alter table t drop constraint c"],
    ["drop table if exists main.t", "drop table if exists main.t"],
    ["drop index i", "drop index i"],
    ["drop view main.v", "drop view main.v"],
    ["drop trigger if exists r", "drop trigger if exists r"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected ?? 'create trigger "before" before delete on t for each row begin select 1; end');
  });

  test("types, defaults and formulas are kept as written", () => {
    const { statement } = parseStatement(
      'create table t (a varchar ( 10 , 2 ) default (1 + 2), b unsigned big int default -5 null, c "my type" (1) default x, ' +
        "d default current_time generated always as ( a /* x */ ), e GENERATED ALWAYS as (1), f generated, g default 'x' default +1)",
    );
    expect(statement).toMatchObject({
      columns: [
        { type: "varchar ( 10 , 2 )", defaultText: "1 + 2" },
        { type: "unsigned big int", defaultText: "-5" },
        { type: "my type", defaultText: "x", default: { kind: "text", value: "x" } },
        { type: undefined, defaultText: "current_time", generated: { text: "a /* x */" } },
        { type: undefined, generated: { text: "1", stored: false } },
        { type: "generated", generated: undefined },
        { type: undefined, defaultText: "+1" },
      ],
    });
  });

  test("the one primary key is at hand, wherever it was declared", () => {
    expect(parseStatement("create table t (a, b text, primary key (b desc, a)) without rowid").statement).toMatchObject(
      {
        withoutRowid: true,
        primaryKey: {
          columns: [
            { name: "b", descending: true },
            { name: "a", descending: false },
          ],
        },
      },
    );
    expect(parseStatement("create table t (a primary key, b)").statement).toMatchObject({
      primaryKey: { columns: [{ name: "a" }] },
    });
  });

  test.each([
    ["create  temp table  if not exists  temp . t  ( a /*c*/ , b ) /* tail */ ;", "CREATE TABLE t  ( a /*c*/ , b )"],
    ["create table t(a) strict  -- x\n ;", "CREATE TABLE t(a) strict  -- x\n "],
    ["create table 't'(a), strict", "CREATE TABLE 't'(a), strict"],
    ["create unique index if not exists main . i on t(a)  /* z */ ;", "CREATE UNIQUE INDEX i on t(a)  /* z */ "],
    ["create temp view v (q) as  select 1  /* x */ ; ", "CREATE VIEW v (q) as  select 1  /* x */"],
    [
      "create trigger main.r insert on t begin select 1 ; end  /* c */ ;",
      "CREATE TRIGGER r insert on t begin select 1 ; end",
    ],
    ["create virtual table  main.v  using  m ( a ) ; ", "CREATE VIRTUAL TABLE v  using  m ( a )"],
  ])("the text for the schema: %s", (text, kept) => {
    const [parsed] = [...parseScript(text)];
    expect(parsed?.statement).toMatchObject({ text: kept });
  });

  test.each([
    ["alter table t add column x int /* c */  ; ", "x int /* c */"],
    ["alter table t add x int default 5 -- c\n;", "x int default 5"],
    ["alter table t add constraint c check ( a ) /* z */ ;", "constraint c check ( a ) /* z */"],
    ["alter table t alter a set  not  null on conflict fail /* z */;", "not  null on conflict fail /* z */"],
  ])("the text for the table: %s", (text, kept) => {
    const [parsed] = [...parseScript(text)];
    expect(parsed?.statement).toMatchObject({ change: { text: kept } });
  });
});

describe("everything else", () => {
  test.each([
    ["begin", "begin deferred"],
    ["begin immediate transaction x", "begin immediate"],
    ["begin exclusive", "begin exclusive"],
    ["commit transaction 'x'", "commit"],
    ["end", "commit"],
    ["rollback transaction", "rollback"],
    ["rollback transaction x to savepoint s", "rollback to s"],
    ["savepoint savepoint", 'savepoint "savepoint"'],
    ["release savepoint s", "release s"],
    ["pragma main.a = -5", "pragma main.a = -5"],
    ["pragma a(+1.5)", "pragma a = 1.5"],
    ["pragma a = on", "pragma a = on"],
    ["pragma a = 'x y'", "pragma a = x y"],
    ["pragma a", "pragma a"],
    ["vacuum", "vacuum"],
    ["vacuum main into 'x' || ?", "vacuum main into ('x' || ?1)"],
    ["attach database 'x' as y key 'z'", "attach 'x' as y key 'z'"],
    ["detach x", "detach x"],
    ["analyze main.t", "analyze main.t"],
    ["reindex", "reindex"],
    ["explain select 1", "explain plan select 1"],
    ["explain query plan delete from t", "explain query plan delete from t"],
    ["explain (plan) select 1", "explain plan select 1"],
    ["explain (codegen) select 1", "explain codegen select 1"],
    ["explain analyze select 1", "explain analyze select 1"],
    ["explain analyze with x as (select 1) delete from t", "explain analyze with x as (select 1) delete from t"],
    ["explain analyze replace into t values (1)", "explain analyze insert or replace into t values (1)"],
    ["explain analyze main.t", "explain plan analyze main.t"],
    ["explain analyze", "explain plan analyze"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test("a script is parsed statement by statement", () => {
    const texts = [...parseScript(" select 1 ;; -- note\n /* note */ select ? ; select :a")];
    expect(texts.map((parsed) => parsed.text)).toEqual(["select 1", "select ?", "select :a"]);
    expect(texts.map((parsed) => parsed.parameters)).toEqual([[], [undefined], [":a"]]);
  });
});
