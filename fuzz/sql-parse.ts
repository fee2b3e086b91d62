/**
 * Random and mutated SQL text: whatever it is, the parser answers with statements or with a DbError of code INVALID whose
 * place lies inside the text. Anything else (a TypeError, a stack overflow, a hang) is a finding.
 *
 * Canary "unchecked-number": a number literal that is taken for granted (what `BigInt("1.5")` does) is planted behind
 * the parser; the fuzzer must see the SyntaxError.
 */
import { DbError } from "../src/errors.ts";
import type { Rng } from "../src/random.ts";
import { KEYWORDS } from "../src/sql/parse/keywords.ts";
import { parseScript } from "../src/sql/parse/parser.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const SEEDS: readonly string[] = [
  "SELECT a, b + 1 AS c, count(*) FROM t AS x WHERE a BETWEEN 1 AND 2 AND b IN (1, 'x', NULL) GROUP BY a HAVING sum(b) > 1.5 ORDER BY 1 DESC NULLS LAST LIMIT 10 OFFSET ?1;",
  "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL DEFAULT 'x', v REAL DEFAULT (1+2), PRIMARY KEY (a, b)) WITHOUT ROWID",
  "INSERT OR REPLACE INTO t (a, b) VALUES (1, x'00ff'), (?, :name), ($a, @b); DELETE FROM t WHERE a IS NOT NULL",
  "UPDATE t SET a = CASE WHEN b LIKE 'x%' ESCAPE '!' THEN CAST(c AS INTEGER) ELSE -1e5 END WHERE NOT a ISNULL",
  "WITH RECURSIVE c(x) AS NOT MATERIALIZED (VALUES (1) UNION ALL SELECT x FROM c) SELECT t.*, (SELECT 1) FROM t AS y JOIN (u CROSS JOIN v) ON EXISTS (SELECT 1) NATURAL LEFT JOIN f(1, 2) g EXCEPT SELECT 1 INTERSECT SELECT 2",
  "SELECT sum(DISTINCT a ORDER BY b) FILTER (WHERE c) OVER (w PARTITION BY d ORDER BY e COLLATE nocase ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES), (a, b) = (1, 2), a IN u, a IN f(1), CURRENT_TIME WINDOW w AS (ORDER BY a)",
  "INSERT INTO t AS x SELECT * FROM u WHERE 1 ON CONFLICT (a COLLATE nocase DESC) WHERE b DO UPDATE SET (a, b) = (SELECT 1, 2) WHERE c ON CONFLICT DO NOTHING RETURNING *; UPDATE OR FAIL t INDEXED BY i SET a = 1 FROM u RETURNING a ORDER BY b LIMIT 1, 2",
  "CREATE TEMP TABLE t (a INTEGER CONSTRAINT k PRIMARY KEY AUTOINCREMENT, b AS (a + 1) STORED, c REFERENCES u (d) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, UNIQUE (a, b COLLATE nocase DESC) ON CONFLICT FAIL, CHECK (a), FOREIGN KEY (a) REFERENCES u) STRICT",
  "CREATE UNIQUE INDEX i ON t (a DESC, lower(b)) WHERE c; CREATE VIEW v (a) AS VALUES (1); CREATE VIRTUAL TABLE w USING m (a, (b; c)); ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t ADD COLUMN c INT DEFAULT 5; ALTER TABLE t ALTER a SET NOT NULL",
  "CREATE TRIGGER r INSTEAD OF UPDATE OF a, b ON v FOR EACH ROW WHEN new.a BEGIN UPDATE t SET a = 1; INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING; DELETE FROM t; SELECT RAISE(ABORT, 'x'); END",
  "PRAGMA main.a = -5; ATTACH 'x' AS y KEY z; DETACH y; VACUUM main INTO 'f'; ANALYZE t; REINDEX; SAVEPOINT s; RELEASE s; ROLLBACK TO s; EXPLAIN ANALYZE SELECT 1; EXPLAIN (CODEGEN) SELECT 2",
  'EXPLAIN QUERY PLAN SELECT DISTINCT -~+a || "b".[c] -> `d` FROM main.t; BEGIN IMMEDIATE; ROLLBACK; /* c */ -- d',
];

const FRAGMENTS: readonly string[] = [
  ...KEYWORDS,
  ..."( ) , ; . + - * / % & | ~ < > = <= >= <> != == << >> || -> ->> ' \" ` [ ] ? : @ $ # ! \\ { } ^".split(" "),
  ...["a", "t", "_x1", "é", "𝒳", "0", "1", "1.5", "1e309", ".5", "5.", "0x1F", "0x", "1_0", "1__0", "12ab", "?1", "?0"],
  ...["?99999", ":a", "@b", "$c", "'it''s'", "x'00'", "x'0'", "9223372036854775807", "9223372036854775808", "--", "/*"],
  ...[
    "*/",
    "\n",
    "\t",
    "\0",
    "\u001b[31m",
    "\ufeff",
    "\ud800",
    "count(",
    "(SELECT",
    "((((((((",
    "NOT NOT NOT",
    "1+1+1+1",
  ],
];

function randomText(rng: Rng): string {
  const words: string[] = [];
  for (let left = rng.next() % 40; left >= 0; left--) {
    words.push(FRAGMENTS[rng.next() % FRAGMENTS.length]!);
  }
  return words.join(rng.next() % 4 === 0 ? "" : " ");
}

function mutatedText(rng: Rng): string {
  let text = SEEDS[rng.next() % SEEDS.length]!;
  for (let left = rng.next() % 6; left >= 0; left--) {
    const from = rng.next() % (text.length + 1);
    const to = Math.min(text.length, from + (rng.next() % 12));
    const piece = FRAGMENTS[rng.next() % FRAGMENTS.length]!;
    switch (rng.next() % 4) {
      case 0:
        text = text.slice(0, from) + text.slice(to);
        break;
      case 1:
        text = `${text.slice(0, from)}${piece}${text.slice(from)}`;
        break;
      case 2:
        text = `${text.slice(0, from)} ${piece} ${text.slice(to)}`;
        break;
      default:
        text = text.slice(0, to) + text.slice(from, to).repeat(rng.next() % 5) + text.slice(to);
    }
  }
  return text;
}

function check(text: string, canary: string | undefined): void {
  try {
    for (const parsed of parseScript(text)) {
      if (canary === "unchecked-number" && parsed.text.includes("1.5")) {
        BigInt("1.5");
      }
      if (text.slice(parsed.start, parsed.start + parsed.text.length) !== parsed.text) {
        throw new Error("a statement's text is not where it says");
      }
    }
  } catch (error) {
    const expected = error instanceof DbError && error.code === "INVALID";
    const offset = expected ? error.facts.offset : undefined;
    if (typeof offset !== "number" || offset < 0 || offset > text.length) {
      throw new Error(`the parser answered ${JSON.stringify(text)} with ${String(error)}`, { cause: error });
    }
  }
}

export const sqlParseFuzzer: Fuzzer = {
  name: "sql-parse",
  canaries: ["unchecked-number"],
  run(rng: Rng, options: FuzzOptions): void {
    for (let round = 0; round < 50; round++) {
      check(rng.next() % 2 === 0 ? randomText(rng) : mutatedText(rng), options.canary);
    }
  },
};
