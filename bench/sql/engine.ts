/** What is measured: a database with SQL, through the least of an interface that all of them have. */
export const ENGINE_NAMES = ["nacre", "better-sqlite3", "duckdb"] as const;
/** DuckDB runs TPC-H alone. */
export type EngineName = (typeof ENGINE_NAMES)[number];
export type RowEngineName = Exclude<EngineName, "duckdb">;

export interface SqlStatement {
  get(...parameters: readonly unknown[]): unknown;
  /** Rows as objects. */
  all(...parameters: readonly unknown[]): unknown[];
  run(...parameters: readonly unknown[]): unknown;
}

export interface SqlEngine {
  exec(text: string): void;
  prepare(text: string): SqlStatement;
  /** Runs `work` as one transaction. */
  within(work: () => void): void;
  /** Puts what the log holds into the tables' own pages. */
  settle(): Promise<void>;
  close(): void;
}

export interface EngineOptions {
  /** Whether a commit is on disk when it returns; otherwise the system writes it when it likes. */
  readonly isDurable: boolean;
}
