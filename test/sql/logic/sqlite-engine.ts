/** SQLite as the engine of a logic test: better-sqlite3, one of the databases that nacre is measured against. */
import { requirePeer } from "../../../bench/kv/peers.ts";
import type { SqlValue } from "../../../src/sql/index.ts";
import { type LogicEngine, LogicRefusal, type LogicRows } from "./engine.ts";

interface SqliteDatabase {
  exec(text: string): void;
  prepare(text: string): SqliteStatement;
  close(): void;
}

interface SqliteStatement {
  readonly reader: boolean;
  raw(): SqliteStatement;
  safeIntegers(): SqliteStatement;
  columns(): readonly unknown[];
  all(): SqlValue[][];
}

export class SqliteEngine implements LogicEngine {
  readonly dialect = "sqlite";
  readonly #database: SqliteDatabase;

  constructor() {
    const Sqlite = requirePeer<new (path: string) => SqliteDatabase>("better-sqlite3");
    this.#database = new Sqlite(":memory:");
  }

  run(sql: string): void {
    refusing(() => this.#database.exec(sql));
  }

  query(sql: string): LogicRows {
    return refusing(() => {
      const statement = this.#database.prepare(sql);
      if (!statement.reader) {
        throw new Error("a query gives rows");
      }
      const rows = statement.raw().safeIntegers().all();
      return { columns: statement.columns().length, rows };
    });
  }

  close(): void {
    this.#database.close();
  }
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new LogicRefusal(String(error), { cause: error });
  }
}
