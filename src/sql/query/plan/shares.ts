/** What conditions leave of the rows of the sources of one FROM, as far as samples tell, and what is supposed where they do not. */
import type { Bound, Source } from "../bind/bound.ts";
import { sourcesReadBy } from "../bind/walk.ts";
import type { Conjunct } from "./conjuncts.ts";
import type { Statistics } from "./statistics.ts";

const EQUAL_SHARE = 0.1;
const OTHER_SHARE = 0.5;
/** Where no sampled row passes there may be as much as this of one that does. */
const UNSEEN_ROWS = 0.5;

export class Shares {
  readonly #statistics: Statistics;
  readonly #passing: Map<Bound, readonly boolean[] | undefined>;
  readonly #values: Map<Bound, number | undefined>;

  constructor(statistics: Statistics) {
    this.#statistics = statistics;
    this.#passing = new Map();
    this.#values = new Map();
  }

  /** What part of the rows passes all conditions, whatever they read. */
  shareOf(conjuncts: readonly Conjunct[]): number {
    const tried = new Map<Source, (readonly boolean[])[]>();
    let share = 1;
    for (const conjunct of conjuncts) {
      const [source] = conjunct.sources;
      const passing = source === undefined ? undefined : this.#passingOf(source, conjunct);
      if (passing === undefined) {
        share *= this.#supposed(conjunct.bound);
      } else {
        tried.set(source!, [...(tried.get(source!) ?? []), passing]);
      }
    }
    for (const rows of tried.values()) {
      share *= togetherOf(rows);
    }
    return share;
  }

  /** The same of conditions that samples tell about; undefined: not of all of them. */
  sampledShareOf(conjuncts: readonly Conjunct[]): number | undefined {
    const rows: (readonly boolean[])[] = [];
    for (const conjunct of conjuncts) {
      const [source] = conjunct.sources;
      const passing = source === undefined ? undefined : this.#passingOf(source, conjunct);
      if (passing === undefined) {
        return undefined;
      }
      rows.push(passing);
    }
    return togetherOf(rows);
  }

  #passingOf(source: Source, { bound, sources }: Conjunct): readonly boolean[] | undefined {
    if (sources.size > 1 || source.origin.kind !== "table") {
      return undefined;
    }
    if (!this.#passing.has(bound)) {
      this.#passing.set(bound, this.#statistics.passing(source, bound));
    }
    return this.#passing.get(bound);
  }

  #supposed(bound: Bound): number {
    if (bound.kind !== "compare" || bound.comparison.operator !== "=") {
      return supposedShare(bound);
    }
    const sides = [this.#valuesOf(bound.left), this.#valuesOf(bound.comparison.right)];
    const values = sides.filter((count) => count !== undefined);
    return values.length === 0 ? supposedShare(bound) : 1 / Math.max(...values);
  }

  /** How many values an expression has over the rows of one table. */
  #valuesOf(bound: Bound): number | undefined {
    if (bound.kind === "constant" || bound.kind === "parameter") {
      return undefined;
    }
    if (!this.#values.has(bound)) {
      const [source, ...others] = sourcesReadBy(bound);
      const isOfTable = source?.origin.kind === "table" && others.length === 0;
      this.#values.set(bound, isOfTable ? this.#statistics.valuesOf(source, bound) : undefined);
    }
    return this.#values.get(bound);
  }
}

/** The same where nothing is known of the rows. */
export function supposedShareOf(conjuncts: readonly Conjunct[]): number {
  let share = 1;
  for (const { bound } of conjuncts) {
    share *= supposedShare(bound);
  }
  return share;
}

function supposedShare(bound: Bound): number {
  return bound.kind === "compare" && bound.comparison.operator === "=" ? EQUAL_SHARE : OTHER_SHARE;
}

/** What part of sampled rows passes all of several conditions. */
function togetherOf(passing: readonly (readonly boolean[])[]): number {
  const [first, ...others] = passing;
  const count = first!.filter((passes, row) => passes && others.every((other) => other[row])).length;
  return Math.max(count, UNSEEN_ROWS) / first!.length;
}
