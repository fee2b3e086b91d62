/**
 * `operand IN (SELECT …)`: true where a row is equal, else NULL where one might be, else false.
 *
 * The rows of a query that is always the same are kept as a set. A row with a NULL in it is equal to nothing for certain: with
 * such rows in the set, or NULL looked for in a set that is not empty, what is not found is unknown, but of several columns
 * only where the others agree, so those are gone through one by one.
 */

import { ValueSet } from "../../run/value-set.ts";
import { ascending, DistinctRows } from "../../spill/distinct-rows.ts";
import { KeyedRows } from "../../spill/keyed-rows.ts";
import type { Spill } from "../../spill/spill.ts";
import { compareValues } from "../../value/compare.ts";
import { answer, answered, NULL, type SqlValue, type Tag } from "../../value/value.ts";
import type { Bound, MemberTest } from "../bind/bound.ts";
import { forEachRow } from "./compound-results.ts";
import { convertAnswer, type Evaluate, type Test, UNKNOWN } from "./evaluate.ts";
import { enterRow, type HeldRow } from "./held-row.ts";
import type { Site, Subquery } from "./site.ts";

export function membership(
  site: Site,
  { tests, query }: Extract<Bound, { kind: "in-query" }>,
  operands: readonly Evaluate[],
): Test {
  const rows = site.query(query);
  const tags: Tag[] = tests.map(() => NULL);
  const values: SqlValue[] = tests.map(() => null);
  let set: Members | undefined;
  let execution = -1;
  site.onEnd(() => {
    set = undefined;
    execution = -1;
  });
  const evaluate = (): void => {
    for (const [index, operand] of operands.entries()) {
      operand();
      convertAnswer(tests[index]!.leftConversion);
      tags[index] = answer.tag;
      values[index] = answered();
    }
  };
  return () => {
    evaluate();
    const isKnown = !tags.includes(NULL);
    if (!rows.isConstant || (!isKnown && tests.length > 1)) {
      return scan(rows, tests, tags, values);
    }
    if (execution !== rows.execution) {
      set = keep(rows, tests, site);
      execution = rows.execution;
    }
    if (!isKnown) {
      return set!.isEmpty ? 0 : UNKNOWN;
    }
    if (set!.has({ tags, values })) {
      return 1;
    }
    return !set!.hasNull ? 0 : tests.length === 1 ? UNKNOWN : scan(rows, tests, tags, values);
  };
}

/** The rows of the query, to be looked up. */
interface Members {
  readonly isEmpty: boolean;
  readonly hasNull: boolean;
  has(row: HeldRow): boolean;
}

function keep(rows: Subquery, tests: readonly MemberTest[], { heldRows, spill }: Site): Members {
  return spill === undefined ? keepInMemory(rows, tests, heldRows) : store(rows, tests, spill);
}

function keepInMemory(rows: Subquery, tests: readonly MemberTest[], limit: number): Members {
  const set = new ValueSet(
    tests.map(({ collation }) => collation),
    limit,
  );
  try {
    rows.open();
    while (rows.next()) {
      set.begin();
      for (const [index, { rightConversion }] of tests.entries()) {
        rows.answer(index);
        convertAnswer(rightConversion);
        set.value(index, answer.tag, answered());
      }
      set.add();
    }
  } finally {
    rows.close();
  }
  const { hasNull, count } = set;
  return {
    isEmpty: count === 0,
    hasNull,
    has: (row) => {
      enterRow(set, row);
      return set.has();
    },
  };
}

function store(rows: Subquery, tests: readonly MemberTest[], spill: Spill): Members {
  const collations = tests.map(({ collation }) => collation);
  const stored = new KeyedRows(spill, ascending(collations));
  const seen = new DistinctRows(spill, collations);
  const column = (index: number): void => {
    rows.answer(index);
    convertAnswer(tests[index]!.rightConversion);
  };
  let hasNull = false;
  const add = (row: HeldRow): void => {
    hasNull ||= row.tags.includes(NULL);
    stored.add(row, NO_COLUMNS);
  };
  const converted = { open: () => rows.open(), next: () => rows.next(), close: () => rows.close(), answer: column };
  forEachRow(converted, tests.length, (row) => {
    if (seen.isNew(row, row)) {
      add(row);
    }
  });
  const rest = seen.rest();
  while (rest?.next() === true) {
    const { tags, values } = rest.row();
    add({ tags: tags.slice(0, -1), values: values.slice(0, -1) });
  }
  seen.close();
  stored.finish();
  return { isEmpty: stored.count === 0, hasNull, has: (row) => stored.find(row) };
}

const NO_COLUMNS: HeldRow = { tags: [], values: [] };

function scan(rows: Subquery, tests: readonly MemberTest[], tags: readonly Tag[], values: readonly SqlValue[]): number {
  let truth = 0;
  try {
    rows.open();
    while (truth !== 1 && rows.next()) {
      const found = isEqualRow(rows, tests, tags, values);
      truth = found === 0 ? truth : found;
    }
  } finally {
    rows.close();
  }
  return truth;
}

function isEqualRow(
  rows: Subquery,
  tests: readonly MemberTest[],
  tags: readonly Tag[],
  values: readonly SqlValue[],
): number {
  let truth = 1;
  for (const [index, { rightConversion, collation }] of tests.entries()) {
    rows.answer(index);
    convertAnswer(rightConversion);
    const tag = tags[index]!;
    if (tag === NULL || answer.tag === NULL) {
      truth = UNKNOWN;
    } else if (compareValues(tag, values[index]!, answer.tag, answered(), collation) !== 0) {
      return 0;
    }
  }
  return truth;
}
