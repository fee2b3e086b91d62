/** How joins are carried out, as EXPLAIN tells it, where the numbers of rows decide; and that finding these out has no effects. */
import { describe, expect, it } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { pure } from "../../../src/sql/value/functions/scalar-function.ts";
import { answerInteger, INTEGER } from "../../../src/sql/value/value.ts";
import { MemoryStore } from "../memory-store.ts";

function session(): SqlSession {
  const sql = new SqlSession(new MemoryStore());
  sql.exec(`
    CREATE TABLE country (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE customer (id INTEGER PRIMARY KEY, country INTEGER, name TEXT);
    CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER, price INTEGER, note TEXT);
    CREATE INDEX purchase_customer ON purchase (customer);
    CREATE TABLE rate (code INTEGER, factor REAL);
  `);
  sql.exec(`
    INSERT INTO country SELECT value, 'country ' || value FROM generate_series(1, 20);
    INSERT INTO customer SELECT value, value % 20 + 1, 'customer ' || value FROM generate_series(1, 1000);
    INSERT INTO purchase SELECT value, value % 1000 + 1, value % 500, 'note ' || value FROM generate_series(1, 5000);
    INSERT INTO rate SELECT value * 2, value / 2.0 FROM generate_series(1, 200);
  `);
  return sql;
}

function planOf(sql: SqlSession, text: string): string[] {
  return sql.prepare(`EXPLAIN ${text}`).pluck().all() as string[];
}

describe("a join", () => {
  it("builds its table of the smaller side", () => {
    expect(planOf(session(), "SELECT count(*) FROM rate JOIN purchase ON price = code")).toEqual([
      "SCAN purchase",
      "HASH JOIN ON 1 key",
      "  SCAN rate",
      "AGGREGATE 1 aggregate",
    ]);
  });

  it("begins with what a condition leaves few rows of, and goes on by an index", () => {
    const text = "SELECT sum(price) FROM purchase JOIN customer c ON customer = c.id WHERE c.name LIKE '%77'";
    expect(planOf(session(), text)).toEqual([
      "SCAN c",
      "FILTER 1 condition",
      "SEARCH purchase USING INDEX purchase_customer (customer=?)",
      "AGGREGATE 1 aggregate",
    ]);
  });

  it("is hashed where the condition leaves most of them", () => {
    const text = "SELECT sum(price) FROM purchase JOIN customer c ON customer = c.id WHERE c.name LIKE 'customer%'";
    expect(planOf(session(), text)).toEqual([
      "SCAN purchase",
      "HASH JOIN ON 1 key",
      "  SCAN c",
      "  FILTER 1 condition",
      "AGGREGATE 1 aggregate",
    ]);
  });

  it("takes what all alternatives of an OR have in common for itself, and tests the rest of them early", () => {
    const sql = session();
    const text = `SELECT count(*) FROM purchase p, customer c WHERE
      (p.customer = c.id AND c.name = 'customer 7' AND p.price < 100) OR (c.id = p.customer AND c.name = 'customer 8' AND p.price > 400) OR
      (p.customer = c.id AND c.name = 'customer 9')`;
    expect(planOf(sql, text.replace("c.id = p.customer", "p.customer = c.id"))).toEqual([
      "SCAN c",
      "FILTER 1 condition",
      "SEARCH p USING INDEX purchase_customer (customer=?)",
      "FILTER 1 condition",
      "AGGREGATE 1 aggregate",
    ]);
    const plain = text.replaceAll("p.customer = c.id", "p.customer + 0 = c.id + 0");
    expect(sql.prepare(text).pluck().get()).toBe(sql.prepare(plain).pluck().get());
  });

  it("does not work out twice what draws or counts", () => {
    const text = `SELECT count(*) FROM purchase p JOIN customer c ON c.id = p.customer
      WHERE (p.price = random() AND c.country = 1) OR (p.price = random() + 1 AND c.country = 2)`;
    // Of the countries alone, and of the pair.
    expect(planOf(session(), text).filter((line) => line.includes("FILTER"))).toHaveLength(2);
  });
});

describe("sampling for a plan", () => {
  it("does not fail where a condition would", () => {
    const sql = session();
    const text =
      "SELECT count(*) FROM purchase p JOIN customer c ON c.id = p.customer WHERE p.id < 0 AND json(p.note) = '1'";
    expect(sql.prepare(text).pluck().get()).toBe(0);
  });

  it("calls no function of the session's", () => {
    const sql = session();
    let calls = 0;
    const seen = (): void => {
      calls++;
      answerInteger(1);
    };
    const called = pure("seen", 1, 1, 1 << INTEGER, seen);
    sql.functions.define("seen", 1, { kind: "scalar", function: called });
    const statement = sql.prepare(
      "SELECT p.id FROM purchase p JOIN customer c ON c.id = p.customer WHERE seen(p.price) = 1",
    );
    expect(calls).toBe(0);
    expect(statement.all()).toHaveLength(5000);
    expect(calls).toBe(5000);
  });

  it("tells what parameters leave as little as what is not known", () => {
    const text = "SELECT sum(price) FROM purchase JOIN customer c ON customer = c.id WHERE c.name LIKE ?";
    const sql = session();
    expect(planOf(sql, text.replace("?", "'%77'"))[0]).toBe("SCAN c");
    expect(sql.prepare(text).pluck().get("%77")).toBe(sql.prepare(text.replace("?", "'%77'")).pluck().get());
  });
});
