/**
 * EXPLAIN QUERY PLAN: test/scripts/sql/query-plans.txt has statements behind `> ` and their plans as trees; `UPDATE=1` writes it anew.
 * The words are SQLite's wherever it does the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { checkoutRoot } from "../../support/source-tree.ts";
import { MemoryStore } from "../memory-store.ts";

const session = new SqlSession(new MemoryStore());
session.exec(`
  CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c, d);
  CREATE INDEX ib ON t (b);
  CREATE INDEX icd ON t (c, d);
  CREATE TABLE u (x PRIMARY KEY, y) WITHOUT ROWID;
  CREATE TABLE w (k, t_id);
  INSERT INTO t SELECT value, 'b' || value, value % 100, value FROM generate_series(1, 1000);
  INSERT INTO u SELECT value, value FROM generate_series(1, 300);
  INSERT INTO w SELECT value, value FROM generate_series(1, 300)`);

const path = join(checkoutRoot(), "test/scripts/sql/query-plans.txt");
const script = readFileSync(path, "utf8");

function planOf(statement: string): string[] {
  const levels = new Map([[0, 0]]);
  return session
    .prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .all()
    .map(({ id, parent, detail }) => {
      const level = levels.get(Number(parent))! + 1;
      levels.set(Number(id), level);
      return `${"  ".repeat(level)}${String(detail)}`;
    });
}

test("plans are what they were", () => {
  const statements = script.split("\n").filter((line) => line.startsWith("> "));
  const shown = statements.flatMap((line) => [line, ...planOf(line.slice(2))]);
  const text = `${shown.join("\n")}\n`;
  if (process.env.UPDATE === "1") {
    writeFileSync(path, text);
  }
  expect(text).toBe(script);
});

test("rows are numbered, and have the columns that SQLite's have", () => {
  expect(session.prepare("EXPLAIN QUERY PLAN SELECT a FROM t UNION ALL SELECT x FROM u").all()).toEqual([
    { id: 1, parent: 0, notused: 0, detail: "COMPOUND QUERY" },
    { id: 2, parent: 1, notused: 0, detail: "LEFT-MOST SUBQUERY" },
    { id: 3, parent: 2, notused: 0, detail: "SCAN t" },
    { id: 4, parent: 1, notused: 0, detail: "UNION ALL" },
    { id: 5, parent: 4, notused: 0, detail: "SCAN u" },
  ]);
});
