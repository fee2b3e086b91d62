/**
 * The order in which the sources of FROM are joined, and how each is.
 *
 *   inner and cross joins   any order (a CROSS JOIN as it is written): all orders of up to MOST_TRIED sources are weighed, of
 *                           more, at each step the cheapest next one is taken
 *   outer joins             one unit, its sides joined first; a left join whose partnerless rows WHERE refuses is an inner one
 *
 * A condition is tested as soon as all that it reads is there. A unit is gone through anew for each row of those before it, by a
 * key if there is one, or once, into a hash table, where something must be equal: whichever costs less.
 */

import { DbError } from "../../../errors.ts";
import type { Table } from "../../catalog/schema.ts";
import type { Collation } from "../../value/collation.ts";
import type { Bound, BoundFrom, JoinKind, Source, TableOrigin } from "../bind/bound.ts";
import { readsRowOf, sourcesOf, sourcesReadBy } from "../bind/walk.ts";
import { chooseAccess, type Knowledge } from "./choose-access.ts";
import { type Conjunct, factoredConjunctsOf, rejectsNulls } from "./conjuncts.ts";
import { Dependencies } from "./dependencies.ts";
import { costOf, type HashKeys, type RowsPlan } from "./plan.ts";
import { Shares, supposedShareOf } from "./shares.ts";
import type { Statistics } from "./statistics.ts";

const MOST_TRIED = 8;
/** Costs are supposed: another order than the written one, whose rows come as one expects, has to be cheaper by a tenth … */
const LEAST_GAIN = 0.9;
/** … and without any condition none is. */
const NO_GAIN = 0;
/** With a table that has one row at most, and maybe none, the cheapest is taken. */
const ANY_GAIN = 1;
/** To put a row into a hash table, and to look one up there, beside a row of a scan. */
const BUILD_COST = 4;
const PROBE_COST = 1;

/** What planning asks of the rest of the planner. */
export interface Surroundings {
  readonly statistics: Statistics;
  readonly rowsOf: (source: Source) => number;
  readonly planSource: (source: Source, filters: readonly Bound[], isInner: boolean) => RowsPlan;
}

export interface Joined {
  readonly plan: RowsPlan;
  /** How many rows it gives, and looks at, about. */
  readonly rows: number;
  readonly cost: number;
}

type Unit =
  | { readonly kind: "source"; readonly source: Source; readonly sources: ReadonlySet<Source> }
  | {
      readonly kind: "outer";
      readonly join: "left" | "full";
      readonly left: BoundFrom;
      readonly right: BoundFrom;
      readonly on: readonly Conjunct[];
      readonly sources: ReadonlySet<Source>;
    };

/** What the weighing of orders needs. */
interface Orders {
  readonly units: readonly Unit[];
  readonly given: ReadonlySet<Source>;
  readonly dependencies: Dependencies;
  /** What part of the cost of the written order another one's must be below. */
  readonly gain: number;
  /** Of each unit. */
  readonly steps: readonly Step[][];
}

/** A unit behind others. */
interface Step {
  readonly due: readonly Conjunct[];
  readonly isFirst: boolean;
  /** Gone through anew for each row before it. */
  readonly looped: Joined;
  /** Gone through once, into a hash table. */
  readonly hashed: { readonly once: Joined; readonly keys: HashKeys; readonly on: readonly Bound[] } | undefined;
}

/** Plans FROM and WHERE; `isReadBehind`: whether what comes behind reads rows of a source. */
export function planFrom(
  surroundings: Surroundings,
  from: BoundFrom | undefined,
  where: Bound | undefined,
  isReadBehind: (source: Source) => boolean,
): Joined {
  const conjuncts = factoredConjunctsOf(where);
  if (from === undefined) {
    return { plan: { kind: "one", filters: conjuncts.map(({ bound }) => bound) }, rows: 1, cost: 1 };
  }
  if (from.kind === "source" && from.source.origin.kind === "table") {
    return planTable(surroundings, from.source, conjuncts, isReadBehind);
  }
  const own = new Set(sourcesOf(from));
  // A table function may do anything when it is asked for a row: it is not where a condition without rows refuses all of them.
  const gate = [...own].some(({ origin }) => origin.kind === "function")
    ? conjuncts.filter(({ sources }) => [...sources].every((source) => !own.has(source)))
    : [];
  const others = conjuncts.filter((conjunct) => !gate.includes(conjunct));
  const joined = new Joining(surroundings, own, isReadBehind).group(from, others, NO_SOURCES);
  return gate.length === 0 ? joined : { ...joined, plan: behind(gate, joined.plan) };
}

