/** TPC-H: all 22 queries, the first times and then again and again; the geometric means of their rates. */

import { createHash } from "node:crypto";
import type { SqlEngine } from "../engine.ts";
import { firstRate, medianRate } from "../stopwatch.ts";
import { fill } from "../tables.ts";
import {
  customerRows,
  nationRows,
  orderRows,
  partRows,
  partSupplierRows,
  regionRows,
  type Sizes,
  sizesOf,
  supplierRows,
} from "./generate.ts";
import { QUERIES } from "./queries.ts";
import { INDEXES, SCHEMA } from "./schema.ts";

const PASSES = 3;
const ROWS_A_COMMIT = 20_000;

export interface TpchFindings {
  /** Undefined: not every query gave rows. */
  readonly rate: number | undefined;
  /** The same of the first three times of each. */
  readonly firstRate: number | undefined;
  readonly queries: Record<string, number>;
  readonly failures: Record<string, string>;
  /** What each query answered, in short: engines must agree. */
  readonly answers: Record<string, string>;
}

export async function measureTpch(
  engine: SqlEngine,
  scale: number,
  onProgress: (text: string) => void,
): Promise<TpchFindings> {
  onProgress("filling the tables of TPC-H");
  await makeTables(engine, sizesOf(scale));
  const findings: Omit<TpchFindings, "rate" | "firstRate"> = { queries: {}, failures: {}, answers: {} };
  const firstRates: number[] = [];
  for (const [id, text] of Object.entries(QUERIES)) {
    onProgress(id);
    try {
      const select = engine.prepare(text);
      let rows: readonly unknown[] = [];
      firstRates.push(
        firstRate(() => {
          rows = select.all();
        }),
      );
      findings.answers[id] = digestOf(rows);
      findings.queries[id] = medianRate(PASSES, () => {
        select.all();
      });
    } catch (error) {
      findings.failures[id] = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    }
  }
  const rates = Object.values(findings.queries);
  const isWhole = rates.length === Object.keys(QUERIES).length;
  const meanOf = (all: readonly number[]): number | undefined => (isWhole ? geometricMean(all) : undefined);
  return { rate: meanOf(rates), firstRate: meanOf(firstRates), ...findings };
}

function geometricMean(rates: readonly number[]): number {
  return Math.exp(rates.reduce((sum, one) => sum + Math.log(one), 0) / rates.length);
}

/** Of rows in any order, and of sums in any order of their terms. */
function digestOf(rows: readonly unknown[]): string {
  const lines = rows.map((row) =>
    JSON.stringify(
      Object.values(row as object).map((value) => (typeof value === "number" ? value.toPrecision(9) : value)),
    ),
  );
  return `${rows.length} rows, ${createHash("md5").update(lines.sort().join("\n")).digest("hex")}`;
}

async function makeTables(engine: SqlEngine, sizes: Sizes): Promise<void> {
  engine.exec(SCHEMA);
  fillAll(engine, "region", regionRows());
  fillAll(engine, "nation", nationRows());
  fillAll(engine, "supplier", [...supplierRows(sizes)]);
  fillAll(engine, "part", [...partRows(sizes)]);
  fillAll(engine, "partsupp", [...partSupplierRows(sizes)]);
  fillAll(engine, "customer", [...customerRows(sizes)]);
  fillOrders(engine, sizes);
  engine.exec(INDEXES);
  await engine.settle();
}

function fillAll(engine: SqlEngine, table: string, rows: readonly (readonly unknown[])[]): void {
  fill(engine, insertInto(table, rows[0]!.length), rows.length, (row) => rows[row]!);
}

function fillOrders(engine: SqlEngine, sizes: Sizes): void {
  const order = engine.prepare(insertInto("orders", 9));
  const line = engine.prepare(insertInto("lineitem", 16));
  const rows = orderRows(sizes);
  let next = rows.next();
  while (next.done !== true) {
    engine.within(() => {
      for (let i = 0; i < ROWS_A_COMMIT && next.done !== true; i++) {
        order.run(...next.value.order);
        for (const row of next.value.lines) {
          line.run(...row);
        }
        next = rows.next();
      }
    });
  }
}

function insertInto(table: string, columns: number): string {
  return `INSERT INTO ${table} VALUES (${Array.from({ length: columns }, () => "?").join(", ")})`;
}
