/**
 * What is done with rows, as a function of its own.
 *
 *   select   `const scan = …; for (;;) { const count = scan.next(); … if (rows(scan, count, …)) … }`   once an execution, slow code
 *   rows     `for (let i = 0; i < count; i++) { … }`                                                   once a batch
 *
 * V8 optimizes what is called often from what it has seen it do. One function for everything is in its loop for the whole of the first
 * execution: it is optimized there without knowledge of what comes before and behind, and thrown away as soon as it gets there. One a
 * batch has been through all of itself after the first 256 rows, is small, and is optimized once.
 *
 * Where rows do not come from one scan in batches, the whole loop is the function.
 */
import type { RowsPlan } from "../query/plan/plan.ts";
import type { Frame } from "./frame.ts";
import { QUERY_PARAMETERS } from "./unit.ts";

export class RowFunction {
  /** Where the function is called, and where its body is. */
  readonly outer: Frame;
  readonly inner: Frame;
  readonly #isOfBatches: boolean;
  /** What it uses of the function around it. */
  readonly #names: string[];
  /** What the function around it does when `stop` was reached. */
  readonly #whenStopped: string;
  #emitEnd: () => void;

  constructor(frame: Frame, plan: RowsPlan, names: readonly string[], whenStopped: string) {
    this.outer = frame;
    this.inner = frame.inSibling();
    this.#isOfBatches = isInBatches(plan);
    this.#names = [...names];
    this.#whenStopped = whenStopped;
    this.#emitEnd = () => {};
  }

  /** In the body: no more rows are wanted. */
  static readonly stop = "return true;";

  use(name: string): void {
    this.#names.push(name);
  }

  /** The one whose rows come in batches, which `emitBatch` is called for; undefined: the whole loop is in the body. */
  get ofBatches(): RowFunction | undefined {
    return this.#isOfBatches ? this : undefined;
  }

  /** Emits `body` for a batch as the function's, and the call. */
  emitBatch(names: readonly string[], body: () => void): void {
    body();
    this.#emitCall(names);
  }

  /** Emits the loop with all that it does; `emitEnd` emits what the function does when it has done with its rows. */
  emit(body: () => void, emitEnd: () => void = () => {}): void {
    this.#emitEnd = emitEnd;
    body();
    if (!this.#isOfBatches) {
      this.#emitCall([]);
    }
  }

  #emitCall(names: readonly string[]): void {
    const { outer, inner } = this;
    const name = outer.emitter.name("rows");
    const parameters = [QUERY_PARAMETERS, ...names, ...this.#names].join(", ");
    this.#emitEnd();
    inner.emitter.line("return false;");
    inner.emitter.finishSibling(name, parameters);
    outer.emitter.line(`if (${name}(${parameters})) ${this.#whenStopped}`);
  }
}

/** Whether a plan's rows are met in the batches of one scan, whatever is done with each of them. */
function isInBatches(plan: RowsPlan): boolean {
  return plan.kind === "scan"
    ? plan.access.kind === "key" && !plan.access.isPoint && plan.access.list === undefined
    : plan.kind === "join" && plan.hash === undefined && isInBatches(plan.outer);
}

/** Whether there may be more than one row. */
export function hasManyRows(plan: RowsPlan): boolean {
  switch (plan.kind) {
    case "one":
      return false;
    case "scan":
      return plan.access.kind !== "key" || !plan.access.isPoint || plan.access.list !== undefined;
    case "join":
      return hasManyRows(plan.outer) || hasManyRows(plan.inner);
    default:
      return true;
  }
}
