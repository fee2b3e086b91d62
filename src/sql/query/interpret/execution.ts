/** One execution of a statement after the other: what the interpreter's closures find anew each time. */

import type { Arguments } from "../../run/arguments.ts";
import type { KeyspaceReader } from "../../storage.ts";
import type { BoundQuery } from "../bind/bound.ts";
import type { QueryPlan } from "../plan/plan.ts";

export class Execution {
  readonly values: Arguments;
  /** Rows and groups that the statement may hold. */
  readonly heldRows: number;
  readonly planOf: (query: BoundQuery) => QueryPlan;
  /** Another number for each execution. */
  number: number;
  #reader: KeyspaceReader | undefined;
  readonly #ends: (() => void)[];

  constructor(values: Arguments, heldRows: number, planOf: (query: BoundQuery) => QueryPlan) {
    this.values = values;
    this.heldRows = heldRows;
    this.planOf = planOf;
    this.number = 0;
    this.#reader = undefined;
    this.#ends = [];
  }

  get reader(): KeyspaceReader {
    return this.#reader!;
  }

  begin(reader: KeyspaceReader): void {
    this.#reader = reader;
    this.number++;
  }

  /** What was kept for this execution alone is let go. */
  end(): void {
    this.#reader = undefined;
    for (const end of this.#ends) {
      end();
    }
  }

  /** `callback` lets go what is kept for one execution. */
  onEnd(callback: () => void): void {
    this.#ends.push(callback);
  }
}
