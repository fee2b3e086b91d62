/** SQLite (sql.js: compiled to WebAssembly), asked for the answers. */
import { createRequire } from "node:module";

export type OracleValue = null | number | bigint | string | Uint8Array;

export type Outcome =
  | { readonly kind: "rows"; readonly rows: readonly (readonly OracleValue[])[] }
  | { readonly kind: "error"; readonly message: string };

interface SqlJs {
  readonly Database: new () => SqlJsDatabase;
}

interface SqlJsDatabase {
  prepare(text: string): SqlJsStatement;
  close(): void;
}

interface SqlJsStatement {
  step(): boolean;
  /** Integers are bigints: a number is a REAL. */
  get(parameters: null, options: { useBigInt: true }): OracleValue[];
  free(): boolean;
}

let loaded: Promise<SqlJs> | undefined;

export async function openOracle(): Promise<Oracle> {
  const initialize = createRequire(import.meta.url)("sql.js") as (options: object) => Promise<SqlJs>;
  // It has functions of its own that would go before SQLite's.
  loaded ??= initialize({ useOldExtensionFunctions: false });
  return new Oracle(await loaded);
}

export class Oracle {
  readonly #sqlJs: SqlJs;
  #database: SqlJsDatabase;

  constructor(sqlJs: SqlJs) {
    this.#sqlJs = sqlJs;
    this.#database = new sqlJs.Database();
  }

  close(): void {
    this.#database.close();
  }

  /** Forgets everything. */
  reset(): void {
    this.close();
    this.#database = new this.#sqlJs.Database();
  }

  run(text: string): Outcome {
    let statement: SqlJsStatement | undefined;
    try {
      statement = this.#database.prepare(text);
      const rows: OracleValue[][] = [];
      while (statement.step()) {
        rows.push(statement.get(null, { useBigInt: true }));
      }
      return { kind: "rows", rows };
    } catch (error) {
      return { kind: "error", message: String(error) };
    } finally {
      statement?.free();
    }
  }
}
