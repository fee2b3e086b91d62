/** nacre, asked the same as SQLite. */
import { DbError } from "../../src/errors.ts";
import { SqlSession } from "../../src/sql/index.ts";
import { MemoryStore } from "../../test/sql/memory-store.ts";
import type { Outcome } from "./oracle.ts";

export type SubjectOutcome =
  | Outcome
  /** Not there yet, or more than a bound of nacre's own: nothing to compare. */
  | { readonly kind: "refused"; readonly message: string }
  /** An error that a user must never see. */
  | { readonly kind: "fault"; readonly error: unknown };

/**
 * How nacre runs queries: "exact" is interpreted, with an INTEGER as a bigint, so that it is known from a whole REAL; "disk" is the
 * same with next to nothing in memory.
 */
export type Mode = "exact" | "compiled" | "auto" | "disk";

export class Subject {
  readonly #canary: string | undefined;
  #mode: Mode;
  #session: SqlSession;

  constructor(canary: string | undefined) {
    this.#canary = canary;
    this.#mode = "auto";
    this.#session = this.#newSession();
  }

  reset(mode: Mode): void {
    this.#session.close();
    this.#mode = mode;
    this.#session = this.#newSession();
  }

  run(text: string): SubjectOutcome {
    try {
      const statement = this.#session.prepare(text, { bigints: this.#mode === "exact" || this.#mode === "disk" });
      if (statement.reader) {
        return { kind: "rows", rows: statement.raw().all() };
      }
      statement.run();
      return { kind: "rows", rows: [] };
    } catch (error) {
      if (!(error instanceof DbError)) {
        return { kind: "fault", error };
      }
      const { code, message } = error;
      return { kind: code === "UNSUPPORTED" || code === "FULL" ? "refused" : "error", message };
    }
  }

  #newSession(): SqlSession {
    const store = new MemoryStore();
    store.canary = this.#canary;
    const held = this.#mode === "disk" ? { heldRows: 2, heldBytes: 1000 } : {};
    return new SqlSession(store, { tier: this.#mode === "compiled" ? "compiled" : "auto", ...held });
  }
}
