/** The tables that workloads read: the same rows for every engine. */
import { drawing } from "../kv/dataset.ts";
import type { SqlEngine } from "./engine.ts";

export const WORDS: readonly string[] = ["alpha", "beta", "gamma", "delta", "epsilon"];
const ROWS_A_COMMIT = 50_000;

export interface Sizes {
  /** Rows of the table that is scanned. */
  readonly rows: number;
  /** The scale factor of TPC-H. */
  readonly scale: number;
}

/** Fills a table with rows that a function gives by their number, some at a time. */
export function fill(
  engine: SqlEngine,
  insert: string,
  rows: number,
  rowAt: (row: number) => readonly unknown[],
): void {
  const statement = engine.prepare(insert);
  for (let first = 0; first < rows; first += ROWS_A_COMMIT) {
    engine.within(() => {
      for (let row = first; row < Math.min(rows, first + ROWS_A_COMMIT); row++) {
        statement.run(...rowAt(row));
      }
    });
  }
}

export async function makeTables(engine: SqlEngine, { rows }: Sizes): Promise<void> {
  engine.exec(`
    CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b REAL, c TEXT);
    CREATE TABLE codes (code INTEGER, weight INTEGER);
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, day INTEGER);
    CREATE TABLE items (id INTEGER PRIMARY KEY, "order" INTEGER, price REAL);
    CREATE TABLE documents (id INTEGER PRIMARY KEY, body TEXT);
  `);
  fill(engine, "INSERT INTO t VALUES (?, ?, ?, ?)", rows, (row) => [
    row,
    row % 1000,
    row * 0.5,
    WORDS[row % WORDS.length],
  ]);
  const customers = Math.max(100, rows / 50);
  const draw = drawing(2 ** 30, 7);
  fill(engine, "INSERT INTO codes VALUES (?, ?)", 500, (row) => [row * 2, row % 7]);
  fill(engine, "INSERT INTO customers VALUES (?, ?, ?)", customers, (row) => [row, `customer ${row}`, row % 100]);
  fill(engine, "INSERT INTO orders VALUES (?, ?, ?)", customers * 5, (row) => [row, draw() % customers, row % 365]);
  fill(engine, "INSERT INTO items VALUES (?, ?, ?)", customers * 15, (row) => [
    row,
    draw() % (customers * 5),
    row % 997,
  ]);
  fill(engine, "INSERT INTO documents VALUES (?, ?)", rows / 20, (row) => [row, documentOf(row)]);
  engine.exec(`
    CREATE INDEX customers_city ON customers (city);
    CREATE INDEX orders_customer ON orders (customer);
    CREATE INDEX items_order ON items ("order");
  `);
  await engine.settle();
}

function documentOf(row: number): string {
  return JSON.stringify({
    id: row,
    name: `document ${row}`,
    tags: [WORDS[row % 5], WORDS[row % 3]],
    size: { width: row % 640, height: row % 480 },
    note: "x".repeat(100),
  });
}
