/** A child process: one engine, one round. It takes an order, answers with figures, and ends. */
import { join } from "node:path";
import type { EngineName, RowEngineName } from "./engine.ts";
import { openEngine } from "./engines.ts";
import { READS } from "./reads.ts";
import { makeTables, type Sizes } from "./tables.ts";
import { openDuckDb } from "./tpch/duckdb.ts";
import { tpchEngine } from "./tpch/engine.ts";
import { measureTpch } from "./tpch/measure.ts";
import { measureDurable, WRITES } from "./writes.ts";

export interface Order {
  readonly engine: EngineName;
  readonly directory: string;
  readonly sizes: Sizes;
  /** Ids of metrics. */
  readonly only: readonly string[];
}

/** What a figure or a failure is of, and it. */
export interface Findings {
  readonly figures: Record<string, number>;
  readonly failures: Record<string, string>;
  /** What engines must agree in. */
  readonly answers: Record<string, string>;
}

process.once("message", async (order: Order) => {
  try {
    const findings = await measure(order);
    process.send!({ findings }, () => process.exit(0));
  } catch (error) {
    process.send!({ error: error instanceof Error ? error.stack : String(error) }, () => process.exit(1));
  }
});

async function measure({ engine: name, directory, sizes, only }: Order): Promise<Findings> {
  const findings: Findings = { figures: {}, failures: {}, answers: {} };
  if (name !== "duckdb") {
    await measureRows(name, directory, sizes, only, findings);
  }
  if (only.includes("tpch")) {
    const path = join(directory, "tpch");
    const engine =
      name === "duckdb" ? await openDuckDb(path) : tpchEngine(openEngine(name, path, { isDurable: false }));
    const { rate, firstRate, queries, failures, answers } = await measureTpch(engine, sizes.scale, (text) =>
      process.send!({ progress: text }),
    );
    Object.assign(findings.figures, queries, rate === undefined ? {} : { tpch: rate, "tpch-first": firstRate });
    Object.assign(findings.failures, failures);
    Object.assign(findings.answers, answers);
    engine.close();
  }
  return findings;
}

async function measureRows(
  name: RowEngineName,
  directory: string,
  sizes: Sizes,
  only: readonly string[],
  { figures, failures }: Findings,
): Promise<void> {
  const attempt = async (id: string, work: () => number | Promise<number>): Promise<void> => {
    if (!only.includes(id)) {
      return;
    }
    process.send!({ progress: id });
    try {
      figures[id] = await work();
    } catch (error) {
      failures[id] = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    }
  };
  if (Object.keys({ ...READS, ...WRITES }).some((id) => only.includes(id))) {
    const engine = openEngine(name, join(directory, "main"), { isDurable: false });
    process.send!({ progress: "filling tables" });
    await makeTables(engine, sizes);
    for (const [id, workload] of Object.entries({ ...READS, ...WRITES })) {
      await attempt(id, () => workload(engine, sizes));
    }
    engine.close();
  }
  if (only.includes("durable")) {
    const engine = openEngine(name, join(directory, "durable"), { isDurable: true });
    await attempt("durable", () => measureDurable(engine));
    engine.close();
  }
}
