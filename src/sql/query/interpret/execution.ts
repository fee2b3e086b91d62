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

  constructor(values: Arguments, heldRows: number, planOf: (query: BoundQuery) => QueryPlan) {
    this.values = values;
    this.heldRows = heldRows;
    this.planOf = planOf;
    this.number = 0;
    this.#reader = undefined;
  }

  get reader(): KeyspaceReader {
    return this.#reader!;
  }

  begin(reader: KeyspaceReader): void {
    this.#reader = reader;
    this.number++;
  }
}
