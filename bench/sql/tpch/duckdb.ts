/** DuckDB, an engine for such queries, which reads columns and runs in vectors. It has one thread here, as the others have. */
import { requirePeer } from "../../kv/peers.ts";
import type { TpchEngine } from "./engine.ts";

interface Connection {
  run(text: string): Promise<unknown>;
  createAppender(table: string): Promise<Appender>;
  prepare(text: string): Promise<{ run(): Promise<{ getRowObjectsJS(): Promise<unknown[]> }> }>;
  closeSync(): void;
}

interface Appender {
  appendInteger(value: number): void;
  appendDouble(value: number): void;
  appendVarchar(value: string): void;
  endRow(): void;
  closeSync(): void;
}

interface DuckDb {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Record<string, string>,
    ): Promise<{ connect(): Promise<Connection>; closeSync(): void }>;
  };
}

export async function openDuckDb(path: string): Promise<TpchEngine> {
  const { DuckDBInstance } = requirePeer<DuckDb>("@duckdb/node-api");
  const instance = await DuckDBInstance.create(path, { threads: "1" });
  const connection = await instance.connect();
  /** The types of each table's columns. */
  const types = new Map<string, readonly string[]>();
  return {
    exec: async (text) => {
      const own = text.replaceAll(/\bWITHOUT ROWID\b/g, "").replaceAll(/\bREAL\b/g, "DOUBLE");
      for (const [, table, columns] of own.matchAll(/CREATE TABLE (\w+) \((.*?)\)\s*;/gs)) {
        types.set(
          table!,
          [...columns!.matchAll(/\w+ (INTEGER|DOUBLE|TEXT)\b/g)].map(([, type]) => type!),
        );
      }
      await connection.run(own);
    },
    fill: async (table, rows) => {
      const appender = await connection.createAppender(table);
      const columns = types.get(table)!;
      for (const row of rows) {
        for (const [column, value] of row.entries()) {
          append(appender, columns[column]!, value);
        }
        appender.endRow();
      }
      appender.closeSync();
    },
    prepare: async (text) => {
      const prepared = await connection.prepare(text);
      return async () => (await prepared.run()).getRowObjectsJS();
    },
    settle: async () => {
      await connection.run("CHECKPOINT");
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function append(appender: Appender, type: string, value: unknown): void {
  switch (type) {
    case "TEXT":
      appender.appendVarchar(value as string);
      break;
    case "INTEGER":
      appender.appendInteger(value as number);
      break;
    default:
      appender.appendDouble(value as number);
  }
}
