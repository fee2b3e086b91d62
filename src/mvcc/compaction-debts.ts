/** What compactions of all LSM keyspaces have to do, in bytes, at each pace. Worked out once for a state. */
import { compactionDebt, type Pace, policyFor } from "../lsm/index.ts";
import type { Catalog } from "./catalog.ts";
import type { ReadState } from "./read-state.ts";

export class CompactionDebts {
  readonly #catalog: Catalog;
  readonly #segmentBytes: number;
  #state: ReadState | undefined;
  readonly #debts: Record<Pace, number>;

  constructor(catalog: Catalog, segmentBytes: number) {
    this.#catalog = catalog;
    this.#segmentBytes = segmentBytes;
    this.#state = undefined;
    this.#debts = { busy: 0, idle: 0, leisure: 0 };
  }

  /** Bytes that compactions would have to go through, about; the more time there is, the more of what can wait is among them. */
  in(state: ReadState, pace: Pace): number {
    if (this.#state !== state) {
      this.#debts.busy = this.#weigh(state, "busy");
      this.#debts.idle = this.#weigh(state, "idle");
      this.#debts.leisure = this.#weigh(state, "leisure");
      this.#state = state;
    }
    return this.#debts[pace];
  }

  #weigh(state: ReadState, pace: Pace): number {
    let debt = 0;
    for (const [keyspace, manifest] of state.manifests) {
      const settings = this.#catalog.byId(keyspace)?.lsm;
      if (settings !== undefined) {
        debt += compactionDebt(manifest, policyFor(settings.compaction, this.#segmentBytes, pace));
      }
    }
    return debt;
  }
}
