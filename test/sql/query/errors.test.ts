/** What SQLite refuses when it binds a query, in its words. */
import { expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const session = new SqlSession(new MemoryStore());
session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); CREATE TABLE u (x, y, z)");

test.each([
  ["select * from t join u using (x)", "cannot join using column x - column not present in both tables"],
  ["select nosuch from t, u", "no such column: nosuch"],
  ["select t.x from t, u", "no such column: t.x"],
  ["select * from t, nosuch", "no such table: nosuch"],
  ["select id from t t1, t t2", "ambiguous column name: id"],
  ["select a from t union select x from u order by 3", "1st ORDER BY term out of range - should be between 1 and 1"],
  [
    "select a from t union select x from u order by y + 1",
    "1st ORDER BY term does not match any column in the result set",
  ],
  [
    "select a from t union select x, y from u",
    "SELECTs to the left and right of UNION do not have the same number of result columns",
  ],
  ["select (select 1, 2)", "sub-select returns 2 columns - expected 1"],
  ["select 1 in (select 1, 2)", "sub-select returns 2 columns - expected 1"],
  ["select (1, 2) = 3", "row value misused"],
  ["select sum(sum(a)), (select 1) from t", "misuse of aggregate function sum()"],
  ["select a from t, u where sum(a) > 1", "misuse of aggregate function sum()"],
  ["select a from t where row_number() over () = 1", "misuse of window function row_number()"],
  ["select row_number() from t, u", "misuse of window function row_number()"],
  ["select abs(a) over () from t", "abs() may not be used as a window function"],
  ["select sum(a) over nosuch from t", "no such window: nosuch"],
  ["with a as (select 1), a as (select 2) select * from a", "duplicate WITH table name: a"],
  ["with a(x, y) as (select 1) select * from a", "table a has 1 values for 2 columns"],
  ["with a as (select * from b), b as (select * from a) select * from a", "circular reference: a"],
  [
    "with recursive c(n) as (select 1 union all select c.n + 1 from c, c as d where c.n < 3) select * from c",
    "multiple references to recursive table: c",
  ],
  [
    "with recursive c(n) as (select 1 union all select n + 1 from c where (select n from c) < 5) select * from c",
    "multiple recursive references: c",
  ],
  [
    "select sum(a) over (order by id rows between a preceding and current row) from t",
    "frame starting offset must be a non-negative integer",
  ],
  ["select a, row_number() over () from t group by 2", "misuse of window function row_number()"],
  ["select a, row_number() over () as n from t group by n", "misuse of aliased window function n"],
  [
    "with c(n) as (select 1 union all select count(*) from c) select * from c",
    "recursive aggregate queries not supported",
  ],
  [
    "with c(n) as (select 1 union all select sum(n) over () from c) select * from c",
    "cannot use window functions in recursive queries",
  ],
  [
    "with c(n) as (select 1 union all select n + 1 from c where (select 1 from c)) select * from c",
    "multiple recursive references: c",
  ],
  ["with c(n) as (select 1 union all select n from c union select n from c) select * from c", "circular reference: c"],
  ["with c(n) as (select 1, 2 union all select n from c) select * from c", "table c has 2 values for 1 columns"],
  [
    "with c(n) as (select 1 as a union all select n + 1 from c where n < 3 order by n) select * from c",
    "1st ORDER BY term does not match any column in the result set",
  ],
  ["select nth_value(a, 0) over () from (select 1 a)", "second argument to nth_value must be a positive integer"],
  ["select -0x8000000000000000", "hex literal too big: -0x8000000000000000"],
  ["select * from t indexed by nosuch", "no such index: nosuch"],
  ["select a from t order by a collate nosuch", "no such collation sequence: nosuch"],
  ["select a from t where a regexp b", "no such function: regexp"],
  ["select count(distinct a, b) from t", "wrong number of arguments to function count()"],
  ["select ntile(0) over () from (select 1)", "argument of ntile must be a positive integer"],
  [
    "select sum(a) over (order by a rows -1 preceding) from (select 1 a)",
    "frame starting offset must be a non-negative integer",
  ],
])("%s", (text, message) => {
  let thrown: unknown;
  try {
    session.prepare(text).all();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(DbError);
  expect((thrown as DbError).message.split(" at line ")[0]).toBe(message);
});
