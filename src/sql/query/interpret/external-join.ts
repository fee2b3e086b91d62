/**
 * A hash join whose inner side has any number of rows: they are sorted by what must be equal (spill/keyed-rows.ts), and looked for
 * there. The rows come as those of HashJoin do: in the order of the outer side, and for each of its rows in that of the inner one.
 */
import { ascending, withNumber } from "../../spill/distinct-rows.ts";
import { ExternalSorter, type SortedRows } from "../../spill/external-sorter.ts";
import { KeyedRows } from "../../spill/keyed-rows.ts";
import type { Spill } from "../../spill/spill.ts";
import { answer, answerNull, INTEGER, NULL } from "../../value/value.ts";
import type { Source } from "../bind/bound.ts";
import type { HashKeys, JoinPlan } from "../plan/plan.ts";
import type { Evaluate } from "./evaluate.ts";
import { type HeldRow, holdRow } from "./held-row.ts";
import { partsOf } from "./kept-rows.ts";
import type { RowCursor, Rows } from "./site.ts";

const BY_NUMBER = ascending([undefined]);

/** The inner side: the columns of all its sources in one row, and behind them its number. */
export class ExternalSide {
  /** What the sources' columns are once the rows are stored. */
  readonly cursors: ReadonlyMap<Source, RowCursor>;
  readonly rows: Rows;
  readonly columns: readonly (() => void)[];
  /** Where the row is that the sources are at; undefined: every column is NULL. */
  at: { answer(column: number): void } | undefined;

  constructor(rows: Rows, sources: readonly Source[], cursorOf: (source: Source) => RowCursor) {
    const whole: RowCursor = {
      answer: (column) => (this.at === undefined ? answerNull() : this.at.answer(column)),
    };
    const { cursors, columns } = partsOf(sources, cursorOf, whole);
    this.cursors = cursors;
    this.columns = columns;
    this.rows = rows;
    this.at = undefined;
  }
}

export interface ExternalJoinParts {
  readonly kind: JoinPlan["join"];
  readonly outer: Rows;
  readonly inner: ExternalSide;
  readonly holds: (() => boolean) | undefined;
  readonly keys: HashKeys;
  readonly outerKeys: readonly Evaluate[];
  readonly innerKeys: readonly Evaluate[];
}

export class ExternalJoin implements Rows {
  readonly #spill: Spill;
  readonly #parts: ExternalJoinParts;
  #stored: KeyedRows | undefined;
  /** Of a full join: rows that can have no partner, for a value of theirs is NULL; and which of the others had one, a bit each. */
  #alone: ExternalSorter | undefined;
  #matched: Uint8Array;
  /** The inner rows without partner, once the outer ones are through. */
  #left: SortedRows | undefined;
  /** The outer side is on a row, whose partners are gone through. */
  #isInside: boolean;
  #isFound: boolean;
  #hasMatched: boolean;

  constructor(spill: Spill, parts: ExternalJoinParts) {
    this.#spill = spill;
    this.#parts = parts;
    this.#stored = undefined;
    this.#alone = undefined;
    this.#matched = NO_ROWS;
    this.#left = undefined;
    this.#isInside = false;
    this.#isFound = false;
    this.#hasMatched = false;
  }

  open(): void {
    this.close();
    this.#build();
    this.#parts.outer.open();
  }

  next(): boolean {
    const { kind, outer } = this.#parts;
    while (this.#left === undefined) {
      if (!this.#isInside) {
        if (!outer.next()) {
          if (kind !== "full") {
            return false;
          }
          this.#left = this.#unmatched();
          break;
        }
        this.#find();
      }
      if (this.#advance()) {
        return true;
      }
    }
    return this.#nextUnmatched();
  }

  close(): void {
    this.#isInside = false;
    this.#parts.outer.close();
    this.#parts.inner.at = undefined;
    this.#stored?.close();
    this.#alone?.close();
    this.#left?.close();
    this.#stored = undefined;
    this.#alone = undefined;
    this.#left = undefined;
    this.#matched = NO_ROWS;
  }

  setMissing(): void {
    this.#parts.outer.setMissing();
    this.#parts.inner.at = undefined;
  }

  #build(): void {
    const { inner, keys, kind, innerKeys } = this.#parts;
    const { rows, columns } = inner;
    const stored = new KeyedRows(this.#spill, ascending(keys.collations));
    this.#stored = stored;
    this.#alone = kind === "full" ? new ExternalSorter(this.#spill, BY_NUMBER) : undefined;
    const row = { answer: (column: number) => columns[column]!() };
    let number = 0;
    try {
      rows.open();
      while (rows.next()) {
        const held = withNumber(holdRow(row, columns.length), number);
        const values = valuesOf(innerKeys);
        if (this.#canMatch(values)) {
          stored.add(values, held);
        } else {
          this.#alone?.add(numberOf(held), held);
        }
        number++;
      }
    } finally {
      rows.close();
    }
    stored.finish();
    this.#matched = kind === "full" ? new Uint8Array(Math.ceil(number / 8)) : NO_ROWS;
  }

  #find(): void {
    const values = valuesOf(this.#parts.outerKeys);
    this.#isFound = this.#canMatch(values) && this.#stored!.find(values);
    this.#isInside = true;
    this.#hasMatched = false;
    this.#parts.inner.at = this.#stored;
  }

  #advance(): boolean {
    const { kind, inner, holds } = this.#parts;
    const stored = this.#stored!;
    while (this.#isFound) {
      this.#isFound = stored.next();
      if (this.#isFound && holds?.() !== false) {
        this.#hasMatched = true;
        if (kind === "full") {
          this.#markMatched(stored);
        }
        return true;
      }
    }
    this.#isInside = false;
    inner.at = undefined;
    return (kind === "left" || kind === "full") && !this.#hasMatched;
  }

  #markMatched(stored: KeyedRows): void {
    stored.answer(this.#parts.inner.columns.length);
    const { number } = answer;
    this.#matched[number >>> 3]! |= 1 << (number & 7);
  }

  /** In the order in which they came. */
  #unmatched(): SortedRows {
    const alone = this.#alone!;
    this.#stored!.forEach((row) => {
      const number = row.values.at(-1) as number;
      if ((this.#matched[number >>> 3]! & (1 << (number & 7))) === 0) {
        alone.add(numberOf(row), row);
      }
    });
    return alone.finish();
  }

  #nextUnmatched(): boolean {
    if (!this.#left!.next()) {
      return false;
    }
    this.#parts.outer.setMissing();
    this.#parts.inner.at = this.#left;
    return true;
  }

  /** NULL is equal to nothing, unless it is taken for a value. */
  #canMatch({ tags }: HeldRow): boolean {
    const { nullSafe } = this.#parts.keys;
    return !tags.some((tag, index) => tag === NULL && !nullSafe[index]!);
  }
}

const NO_ROWS = new Uint8Array(0);

function valuesOf(keys: readonly Evaluate[]): HeldRow {
  return holdRow({ answer: (key) => keys[key]!() }, keys.length);
}

function numberOf({ values }: HeldRow): HeldRow {
  return { tags: [INTEGER], values: [values.at(-1)!] };
}
