/** What TPC-H needs of an engine. */
import type { SqlEngine } from "../engine.ts";

export type Rows = readonly (readonly unknown[])[];

export interface TpchEngine {
  exec(text: string): Promise<void>;
  /** Appends rows to a table. */
  fill(table: string, rows: Rows): Promise<void>;
  /** What gives the rows of a query, as objects, each time that it is called. */
  prepare(text: string): Promise<() => unknown[] | Promise<unknown[]>>;
  /** Puts what the log holds into the tables' own pages. */
  settle(): Promise<void>;
  close(): void;
}

export function tpchEngine(engine: SqlEngine): TpchEngine {
  return {
    exec: async (text) => engine.exec(text),
    fill: async (table, rows) => {
      const insert = engine.prepare(`INSERT INTO ${table} VALUES (${rows[0]!.map(() => "?").join(", ")})`);
      engine.within(() => {
        for (const row of rows) {
          insert.run(...row);
        }
      });
    },
    prepare: async (text) => {
      const select = engine.prepare(text);
      return () => select.all();
    },
    settle: () => engine.settle(),
    close: () => engine.close(),
  };
}
