/**
 * Joins: each row of the outer side with the rows of the inner one that go with it.
 *
 *   inner, left   every such pair; of a left join an outer row without one, once, its inner columns NULL
 *   full          and the inner rows that no outer row went with
 */

import type { Holding } from "../../run/holding.ts";
import { ValueSet } from "../../run/value-set.ts";
import { countWork } from "../../run/work.ts";
import { answer, answered, NULL } from "../../value/value.ts";
import type { HashKeys, JoinPlan } from "../plan/plan.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Rows } from "./site.ts";

export interface JoinSides {
  readonly outer: Rows;
  readonly inner: Rows;
  /** Whether a pair is one; undefined: it always is. */
  readonly holds: (() => boolean) | undefined;
}

/** The inner side anew for each row of the outer one. */
export class LoopJoin implements Rows {
  readonly #sides: JoinSides;
  readonly #kind: JoinPlan["join"];
  /** The inner side is open, and the outer one on a row. */
  #isInside: boolean;
  #hasMatched: boolean;

  constructor(kind: Exclude<JoinPlan["join"], "full">, sides: JoinSides) {
    this.#sides = sides;
    this.#kind = kind;
    this.#isInside = false;
    this.#hasMatched = false;
  }

  open(): void {
    this.close();
    this.#sides.outer.open();
  }

  next(): boolean {
    const { outer, inner } = this.#sides;
    for (;;) {
      if (!this.#isInside) {
        if (!outer.next()) {
          return false;
        }
        inner.open();
        this.#isInside = true;
        this.#hasMatched = false;
      }
      if (this.#advance()) {
        return true;
      }
    }
  }

  close(): void {
    this.#leave();
    this.#sides.outer.close();
  }

  setMissing(): void {
    this.#sides.outer.setMissing();
    this.#sides.inner.setMissing();
  }

  /** The next pair of this outer row; false when there are no more. */
  #advance(): boolean {
    const { inner, holds } = this.#sides;
    const kind = this.#kind;
    while (inner.next()) {
      countWork(1);
      if (holds === undefined || holds()) {
        this.#hasMatched = true;
        return true;
      }
    }
    this.#leave();
    if (kind === "left" && !this.#hasMatched) {
      inner.setMissing();
      return true;
    }
    return false;
  }

  #leave(): void {
    if (this.#isInside) {
      this.#sides.inner.close();
      this.#isInside = false;
    }
  }
}

/** An inner side that can be put back on a row that it was on. */
export interface KeptSide {
  readonly rows: Rows;
  /** Reads the rows once, if they are not there already, and calls back on each. */
  fill(visit: (row: number) => void): number;
  goTo(row: number): void;
  /** Forgets the rows. */
  letGo(): void;
}

const NONE = -1;

/** The inner side once, in a table by the values that must be equal; for full joins without such values, too. */
export class HashJoin implements Rows {
  readonly #kind: JoinPlan["join"];
  readonly #outer: Rows;
  readonly #inner: KeptSide;
  readonly #holds: (() => boolean) | undefined;
  readonly #keys: HashKeys;
  readonly #outerKeys: readonly Evaluate[];
  readonly #innerKeys: readonly Evaluate[];
  readonly #holding: Holding;
  #set: ValueSet;
  /** The first row of each set of equal ones, and for each row the next one. */
  #firsts: number[];
  #nexts: Int32Array;
  #matched: Uint8Array;
  #row: number;
  #isInside: boolean;
  #hasMatched: boolean;
  /** Behind all outer rows: the inner row that is looked at. */
  #left: number;

  constructor(
    kind: JoinPlan["join"],
    outer: Rows,
    inner: KeptSide,
    holds: (() => boolean) | undefined,
    keys: HashKeys,
    evaluators: { readonly outer: readonly Evaluate[]; readonly inner: readonly Evaluate[] },
    holding: Holding,
  ) {
    this.#kind = kind;
    this.#outer = outer;
    this.#inner = inner;
    this.#holds = holds;
    this.#keys = keys;
    this.#outerKeys = evaluators.outer;
    this.#innerKeys = evaluators.inner;
    this.#holding = holding;
    this.#set = this.#newSet();
    this.#firsts = [];
    this.#nexts = new Int32Array(0);
    this.#matched = new Uint8Array(0);
    this.#row = NONE;
    this.#isInside = false;
    this.#hasMatched = false;
    this.#left = NONE;
  }

  open(): void {
    this.close();
    this.#build();
    this.#left = NONE;
    this.#outer.open();
  }

  next(): boolean {
    while (this.#left === NONE) {
      if (!this.#isInside) {
        if (!this.#outer.next()) {
          this.#left = 0;
          break;
        }
        this.#row = this.#find();
        this.#isInside = true;
        this.#hasMatched = false;
      }
      if (this.#advance()) {
        return true;
      }
    }
    return this.#kind === "full" && this.#nextUnmatched();
  }

  close(): void {
    this.#isInside = false;
    this.#outer.close();
    this.#inner.letGo();
    this.#set = this.#newSet();
    this.#firsts = [];
    this.#nexts = new Int32Array(0);
    this.#matched = new Uint8Array(0);
  }

  setMissing(): void {
    this.#outer.setMissing();
    this.#inner.rows.setMissing();
  }

  #advance(): boolean {
    const kind = this.#kind;
    while (this.#row !== NONE) {
      const row = this.#row;
      this.#row = this.#nexts[row]!;
      this.#inner.goTo(row);
      if (this.#holds?.() !== false) {
        this.#matched[row] = 1;
        this.#hasMatched = true;
        return true;
      }
    }
    this.#isInside = false;
    if ((kind === "left" || kind === "full") && !this.#hasMatched) {
      this.#inner.rows.setMissing();
      return true;
    }
    return false;
  }

  #nextUnmatched(): boolean {
    while (this.#left < this.#matched.length) {
      const row = this.#left++;
      if (this.#matched[row] === 0) {
        this.#outer.setMissing();
        this.#inner.goTo(row);
        return true;
      }
    }
    return false;
  }

  #newSet(): ValueSet {
    const { rows, bytes } = this.#holding;
    return new ValueSet(this.#keys.collations, rows, bytes);
  }

  #build(): void {
    const set = this.#newSet();
    const firsts: number[] = [];
    const lasts: number[] = [];
    const nexts: number[] = [];
    const count = this.#inner.fill((row) => {
      nexts[row] = NONE;
      if (!this.#enter(set, this.#innerKeys)) {
        return;
      }
      const group = set.add();
      if (group === firsts.length) {
        firsts.push(row);
        lasts.push(row);
      } else {
        nexts[lasts[group]!] = row;
        lasts[group] = row;
      }
    });
    this.#set = set;
    this.#firsts = firsts;
    this.#nexts = Int32Array.from(nexts);
    this.#matched = new Uint8Array(count);
  }

  /** The first inner row with the values of the outer one. */
  #find(): number {
    if (!this.#enter(this.#set, this.#outerKeys) || !this.#set.has()) {
      return NONE;
    }
    return this.#firsts[this.#set.add()]!;
  }

  /** Writes the values of a row; false where one is NULL, which is equal to nothing. */
  #enter(set: ValueSet, keys: readonly Evaluate[]): boolean {
    const values = keys.map((key) => {
      key();
      return { tag: answer.tag, value: answered() };
    });
    if (values.some(({ tag }, index) => tag === NULL && !this.#keys.nullSafe[index]!)) {
      return false;
    }
    set.begin();
    for (const [index, { tag, value }] of values.entries()) {
      set.value(index, tag, value);
    }
    return true;
  }
}