/** One table: there is no order to find, and nothing that trying conditions would be worth the time. */
function planTable(
  { rowsOf, statistics }: Surroundings,
  source: Source,
  conditions: readonly Conjunct[],
  isReadBehind: (source: Source) => boolean,
): Joined {
  const isAvailable = (sources: Iterable<Source>): boolean => {
    for (const read of sources) {
      if (read === source) {
        return false;
      }
    }
    return true;
  };
  const { table } = source.origin as TableOrigin;
  const knowledge: Knowledge = {
    rows: rowsOf(source),
    matchesOf: (index, columns) => statistics.matchesOf(table, index, columns),
    shareOf: () => undefined,
    isRowRead: (taken) => isReadBehind(source) || isReadBy(conditions, taken, source),
  };
  return scanOf(source, conditions, isAvailable, knowledge, supposedShareOf);
}

function scanOf(
  source: Source,
  conditions: readonly Conjunct[],
  isAvailable: (sources: Iterable<Source>) => boolean,
  knowledge: Knowledge,
  shareOf: (conditions: readonly Conjunct[]) => number,
): Joined {
  const choice = chooseAccess(source, conditions, isAvailable, knowledge);
  const left = conditions.filter((conjunct) => !choice.taken.has(conjunct));
  const filters = left.map(({ bound }) => bound);
  const rows = choice.rows * shareOf(left);
  const plan = { kind: "scan", source, access: choice.access, filters, found: choice.rows, expected: rows } as const;
  return { plan, rows, cost: choice.cost };
}

/** Whether a condition that is left reads rows of the source. */
function isReadBy(conditions: readonly Conjunct[], taken: ReadonlySet<Conjunct>, source: Source): boolean {
  return conditions.some((conjunct) => !taken.has(conjunct) && readsRowOf(source, [conjunct.bound]));
}

function behind(gate: readonly Conjunct[], inner: RowsPlan): RowsPlan {
  return joinPlan({ kind: "one", filters: gate.map(({ bound }) => bound) }, inner, [], undefined);
}

const NO_SOURCES: ReadonlySet<Source> = new Set();

class Joining {
  readonly #surroundings: Surroundings;
  /** All sources of the query; others are those of queries around it, which are on a row. */
  readonly #own: ReadonlySet<Source>;
  readonly #shares: Shares;
  readonly #isReadBehind: (source: Source) => boolean;
  /** All there are, of inner joins alone: others may test one where nobody sees it. */
  #conditions: readonly Conjunct[] | undefined;

  constructor(surroundings: Surroundings, own: ReadonlySet<Source>, isReadBehind: (source: Source) => boolean) {
    this.#surroundings = surroundings;
    this.#own = own;
    this.#isReadBehind = isReadBehind;
    this.#conditions = undefined;
    this.#shares = new Shares(surroundings.statistics);
  }

