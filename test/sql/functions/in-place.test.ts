import { expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql } from "../../../src/sql/index.ts";

const VALUES = [null, "", "abc", "ä€😀", "a\0b", "\0", "x".repeat(5000), 12, -0.5, 2n ** 60n, Uint8Array.of(1, 0, 200)];

test("functions of text that is read where it lies answer as of values", () => {
  using database = open(":memory:");
  const compiled = openSql(database, { tier: "compiled" });
  const interpreted = openSql(database, { tier: "interpreted" });
  compiled.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT)");
  for (const value of VALUES) {
    compiled.prepare("INSERT INTO t (v, w) VALUES (?, ?)").run(value, value);
  }
  const text =
    "SELECT length(v), length(w), octet_length(v), octet_length(w), typeof(v), typeof(w) FROM t WHERE id > 0";
  const rows = compiled.prepare(text).raw().all();
  expect(rows).toEqual(interpreted.prepare(text).raw().all());
  expect(rows[3]!.slice(0, 4)).toEqual([3, 3, 9, 9]);
  expect(rows[4]!.slice(0, 4)).toEqual([1, 1, 3, 3]);
});
