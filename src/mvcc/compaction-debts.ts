/** What compactions of all LSM keyspaces have to do, in bytes: now, and once it is quiet. Worked out once for a state. */
import { compactionDebt, policyFor } from "../lsm/index.ts";
import type { Catalog } from "./catalog.ts";
import type { ReadState } from "./read-state.ts";

export class CompactionDebts {
  readonly #catalog: Catalog;
  readonly #segmentBytes: number;
  #state: ReadState | undefined;
  #busy: number;
  #idle: number;

  constructor(catalog: Catalog, segmentBytes: number) {
    this.#catalog = catalog;
    this.#segmentBytes = segmentBytes;
    this.#state = undefined;
    this.#busy = 0;
    this.#idle = 0;
  }

  /** Bytes that compactions would have to go through, about. `isIdle`: those that can wait too. */
  in(state: ReadState, isIdle: boolean): number {
    if (this.#state !== state) {
      this.#busy = this.#weigh(state, false);
      this.#idle = this.#weigh(state, true);
      this.#state = state;
    }
    return isIdle ? this.#idle : this.#busy;
  }

  #weigh(state: ReadState, isIdle: boolean): number {
    let debt = 0;
    for (const [keyspace, manifest] of state.manifests) {
      const settings = this.#catalog.byId(keyspace)?.lsm;
      if (settings !== undefined) {
        debt += compactionDebt(manifest, policyFor(settings.compaction, this.#segmentBytes, isIdle));
      }
    }
    return debt;
  }
}
