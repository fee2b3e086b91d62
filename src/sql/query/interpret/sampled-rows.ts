/** Expressions tried on rows that were sampled (plan/statistics.ts), before the statement runs. */
import { AssertionError } from "../../../assert.ts";
import { DbError } from "../../../errors.ts";
import type { Table } from "../../catalog/schema.ts";
import { answerRowid } from "../../key.ts";
import { locateColumn, readColumn } from "../../row.ts";
import { Arguments } from "../../run/arguments.ts";
import type { SampledEntry } from "../../storage.ts";
import type { Collation } from "../../value/collation.ts";
import { scalarFunction } from "../../value/functions/registry.ts";
import { answer, answered, answerValue, BLOB, type SqlValue } from "../../value/value.ts";
import { type Bound, isComparison, type Source, type TableOrigin } from "../bind/bound.ts";
import { visitAll } from "../bind/walk.ts";
import type { SampleTrial } from "../plan/statistics.ts";
import { evaluatorOf, testOf } from "./expression.ts";
import type { RowCursor, Site } from "./site.ts";

export const sampleTrial: SampleTrial = {
  passing: (source, rows, condition) =>
    tried(source, condition, (site, cursor) => {
      const test = testOf(site, condition);
      return rows.map((row) => {
        cursor.take(row);
        return test() === 1;
      });
    }),
  values: (source, rows, bound) =>
    tried(source, bound, (site, cursor) => {
      const evaluate = evaluatorOf(site, bound);
      return rows.map((row) => {
        cursor.take(row);
        evaluate();
        return comparable();
      });
    }),
};

/** Undefined: what is tried depends on more than the row, or fails for one. It may not fail for those that the statement reads. */
function tried<T>(source: Source, bound: Bound, work: (site: Site, cursor: SampledRow) => T): T | undefined {
  if (!isOfRow(source, bound)) {
    return undefined;
  }
  const cursor = new SampledRow((source.origin as TableOrigin).table);
  const site: Site = {
    values: new Arguments([]),
    heldRows: 0,
    spill: undefined,
    onEnd: () => {},
    cursor: () => cursor,
    query: noQuery,
  };
  try {
    return work(site, cursor);
  } catch (error) {
    if (error instanceof DbError) {
      return undefined;
    }
    throw error;
  }
}

function noQuery(): never {
  throw new AssertionError("no query is tried on samples");
}

/** Whether the value depends on a row of the source alone, and on functions that are nobody's but ours. */
function isOfRow(source: Source, bound: Bound): boolean {
  let is = true;
  visitAll(bound, (part) => {
    switch (part.kind) {
      case "parameter":
      case "in-query":
      case "exists":
      case "scalar-query":
      case "raise":
        is = false;
        break;
      case "column":
        is &&= part.source === source;
        break;
      case "compare":
      case "nullif":
        is &&= isKnown(part.comparison);
        break;
      case "between":
        is &&= isKnown(part.low);
        break;
      case "in":
        is &&= part.list.every(isKnown);
        break;
      case "extreme":
        is &&= isKnown(part);
        break;
      case "case":
        is &&= part.branches.every(({ condition }) => !isComparison(condition) || isKnown(condition));
        break;
      case "call":
        is &&= part.function.stability === "forever" && scalarFunction(part.function.name) === part.function;
        break;
      default:
    }
  });
  return is;
}

/** A collation that is defined in JavaScript may do anything. */
function isKnown({ collation }: { readonly collation: Collation | undefined }): boolean {
  return collation === undefined || collation.fold !== undefined;
}

/** A row where it was copied to. */
class SampledRow implements RowCursor {
  readonly #table: Table;
  #key: Uint8Array;
  #row: Uint8Array;
  #data: DataView;

  constructor(table: Table) {
    this.#table = table;
    this.#key = NO_BYTES;
    this.#row = NO_BYTES;
    this.#data = new DataView(NO_BYTES.buffer);
  }

  take({ key, value }: SampledEntry): void {
    this.#key = key;
    this.#row = value;
    this.#data = new DataView(value.buffer, value.byteOffset, value.length);
  }

  answer(column: number): void {
    const slot = column < 0 ? -1 : this.#table.columns[column]!.slot;
    if (slot < 0) {
      answerRowid(this.#key, 0, 0, this.#key, 0, this.#key.length);
    } else if (locateColumn(this.#data, 0, slot)) {
      readColumn(this.#row, this.#data, 0, slot);
    } else {
      const { tag, value } = this.#table.columns[column]!.missing;
      answerValue(tag, value);
    }
  }
}

const NO_BYTES = new Uint8Array(0);

function comparable(): SqlValue {
  const value = answered();
  return answer.tag === BLOB ? Buffer.from(value as Uint8Array).toString("latin1") : value;
}
