/** The names of result columns, where SQLite makes up some. */
import { expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const session = new SqlSession(new MemoryStore());
session.exec("CREATE TABLE a (x, y); CREATE TABLE b (x, z)");

test.each([
  ["SELECT * FROM (a JOIN b)", "x y x z"],
  ["SELECT * FROM a JOIN (b JOIN a AS c)", "x y x z x:1 y"],
  ["SELECT c.*, c.x FROM a, (b JOIN a AS c)", "x:1 y x:1"],
  ["SELECT * FROM a, (b, b AS d, b AS e, b AS f)", "x y x z x:1 z:1 x:2 z:2 x:3 z:3"],
  ["SELECT * FROM a JOIN ((a AS d JOIN b) JOIN a AS c)", "x y x y x:1 z x:2 y:1"],
  ["SELECT * FROM a AS p, (a AS q JOIN a AS r USING (x))", "x y x y y:1"],
  ["SELECT * FROM (SELECT a.x, b.x FROM a, b)", "x x:1"],
  ['SELECT * FROM (SELECT x, x, x, x AS "x:1" FROM a)', "x x:1 x:2 x:3"],
  ["SELECT * FROM (SELECT x + 1, x + 1 FROM a)", "x + 1 x + 1:1"],
  ["WITH c (p, p) AS (SELECT 1, 2) SELECT * FROM c", "p p:1"],
  ["SELECT a.x, b.x FROM a, b", "x x"],
])("%s", (text, names) => {
  expect(session.prepare(text).columns.join(" ")).toBe(names);
});
