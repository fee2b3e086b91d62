/** What of a SELECT reads columns of its tables' rows: an access through an index need not look up a row that nobody reads. */
import type { Bound, BoundCore, BoundFrom, BoundOrdering, Source } from "../bind/bound.ts";
import { forEachBehindRows, forEachInGrouping, visitAll } from "../bind/walk.ts";
import { type Conjunct, conjunctsOf } from "./conjuncts.ts";

export class RowReads {
  /** Read by something that is no condition. */
  readonly #read: Set<Source>;
  /** The conditions that read each source. */
  readonly #conditions: Map<Source, Bound[]>;

  constructor(core: BoundCore, ordering: readonly BoundOrdering[]) {
    this.#read = new Set();
    this.#conditions = new Map();
    const visit = (bound: Bound): void => {
      for (const source of rowsReadBy(bound)) {
        this.#read.add(source);
      }
    };
    forEachBehindRows(core, visit);
    forEachInGrouping(core, visit);
    for (const { value } of ordering) {
      visit(value);
    }
    for (const { bound } of conjunctsOf(core.where, ...conditionsOf(core.from))) {
      for (const source of rowsReadBy(bound)) {
        const list = this.#conditions.get(source) ?? [];
        list.push(bound);
        this.#conditions.set(source, list);
      }
    }
  }

  isRead(source: Source, taken: ReadonlySet<Conjunct>): boolean {
    const conditions = this.#conditions.get(source) ?? [];
    return (
      this.#read.has(source) || conditions.some((bound) => ![...taken].some((conjunct) => conjunct.bound === bound))
    );
  }
}

function rowsReadBy(bound: Bound): Set<Source> {
  const sources = new Set<Source>();
  visitAll(bound, (part) => {
    if (part.kind === "column" && part.column !== part.source.rowid) {
      sources.add(part.source);
    }
  });
  return sources;
}

function conditionsOf(from: BoundFrom | undefined): (Bound | undefined)[] {
  return from?.kind === "join" ? [from.on, ...conditionsOf(from.left), ...conditionsOf(from.right)] : [];
}
