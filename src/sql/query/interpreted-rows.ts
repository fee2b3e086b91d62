/** The rows of a query that depends on nothing around it, for a statement that is compiled but for this. */
import type { Arguments } from "../run/arguments.ts";
import type { Holding } from "../run/holding.ts";
import type { KeyspaceReader } from "../storage.ts";
import { Builder } from "./interpret/builder.ts";
import { Execution } from "./interpret/execution.ts";
import type { Results } from "./interpret/site.ts";
import type { Plans, QueryPlan } from "./plan/plan.ts";

export class InterpretedRows {
  readonly #plan: QueryPlan;
  readonly #plans: Plans;
  readonly #holding: Holding;
  #open: { readonly execution: Execution; readonly results: Results } | undefined;

  constructor(plan: QueryPlan, plans: Plans, holding: Holding) {
    this.#plan = plan;
    this.#plans = plans;
    this.#holding = holding;
    this.#open = undefined;
  }

  /** Puts it before the first row; `close` follows, whatever happens. */
  open(reader: KeyspaceReader, values: Arguments): void {
    const execution = new Execution(values, this.#holding, this.#plans);
    const results = new Builder(execution).results(this.#plan);
    this.#open = { execution, results };
    execution.begin(reader);
    results.open();
  }

  next(): boolean {
    return this.#open!.results.next();
  }

  answer(column: number): void {
    this.#open!.results.answer(column);
  }

  close(): void {
    this.#open?.results.close();
    this.#open?.execution.end();
    this.#open = undefined;
  }
}
