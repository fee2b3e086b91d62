/** Writes into a script what an engine answers to its queries: how the answers of test/fixtures/sql-logic were recorded. */
import type { LogicEngine } from "./engine.ts";
import { linesOf, parseRecords } from "./parse.ts";
import { isFor } from "./record.ts";
import { hashLine, writtenValues } from "./values.ts";

/** The script with its answers replaced. Throws where a statement does not do what it says, or a query fails. */
export function completed(script: string, engine: LogicEngine): string {
  const lines = linesOf(script);
  const out: string[] = [];
  let threshold = 0;
  let copied = 0;
  for (const record of parseRecords(lines)) {
    if (!isFor(record, engine.dialect)) {
      continue;
    }
    if (record.kind === "halt") {
      break;
    }
    switch (record.kind) {
      case "hash-threshold":
        threshold = record.count;
        break;
      case "statement":
        expectOutcome(engine, record.sql, record.isError, record.line);
        break;
      case "query": {
        const { columns, rows } = engine.query(record.sql);
        if (columns !== record.types.length) {
          throw new Error(`line ${record.line}: the query has ${columns} columns`);
        }
        const values = writtenValues(record, rows);
        const [from, to] = record.answerLines;
        const answer = threshold > 0 && values.length > threshold ? [hashLine(values)] : values;
        out.push(...lines.slice(copied, from), "----", ...answer);
        copied = to;
      }
    }
  }
  return [...out, ...lines.slice(copied)].join("\n");
}

function expectOutcome(engine: LogicEngine, sql: string, isError: boolean, line: number): void {
  let failure: unknown;
  try {
    engine.run(sql);
  } catch (error) {
    failure = error;
  }
  if ((failure !== undefined) !== isError) {
    throw new Error(`line ${line}: ${failure === undefined ? "the statement succeeds" : String(failure)}`, {
      cause: failure,
    });
  }
}