  /** Joins everything in `from`, with `given` sources on a row. */
  group(from: BoundFrom, conjuncts: readonly Conjunct[], given: ReadonlySet<Source>): Joined {
    const units: Unit[] = [];
    const conditions = [...conjuncts];
    const precedence = this.#collect(from, units, conditions);
    if (!isConditional(conditions)) {
      // The order of rows is that of the others, whatever is tried first.
      units.sort((a, b) => Number(this.#isSmall(b)) - Number(this.#isSmall(a)));
    }
    this.#conditions = units.every(({ kind }) => kind === "source") ? conditions : undefined;
    if (units.length === 1) {
      const [unit] = units;
      const after = new Set([...given, ...unit!.sources]);
      const due = conditions.filter(({ sources }) => this.#isAvailable(sources, after));
      return this.#neededBy(unit!.sources).every((source) => given.has(source))
        ? this.#unit(unit!, due, given)
        : noSolution();
    }
    const dependencies = new Dependencies(units, conditions, this.#own, given, (number) => ({
      units: (precedence.get(units[number]!) ?? []).map((before) => units.indexOf(before)),
      sources: this.#neededBy(units[number]!.sources),
    }));
    const gain = this.#gain(units, conditions);
    const orders: Orders = { units, given, dependencies, gain, steps: units.map(() => []) };
    return units.length <= MOST_TRIED ? this.#bestOrder(orders) : this.#greedyOrder(orders);
  }

  #gain(units: readonly Unit[], conditions: readonly Conjunct[]): number {
    return !isConditional(conditions) ? NO_GAIN : units.some((unit) => this.#isSmall(unit)) ? ANY_GAIN : LEAST_GAIN;
  }

  /** It is a table that has one row at most. */
  #isSmall(unit: Unit): boolean {
    return unit.kind === "source" && unit.source.origin.kind === "table" && this.#surroundings.rowsOf(unit.source) <= 1;
  }

