/** TPC-H: all 22 queries, the first times and then again and again; the geometric means of their rates. */

import { createHash } from "node:crypto";
import { firstRate, medianRate } from "../stopwatch.ts";
import type { TpchEngine } from "./engine.ts";
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
const ORDERS_A_COMMIT = 20_000;

type Row = readonly unknown[];

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
  engine: TpchEngine,
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
      const select = await engine.prepare(text);
      let rows: readonly unknown[] = [];
      firstRates.push(
        await firstRate(async () => {
          rows = await select();
        }),
      );
      findings.answers[id] = digestOf(rows);
      findings.queries[id] = await medianRate(PASSES, select);
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

/** Sums with few decimals lie where rounding turns; so little more, and they do not. */
const BESIDE_THE_TURN = 1 + 1.2345e-10;

/** Of rows in any order, and of sums in any order of their terms. */
function digestOf(rows: readonly unknown[]): string {
  const lines = rows.map((row) =>
    JSON.stringify(
      Object.values(row as object).map((value) =>
        typeof value === "number" || typeof value === "bigint"
          ? (Number(value) * BESIDE_THE_TURN).toPrecision(9)
          : value,
      ),
    ),
  );
  return `${rows.length} rows, ${createHash("md5").update(lines.sort().join("\n")).digest("hex")}`;
}

async function makeTables(engine: TpchEngine, sizes: Sizes): Promise<void> {
  await engine.exec(SCHEMA);
  await engine.fill("region", regionRows());
  await engine.fill("nation", nationRows());
  await engine.fill("supplier", [...supplierRows(sizes)]);
  await engine.fill("part", [...partRows(sizes)]);
  await engine.fill("partsupp", [...partSupplierRows(sizes)]);
  await engine.fill("customer", [...customerRows(sizes)]);
  await fillOrders(engine, sizes);
  await engine.exec(INDEXES);
  await engine.settle();
}

async function fillOrders(engine: TpchEngine, sizes: Sizes): Promise<void> {
  let orders: Row[] = [];
  let lines: Row[] = [];
  const append = async (): Promise<void> => {
    await engine.fill("orders", orders);
    await engine.fill("lineitem", lines);
    orders = [];
    lines = [];
  };
  for (const next of orderRows(sizes)) {
    orders.push(next.order);
    lines.push(...next.lines);
    if (orders.length === ORDERS_A_COMMIT) {
      await append();
    }
  }
  if (orders.length > 0) {
    await append();
  }
}
