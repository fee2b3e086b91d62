/**
 * Arguments of table functions that conditions give: `SELECT * FROM series WHERE stop = 5` is `series(…, 5)`.
 *
 * A condition `hidden = value` becomes an argument and goes, unless rows of a partnerless outer join must still be refused by it.
 * A function goes behind the sources that its arguments read: where joins say in which order sources come, a value may read those
 * on the function's left alone.
 */
import { DbError } from "../../../errors.ts";
import type { TableFunction } from "../../run/table-function.ts";
import type { Bound, BoundCore, BoundFrom, Source } from "../bind/bound.ts";
import { TRUTH, truthTypes } from "../bind/comparison.ts";
import { sourcesOf, sourcesReadBy } from "../bind/walk.ts";
import { conjunctsOf } from "./conjuncts.ts";

/** The core with the arguments given to the functions in its FROM, and without the conditions that did. */
export function giveArguments(core: BoundCore): BoundCore {
  const { from, where } = core;
  if (from === undefined || (from.kind === "source" && from.source.origin.kind === "table")) {
    return core;
  }
  const sources = sourcesOf(from);
  if (!sources.some((source) => hiddenColumns(source) > 0)) {
    return core;
  }
  const giving = new Giving(from, sources);
  const joined = giving.join(from);
  return { ...core, from: joined, where: giving.take(where, giving.optional) };
}

class Giving {
  /** Those that come in any order, or the ones further left only. */
  readonly #isOrdered: boolean;
  readonly #sources: readonly Source[];
  /** Sources whose rows may be missing in the rows of what was gone through so far. */
  optional: ReadonlySet<Source>;

  constructor(from: BoundFrom, sources: readonly Source[]) {
    this.#isOrdered = !isInner(from);
    this.#sources = sources;
    this.optional = new Set();
  }

  join(from: BoundFrom): BoundFrom {
    if (from.kind === "source") {
      this.optional = new Set();
      return from;
    }
    const left = this.join(from.left);
    const ofLeft = this.optional;
    const right = this.join(from.right);
    const ofRight = this.optional;
    const leftSources = sourcesOf(from.left);
    const rightSources = sourcesOf(from.right);
    switch (from.join) {
      case "inner":
      case "cross":
        this.optional = new Set([...ofLeft, ...ofRight]);
        return { ...from, left, right, on: this.take(from.on, this.optional) };
      case "left": {
        const on = this.take(from.on, new Set([...leftSources, ...ofRight]), new Set(leftSources));
        this.optional = new Set([...ofLeft, ...rightSources]);
        return { ...from, left, right, on };
      }
      default:
        this.optional = new Set([...leftSources, ...rightSources]);
        return { ...from, left, right };
    }
  }

  /** Gives what a condition gives; what is left of the condition. Functions among `closed` are given nothing. */
  take(
    condition: Bound | undefined,
    optional: ReadonlySet<Source>,
    closed: ReadonlySet<Source> = NONE,
  ): Bound | undefined {
    let left = conjunctsOf(condition).map(({ bound }) => bound);
    const kept: Bound[] = [];
    // An argument that is given may be the value of another one.
    for (let before = -1; left.length !== before; ) {
      before = left.length;
      left = left.filter((bound) => {
        const given = this.#given(bound, closed);
        if (given !== undefined && optional.has(given)) {
          kept.push(bound);
        }
        return given === undefined;
      });
    }
    return [...kept, ...left].map(withoutHidden).reduce<Bound | undefined>((all, term) => {
      return all === undefined
        ? term
        : { kind: "logic", types: truthTypes(all, term), operator: "and", left: all, right: term };
    }, undefined);
  }

  /** The function that got an argument from a condition. */
  #given(bound: Bound, closed: ReadonlySet<Source>): Source | undefined {
    if (bound.kind !== "compare") {
      return undefined;
    }
    const { operator, nullSafe, right } = bound.comparison;
    for (const [side, value] of [
      [bound.left, right],
      [right, bound.left],
    ] as const) {
      const hidden = hiddenIn(side);
      if (hidden === undefined || closed.has(hidden.source)) {
        continue;
      }
      const { source, place, origin } = hidden;
      const argument = givenBy(value) ?? value;
      if (operator !== "=" || nullSafe) {
        refuse(origin.function, side);
      } else if (!origin.places.includes(place) && this.#mayGive(source, argument)) {
        origin.places.push(place);
        origin.list.push(argument);
        return source;
      }
    }
    return undefined;
  }

  #mayGive(source: Source, value: Bound): boolean {
    const read = [...sourcesReadBy(value)].filter((other) => this.#sources.includes(other));
    const position = this.#sources.indexOf(source);
    return read.every(
      (other) => !this.#dependsOn(other, source) && (!this.#isOrdered || this.#sources.indexOf(other) < position),
    );
  }

  #dependsOn(source: Source, on: Source): boolean {
    const { origin } = source;
    return (
      source === on ||
      (origin.kind === "function" &&
        origin.list.some((part) => [...sourcesReadBy(part)].some((other) => this.#dependsOn(other, on))))
    );
  }
}

const NONE: ReadonlySet<Source> = new Set();

function isInner(from: BoundFrom): boolean {
  return from.kind === "source" || (from.join === "inner" && isInner(from.left) && isInner(from.right));
}

function hiddenColumns({ origin }: Source): number {
  return origin.kind === "function" ? origin.function.columns.filter(({ isHidden }) => isHidden).length : 0;
}

/** A hidden column, and which argument it is. */
function hiddenIn(bound: Bound) {
  if (bound.kind !== "column") {
    return undefined;
  }
  const { source, column } = bound;
  const { origin } = source;
  if (origin.kind !== "function" || origin.function.columns[column.index]?.isHidden !== true) {
    return undefined;
  }
  const place = origin.function.columns.slice(0, column.index).filter(({ isHidden }) => isHidden).length;
  return { source, origin, place };
}

function refuse(found: TableFunction, side: Bound): void {
  if (found.takesEqualsOnly && side.kind === "column") {
    throw new DbError(
      "INVALID",
      `virtual table parameter "${side.column.name}" can only be constrained by the '=' operator`,
    );
  }
}

/** A comparison of arguments among each other reads no row, if they do not. */
function withoutHidden(bound: Bound): Bound {
  if (bound.kind !== "compare") {
    return bound;
  }
  const left = givenBy(bound.left);
  const right = givenBy(bound.comparison.right);
  return left === undefined || right === undefined
    ? bound
    : { ...bound, types: TRUTH | truthTypes(left, right), left, comparison: { ...bound.comparison, right } };
}

/** The constant or parameter that an expression is, or that its hidden column was given. */
function givenBy(bound: Bound): Bound | undefined {
  const hidden = hiddenIn(bound);
  const value = hidden === undefined ? bound : hidden.origin.list[hidden.origin.places.indexOf(hidden.place)];
  return value?.kind === "constant" || value?.kind === "parameter" ? value : undefined;
}
