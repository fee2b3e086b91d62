/**
 * What the units of a join depend on, worked out once for all orders that are weighed: which units come before which, and with
 * which unit a condition is due, because then all that it reads is there.
 */
import type { Source } from "../bind/bound.ts";
import type { Conjunct } from "./conjuncts.ts";

export interface JoinUnit {
  readonly sources: ReadonlySet<Source>;
}

/** Units by their numbers; undefined: also something that is none of them, so that it never is there. */
type Needs = readonly number[] | undefined;

export class Dependencies {
  readonly #conditions: readonly Conjunct[];
  /** Of each condition. */
  readonly #needs: readonly Needs[];
  /** Of each unit: what must come before it. */
  readonly #required: readonly Needs[];
  /** Of each unit: the numbers of the conditions that read it. */
  readonly #readers: readonly (readonly number[])[];

  /**
   * `own` are all sources of the query, `given` those that are on a row already; `required` are the units that must come before
   * one, and the sources that it needs beside its own.
   */
  constructor(
    units: readonly JoinUnit[],
    conditions: readonly Conjunct[],
    own: ReadonlySet<Source>,
    given: ReadonlySet<Source>,
    required: (unit: number) => { readonly units: readonly number[]; readonly sources: readonly Source[] },
  ) {
    const unitOf = new Map<Source, number>();
    for (const [number, { sources }] of units.entries()) {
      for (const source of sources) {
        unitOf.set(source, number);
      }
    }
    const needsOf = (sources: Iterable<Source>): Needs => {
      const needs = new Set<number>();
      for (const source of sources) {
        if (own.has(source) && !given.has(source)) {
          const number = unitOf.get(source);
          if (number === undefined) {
            return undefined;
          }
          needs.add(number);
        }
      }
      return [...needs];
    };
    this.#conditions = conditions;
    this.#needs = conditions.map(({ sources }) => needsOf(sources));
    this.#readers = units.map((_, number) =>
      [...conditions.keys()].filter((condition) => this.#needs[condition]?.includes(number)),
    );
    this.#required = units.map((_, number) => {
      const { units: first, sources } = required(number);
      const needs = needsOf(sources);
      return needs === undefined ? undefined : [...first, ...needs];
    });
  }

  /** `isBefore` has a 1 for each unit that is joined already. */
  mayFollow(unit: number, isBefore: Uint8Array): boolean {
    const required = this.#required[unit];
    if (required === undefined) {
      return false;
    }
    for (const first of required) {
      if (isBefore[first] === 0) {
        return false;
      }
    }
    return true;
  }

  /** The conditions that are tested when the unit is joined; with the first unit those, too, that read none. */
  dueWith(unit: number, isBefore: Uint8Array, isFirst: boolean): Conjunct[] {
    const due: Conjunct[] = [];
    if (isFirst) {
      for (const [condition, needs] of this.#needs.entries()) {
        if (needs?.every((need) => need === unit) === true) {
          due.push(this.#conditions[condition]!);
        }
      }
      return due;
    }
    for (const condition of this.#readers[unit]!) {
      if (this.#isMet(this.#needs[condition]!, unit, isBefore)) {
        due.push(this.#conditions[condition]!);
      }
    }
    return due;
  }

  #isMet(needs: readonly number[], unit: number, isBefore: Uint8Array): boolean {
    for (const need of needs) {
      if (need !== unit && isBefore[need] === 0) {
        return false;
      }
    }
    return true;
  }
}