  /** The units that inner joins put together, and their conditions; for each unit those that must come before it. */
  #collect(from: BoundFrom, units: Unit[], conditions: Conjunct[]): Map<Unit, Unit[]> {
    const precedence = new Map<Unit, Unit[]>();
    const visit = (part: BoundFrom): void => {
      if (part.kind === "source") {
        units.push({ kind: "source", source: part.source, sources: new Set([part.source]) });
        return;
      }
      const join = this.#reduced(part, conditions);
      if (join === "inner" || join === "cross") {
        visit(part.left);
        const before = [...units];
        visit(part.right);
        conditions.push(...factoredConjunctsOf(part.on));
        if (join === "cross") {
          for (const unit of units.slice(before.length)) {
            precedence.set(unit, before);
          }
        }
        return;
      }
      const [left, right] = join === "right" ? [part.right, part.left] : [part.left, part.right];
      units.push({
        kind: "outer",
        join: join === "full" ? "full" : "left",
        left,
        right,
        on: factoredConjunctsOf(part.on),
        sources: new Set(sourcesOf(part)),
      });
    };
    visit(from);
    return precedence;
  }

  /** An outer join whose rows without a partner WHERE refuses is less of one. */
  #reduced({ join, left, right }: Extract<BoundFrom, { kind: "join" }>, conditions: readonly Conjunct[]): JoinKind {
    const refuses = (side: BoundFrom): boolean => {
      const sources = new Set(sourcesOf(side));
      return conditions.some(({ bound }) => rejectsNulls(bound, sources));
    };
    switch (join) {
      case "left":
        return refuses(right) ? "inner" : "left";
      case "right":
        return refuses(left) ? "inner" : "right";
      case "full": {
        const [withoutRight, withoutLeft] = [refuses(right), refuses(left)];
        return withoutRight && withoutLeft ? "inner" : withoutLeft ? "left" : withoutRight ? "right" : "full";
      }
      default:
        return join;
    }
  }

  #bestOrder(orders: Orders): Joined {
    const { units, dependencies, gain } = orders;
    const best: (Joined | undefined)[] = new Array(2 ** units.length).fill(undefined);
    const isBefore = new Uint8Array(units.length);
    for (let set = 1; set < best.length; set++) {
      // As written the last one comes last.
      for (let unit = units.length - 1; unit >= 0; unit--) {
        const before = set & ~(1 << unit);
        const joined = best[before];
        if (before === set || (before !== 0 && joined === undefined)) {
          continue;
        }
        for (let other = 0; other < units.length; other++) {
          isBefore[other] = (before >> other) & 1;
        }
        if (!dependencies.mayFollow(unit, isBefore)) {
          continue;
        }
        const candidate = this.#join(joined, unit, isBefore, orders);
        if (best[set] === undefined || candidate.cost < best[set]!.cost * gain) {
          best[set] = candidate;
        }
      }
    }
    return best[best.length - 1] ?? noSolution();
  }

  #greedyOrder(orders: Orders): Joined {
    const { units, dependencies, gain } = orders;
    let joined: Joined | undefined;
    const isBefore = new Uint8Array(units.length);
    for (let count = 0; count < units.length; count++) {
      let best: { readonly unit: number; readonly joined: Joined } | undefined;
      for (let unit = 0; unit < units.length; unit++) {
        if (isBefore[unit] === 0 && dependencies.mayFollow(unit, isBefore)) {
          const candidate = this.#join(joined, unit, isBefore, orders);
          if (best === undefined || candidate.cost < best.joined.cost * gain) {
            best = { unit, joined: candidate };
          }
        }
      }
      if (best === undefined) {
        return noSolution();
      }
      isBefore[best.unit] = 1;
      joined = best.joined;
    }
    return joined!;
  }

  /** Sources beside these that table functions among them have columns of as arguments. */
  #neededBy(sources: Iterable<Source>): Source[] {
    const inside = new Set(sources);
    return [...inside].flatMap(({ origin }) =>
      origin.kind === "function"
        ? origin.list.flatMap((part) =>
            [...sourcesReadBy(part)].filter((source) => this.#own.has(source) && !inside.has(source)),
          )
        : [],
    );
  }

  /** One more unit behind those that are joined. */
  #join(joined: Joined | undefined, unit: number, isBefore: Uint8Array, orders: Orders): Joined {
    const { looped, hashed } = this.#step(unit, isBefore, joined === undefined, orders);
    if (joined === undefined) {
      return looped;
    }
    const rows = Math.max(1, joined.rows * looped.rows);
    const loopCost = joined.cost + joined.rows * looped.cost + rows;
    const hashCost =
      hashed === undefined
        ? Number.POSITIVE_INFINITY
        : joined.cost + hashed.once.cost + hashed.once.rows * BUILD_COST + joined.rows * PROBE_COST + rows;
    if (hashed === undefined || hashCost >= loopCost) {
      const plan = joinPlan(joined.plan, looped.plan, [], undefined);
      return { plan, rows, cost: loopCost };
    }
    return { plan: joinPlan(joined.plan, hashed.once.plan, hashed.on, hashed.keys), rows, cost: hashCost };
  }

  /** The ways to a unit behind others, which are the same whenever the same conditions are due. */
  #step(unit: number, isBefore: Uint8Array, isFirst: boolean, orders: Orders): Step {
    const { units, given, dependencies } = orders;
    const steps = orders.steps[unit]!;
    const due = dependencies.dueWith(unit, isBefore, isFirst);
    for (const step of steps) {
      if (step.isFirst === isFirst && isSameList(step.due, due)) {
        return step;
      }
    }
    const before = new Set(given);
    for (let other = 0; other < units.length; other++) {
      if (isBefore[other] === 1) {
        for (const source of units[other]!.sources) {
          before.add(source);
        }
      }
    }
    const looped = this.#unit(units[unit]!, due, before);
    const hashed = isFirst ? undefined : this.#hashed(units[unit]!, due, before, given);
    const step = { due, isFirst, looped, hashed };
    steps.push(step);
    return step;
  }

  #hashed(
    unit: Unit,
    due: readonly Conjunct[],
    before: ReadonlySet<Source>,
    given: ReadonlySet<Source>,
  ): Step["hashed"] {
    const hash = hashKeys(due, before, unit.sources, (sources) => this.#isAvailable(sources, before));
    if (hash === undefined || !this.#neededBy(unit.sources).every((source) => given.has(source))) {
      return undefined;
    }
    const alone = new Set([...given, ...unit.sources]);
    const own = due.filter(({ sources }) => this.#isAvailable(sources, alone));
    const on = due.filter((conjunct) => !own.includes(conjunct) && !hash.taken.has(conjunct)).map(({ bound }) => bound);
    return { once: this.#unit(unit, own, given), keys: hash.keys, on };
  }

  /** The rows of a unit for which `conditions` hold. */
  #unit(unit: Unit, conditions: readonly Conjunct[], available: ReadonlySet<Source>): Joined {
    return unit.kind === "source"
      ? this.#source(unit.source, conditions, available)
      : this.#outer(unit, conditions, available);
  }

  #source(source: Source, conditions: readonly Conjunct[], available: ReadonlySet<Source>): Joined {
    const { rowsOf, planSource } = this.#surroundings;
    if (source.origin.kind !== "table") {
      const filters = conditions.map(({ bound }) => bound);
      const rows = source.origin.kind === "query" || source.origin.kind === "function" ? rowsOf(source) : 1;
      const isInner = [...available].some((other) => this.#own.has(other));
      const plan = planSource(source, filters, isInner);
      // What is kept is worked out once, however often it is gone through.
      const isOnce = !isInner && (plan.kind === "query" || plan.kind === "kept");
      const cost = isOnce ? costOf(plan.query.body) : rows;
      return { plan, rows: rows * this.#shares.shareOf(conditions), cost };
    }
    const isAvailable = (sources: Iterable<Source>): boolean => this.#isAvailable(sources, available);
    return scanOf(source, conditions, isAvailable, this.#knowledgeOf(source, source.origin.table), (left) =>
      this.#shares.shareOf(left),
    );
  }

  #knowledgeOf(source: Source, table: Table): Knowledge {
    const { rowsOf, statistics } = this.#surroundings;
    return {
      rows: rowsOf(source),
      matchesOf: (index, columns) => statistics.matchesOf(table, index, columns),
      shareOf: (conjuncts) => this.#shares.sampledShareOf(conjuncts),
      isRowRead: (taken) => this.#isRowRead(source, taken),
    };
  }

  #isRowRead(source: Source, taken: ReadonlySet<Conjunct>): boolean {
    const conditions = this.#conditions;
    return conditions === undefined || this.#isReadBehind(source) || isReadBy(conditions, taken, source);
  }

  #outer(
    unit: Extract<Unit, { kind: "outer" }>,
    conditions: readonly Conjunct[],
    available: ReadonlySet<Source>,
  ): Joined {
    const { join, on } = unit;
    const leftSources = new Set(sourcesOf(unit.left));
    const rightSources = new Set(sourcesOf(unit.right));
    const isOf = (conjunct: Conjunct, sources: ReadonlySet<Source>): boolean =>
      this.#isAvailable(conjunct.sources, new Set([...available, ...sources]));
    const pushed = join === "left" ? conditions.filter((conjunct) => isOf(conjunct, leftSources)) : [];
    const filters = conditions.filter((conjunct) => !pushed.includes(conjunct)).map(({ bound }) => bound);
    const left = this.group(unit.left, pushed, available);
    const behindLeft = new Set([...available, ...leftSources]);
    // A condition that reads the left side alone decides whether a row has partners, not whether there is one.
    const ofPair = on.filter(({ sources }) => ![...sources].some((source) => rightSources.has(source)));
    const ofRight = on.filter((conjunct) => !ofPair.includes(conjunct));
    const isDependent = !this.#neededBy(rightSources).every((source) => available.has(source));
    if (!this.#neededBy(leftSources).every((source) => available.has(source)) || (isDependent && join === "full")) {
      throw new DbError(
        "UNSUPPORTED",
        "a table function whose arguments are columns of the other side of a RIGHT or FULL JOIN is not supported",
      );
    }
    const hash = isDependent
      ? undefined
      : hashKeys(ofRight, behindLeft, rightSources, (sources) => this.#isAvailable(sources, behindLeft));
    const pairBounds = ofPair.map(({ bound }) => bound);
    const rowsOf = (partners: number): number =>
      Math.max(1, Math.max(left.rows, left.rows * partners) * this.#shares.shareOf(conditions));
    const byLoop = (): Joined => {
      const inner = this.group(unit.right, ofRight, behindLeft);
      return {
        plan: {
          kind: "join",
          join: "left",
          outer: left.plan,
          inner: inner.plan,
          on: pairBounds,
          hash: undefined,
          filters,
        },
        rows: rowsOf(inner.rows),
        cost: left.cost + left.rows * inner.cost + rowsOf(inner.rows),
      };
    };
    const byHash = ({ keys, taken }: typeof NO_KEYS): Joined => {
      // Of a full join a row of the right side that the condition refuses is one without a partner.
      const own = join === "full" ? [] : ofRight.filter((conjunct) => isOf(conjunct, rightSources));
      const inner = this.group(unit.right, own, available);
      const ofBoth = ofRight.filter((conjunct) => !own.includes(conjunct));
      const rest = ofBoth.filter((conjunct) => !taken.has(conjunct));
      const rows = rowsOf(inner.rows * this.#shares.shareOf(ofBoth));
      const on = [...pairBounds, ...rest.map(({ bound }) => bound)];
      return {
        plan: { kind: "join", join, outer: left.plan, inner: inner.plan, on, hash: keys, filters },
        rows,
        cost: left.cost + inner.cost + inner.rows * BUILD_COST + left.rows * PROBE_COST + rows,
      };
    };
    if (join === "full" || hash === undefined) {
      return join === "full" ? byHash(hash ?? NO_KEYS) : byLoop();
    }
    const hashed = byHash(hash);
    // Both are planned for a single source alone: inside one another that would take twice as long at each level.
    const looped = unit.right.kind === "source" ? byLoop() : hashed;
    return looped.cost < hashed.cost ? looped : hashed;
  }

  /** Whether all of these are on a row: those of queries around this one are. */
  #isAvailable(sources: Iterable<Source>, available: ReadonlySet<Source>): boolean {
    for (const source of sources) {
      if (this.#own.has(source) && !available.has(source)) {
        return false;
      }
    }
    return true;
  }
}

function isConditional(conditions: readonly Conjunct[]): boolean {
  return conditions.some(({ sources }) => sources.size > 0);
}

function joinPlan(outer: RowsPlan, inner: RowsPlan, on: readonly Bound[], hash: HashKeys | undefined): RowsPlan {
  return { kind: "join", join: "inner", outer, inner, on, hash, filters: [] };
}

function isSameList(a: readonly Conjunct[], b: readonly Conjunct[]): boolean {
  if (a.length !== b.length) {
    return false;
  }
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  return true;
}

/** Table functions want each other's columns, or those of what must come later. */
function noSolution(): never {
  throw new DbError("INVALID", "no query solution");
}

const NO_KEYS: { keys: HashKeys; taken: ReadonlySet<Conjunct> } = {
  keys: { outer: [], inner: [], collations: [], nullSafe: [] },
  taken: new Set(),
};

/** What must be equal on both sides. Both are compared as they are hashed: without conversions. */
function hashKeys(
  conjuncts: readonly Conjunct[],
  before: ReadonlySet<Source>,
  sources: ReadonlySet<Source>,
  isOuter: (sources: Iterable<Source>) => boolean,
): { keys: HashKeys; taken: ReadonlySet<Conjunct> } | undefined {
  const outer: Bound[] = [];
  const inner: Bound[] = [];
  const collations: (Collation | undefined)[] = [];
  const nullSafe: boolean[] = [];
  const taken = new Set<Conjunct>();
  for (const conjunct of conjuncts) {
    const { bound } = conjunct;
    if (bound.kind !== "compare" || bound.comparison.operator !== "=") {
      continue;
    }
    const { right, leftConversion, rightConversion, collation } = bound.comparison;
    if (leftConversion !== undefined || rightConversion !== undefined) {
      continue;
    }
    for (const [ofInner, ofOuter] of [
      [bound.left, right],
      [right, bound.left],
    ] as const) {
      const innerSources = [...sourcesReadBy(ofInner)];
      const outerSources = [...sourcesReadBy(ofOuter)];
      const isInner = innerSources.length > 0 && innerSources.every((source) => sources.has(source));
      if (isInner && isOuter(outerSources) && outerSources.some((source) => before.has(source))) {
        outer.push(ofOuter);
        inner.push(ofInner);
        collations.push(collation);
        nullSafe.push(bound.comparison.nullSafe);
        taken.add(conjunct);
        break;
      }
    }
  }
  return taken.size === 0 ? undefined : { keys: { outer, inner, collations, nullSafe }, taken };
}
