/** What a logic test is played on. */
import type { SqlValue } from "../../../src/sql/index.ts";

export interface LogicEngine {
  /** By which conditions know it; nacre takes SQLite's dialect, so it plays what SQLite plays. */
  readonly dialect: string;
  /** Runs a statement. Throws LogicRefusal where the statement is wrong, and anything else where the engine is. */
  run(sql: string): void;
  query(sql: string): LogicRows;
  close(): void;
}

export interface LogicRows {
  readonly columns: number;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** What `statement error` expects. */
export class LogicRefusal extends Error {
  override readonly name = "LogicRefusal";
}
