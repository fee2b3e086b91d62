/**
 * The ways to a table's rows that its conditions allow, with what each costs and leaves to be tested.
 *
 * Costs are in rows of a scan (20 ns). Where samples do not tell, an equality of one column of an index is supposed to leave ten
 * rows, and a bound a quarter; what is equal to all columns of a unique key leaves one.
 */

import { DbError } from "../../../errors.ts";
import type { Index } from "../../catalog/schema.ts";
import type { KeyOrder } from "../../key.ts";
import { type Bound, type BoundIndex, columnOf, type Source, type TableOrigin } from "../bind/bound.ts";
import { isSame, sourcesReadBy } from "../bind/walk.ts";
import type { Access, KeyAccess, KeyList, KeyPart, RangeEnd } from "./access.ts";
import { type Conjunct, conjunctsOf, type KeyTest, keyTests } from "./conjuncts.ts";

export interface AccessChoice {
  readonly access: Access;
  /** Conjuncts that it takes care of. */
  readonly taken: ReadonlySet<Conjunct>;
  /** How many rows it leads to, about. */
  readonly rows: number;
  readonly cost: number;
}

/** A row by its key, and a range before its first row, beside a row of a scan. */
const LOOKUP_COST = 12;
const OPEN_COST = 15;
const EQUAL_ROWS = 10;
const RANGE_SHARE = 0.25;

/** A key of the table, or of an index. */
interface Key {
  readonly index: Index | undefined;
  readonly columns: readonly Bound[];
  readonly orders: readonly KeyOrder[];
  readonly isUnique: boolean;
}

interface Test {
  readonly conjunct: Conjunct;
  readonly test: KeyTest;
}

/** What is known of the source's table. */
export interface Knowledge {
  readonly rows: number;
  /** How many rows have the same values in the first columns of a key; undefined: not known. */
  readonly matchesOf: (index: Index | undefined, columns: number) => number | undefined;
  /** For what part of the rows conditions hold; undefined: not known. */
  readonly shareOf: (conjuncts: readonly Conjunct[]) => number | undefined;
  /** Whether anything but these conjuncts reads the row: if not, an index's entry is enough. */
  readonly isRowRead: (taken: ReadonlySet<Conjunct>) => boolean;
}

/** The cheapest way, with `available` sources on a row. */
export function chooseAccess(
  source: Source,
  conjuncts: readonly Conjunct[],
  isAvailable: IsAvailable,
  knowledge: Knowledge,
): AccessChoice {
  const origin = source.origin as TableOrigin;
  const tests: Test[] = [];
  for (const conjunct of conjuncts) {
    addTests(tests, conjunct, source, isAvailable);
  }
  const { hint } = origin;
  let best: AccessChoice | undefined;
  if (hint === undefined || hint === null) {
    best = throughKey(tableKey(source), tests, knowledge);
    const { isPoint, list } = best.access as KeyAccess;
    // Nothing costs less than one row by its key, and without conditions no index is of use.
    if ((isPoint && list === undefined) || conjuncts.length === 0) {
      return best;
    }
  }
  for (const key of indexKeys(origin, hint, conjuncts)) {
    const choice = throughKey(key, tests, knowledge);
    if (best === undefined || choice.cost < best.cost) {
      best = choice;
    }
  }
  if (best === undefined) {
    throw new DbError("INVALID", "no query solution");
  }
  if (hint === undefined) {
    for (const conjunct of conjuncts) {
      const union = throughUnion(source, conjunct, isAvailable, knowledge);
      if (union !== undefined && union.cost < best.cost) {
        best = union;
      }
    }
  }
  return best;
}

export function tableKey(source: Source): Key {
  const { table } = source.origin as TableOrigin;
  const columns =
    table.primaryKey.length > 0 ? table.primaryKey.map(({ column }) => source.columns[column]!) : [source.rowid!];
  return {
    index: undefined,
    columns: columns.map((column) => columnOf(source, column)),
    orders: table.primaryKey.length > 0 ? table.primaryKey : [PLAIN_ORDER],
    isUnique: true,
  };
}

const PLAIN_ORDER: KeyOrder = { collation: undefined, descending: false };

function indexKeys(
  { table, indexes }: TableOrigin,
  hint: string | null | undefined,
  conjuncts: readonly Conjunct[],
): readonly Key[] {
  if (hint === null || table.indexes.length === 0) {
    return NO_KEYS;
  }
  const keys: Key[] = [];
  for (const bound of indexes) {
    const { index, columns } = bound;
    if ((hint === undefined || hint === index.name) && isImplied(bound, conjuncts)) {
      keys.push({ index, columns: columns.map(({ value }) => value), orders: columns, isUnique: index.isUnique });
    }
  }
  return keys;
}

const NO_KEYS: readonly Key[] = [];

/** Whether every row that is looked for is in a partial index. */
function isImplied({ where }: BoundIndex, conjuncts: readonly Conjunct[]): boolean {
  return (
    where === undefined ||
    conjunctsOf(where).every(({ bound }) => conjuncts.some((conjunct) => isSame(conjunct.bound, bound)))
  );
}

type IsAvailable = (sources: Iterable<Source>) => boolean;

function addTests(tests: Test[], conjunct: Conjunct, source: Source, isAvailable: IsAvailable): void {
  for (const test of keyTests(conjunct.bound, source)) {
    if (isKnown(test, isAvailable)) {
      tests.push({ conjunct, test });
    }
  }
}

/** Whether all that the column is compared with is on a row. */
function isKnown(test: KeyTest, isAvailable: IsAvailable): boolean {
  switch (test.kind) {
    case "compare":
      return isAvailable(sourcesReadBy(test.value));
    case "between":
      return isAvailable(sourcesReadBy(test.low.right)) && isAvailable(sourcesReadBy(test.high.right));
    case "in":
      return test.list.every(({ right }) => isAvailable(sourcesReadBy(right)));
    case "in-query":
      return isAvailable(test.query.outer);
    default:
      return true;
  }
}

function throughKey(key: Key, tests: readonly Test[], knowledge: Knowledge): AccessChoice {
  const conjuncts: Conjunct[] = [];
  const prefix: KeyPart[] = [];
  let list: KeyList | undefined;
  for (let position = 0; position < key.columns.length; position++) {
    const equal = firstTest(tests, key, position, isEquality);
    if (equal === undefined) {
      const listed = firstTest(tests, key, position, isList);
      if (listed !== undefined) {
        list = listOf(listed.test);
        conjuncts.push(listed.conjunct);
      }
      break;
    }
    prefix.push(equalityOf(equal.test)!);
    conjuncts.push(equal.conjunct);
  }
  const used = prefix.length + (list === undefined ? 0 : 1);
  const isWhole = used === key.columns.length;
  const isPoint = key.isUnique && isWhole && !prefix.some(({ nullSafe }) => nullSafe);
  const ends = isWhole || list !== undefined || tests.length === 0 ? NO_ENDS : takeEnds(key, prefix.length, tests);
  const access: KeyAccess = {
    kind: "key",
    index: key.index,
    orders: key.orders,
    prefix,
    list,
    lower: ends.lower,
    upper: ends.upper,
    isPoint,
    reverse: false,
  };
  conjuncts.push(...ends.conjuncts);
  const taken = conjuncts.length === 0 ? NO_CONJUNCTS : new Set(conjuncts);
  const { rows, cost } = estimate(access, used, ends.conjuncts, taken, knowledge);
  return { access, taken, rows, cost };
}

const NO_CONJUNCTS: ReadonlySet<Conjunct> = new Set();

function firstTest(
  tests: readonly Test[],
  key: Key,
  position: number,
  isWanted: (test: KeyTest) => boolean,
): Test | undefined {
  for (const of of tests) {
    if (isWanted(of.test) && isOf(of.test, key, position)) {
      return of;
    }
  }
  return undefined;
}

function isEquality(test: KeyTest): boolean {
  return test.kind === "is-null" || (test.kind === "compare" && test.operator === "=");
}

function isList({ kind }: KeyTest): boolean {
  return kind === "in" || kind === "in-query";
}

function estimate(
  access: KeyAccess,
  used: number,
  bounding: readonly Conjunct[],
  taken: ReadonlySet<Conjunct>,
  knowledge: Knowledge,
): { rows: number; cost: number } {
  const { index, list, lower, upper, isPoint } = access;
  const lists = list === undefined ? 1 : list.kind === "values" ? list.values.length : EQUAL_ROWS;
  const fetch = index === undefined || !knowledge.isRowRead(taken) ? 1 : 1 + LOOKUP_COST;
  if (isPoint) {
    return { rows: lists, cost: lists * LOOKUP_COST };
  }
  const matches = (): number => knowledge.matchesOf(index, used) ?? EQUAL_ROWS / 2 ** (used - 1);
  const equal = used === 0 ? knowledge.rows : Math.min(knowledge.rows, matches() * lists);
  const bounds = (lower === undefined ? 0 : 1) + (upper === undefined ? 0 : 1);
  const share = bounds === 0 ? 1 : (knowledge.shareOf(bounding) ?? RANGE_SHARE ** bounds);
  const rows = Math.max(1, equal * share);
  return { rows, cost: OPEN_COST * lists + rows * fetch };
}

/** Whether a test is one of that column of the key, and compares as the key is ordered. */
function isOf(test: KeyTest, key: Key, position: number): boolean {
  const isOrdered = test.kind === "is-null" || test.collation === key.orders[position]!.collation;
  return isOrdered && isSame(test.operand, key.columns[position]!);
}

function equalityOf(test: KeyTest): KeyPart | undefined {
  if (test.kind === "compare" && test.operator === "=") {
    return { value: test.value, conversion: test.conversion, nullSafe: test.nullSafe };
  }
  return test.kind === "is-null" ? { value: NULL_VALUE, conversion: undefined, nullSafe: true } : undefined;
}

const NULL_VALUE = { kind: "constant", types: 1, tag: 0, value: null } as const;

function listOf(test: KeyTest): KeyList | undefined {
  if (test.kind === "in") {
    const values = test.list.map(({ right, rightConversion }) => ({
      value: right,
      conversion: rightConversion,
      nullSafe: false,
    }));
    return { kind: "values", values };
  }
  return test.kind === "in-query" ? { kind: "query", query: test.query, conversion: test.conversion } : undefined;
}

interface Ends {
  readonly lower: RangeEnd | undefined;
  readonly upper: RangeEnd | undefined;
  /** What they take care of. */
  readonly conjuncts: readonly Conjunct[];
}

const NO_ENDS: Ends = { lower: undefined, upper: undefined, conjuncts: [] };

function takeEnds(key: Key, position: number, tests: readonly Test[]): Ends {
  let lower: RangeEnd | undefined;
  let upper: RangeEnd | undefined;
  let conjuncts: readonly Conjunct[] = NO_ENDS.conjuncts;
  for (const { conjunct, test } of tests) {
    if ((test.kind !== "compare" && test.kind !== "between") || !isOf(test, key, position)) {
      continue;
    }
    if (test.kind === "between" && lower === undefined && upper === undefined) {
      lower = { value: test.low.right, conversion: test.low.rightConversion, inclusive: true };
      upper = { value: test.high.right, conversion: test.high.rightConversion, inclusive: true };
      conjuncts = [...conjuncts, conjunct];
    } else if (test.kind === "compare" && !test.nullSafe) {
      const end = { value: test.value, conversion: test.conversion, inclusive: test.operator.endsWith("=") };
      if (test.operator[0] === ">" && lower === undefined) {
        lower = end;
        conjuncts = [...conjuncts, conjunct];
      } else if (test.operator[0] === "<" && test.operator !== "<>" && upper === undefined) {
        upper = end;
        conjuncts = [...conjuncts, conjunct];
      }
    }
  }
  return { lower, upper, conjuncts };
}

/** `a = 1 OR b = 2`, where each side has a key of its own. The condition itself is tested again. */
function throughUnion(
  source: Source,
  { bound }: Conjunct,
  isAvailable: IsAvailable,
  knowledge: Knowledge,
): AccessChoice | undefined {
  const parts: KeyAccess[] = [];
  let rows = 0;
  let cost = 0;
  const open = [bound];
  for (let term = open.pop(); term !== undefined; term = open.pop()) {
    if (term.kind === "logic" && term.operator === "or") {
      open.push(term.right, term.left);
      continue;
    }
    if (term === bound) {
      return undefined;
    }
    const conjuncts = conjunctsOf(term);
    const tests: Test[] = [];
    for (const conjunct of conjuncts) {
      addTests(tests, conjunct, source, isAvailable);
    }
    const keys = [tableKey(source), ...indexKeys(source.origin as TableOrigin, undefined, conjuncts)];
    const choices = keys.map((key) => throughKey(key, tests, knowledge));
    const best = choices.reduce((least, choice) => (choice.cost < least.cost ? choice : least));
    if (best.taken.size === 0) {
      return undefined;
    }
    parts.push(best.access as KeyAccess);
    rows += best.rows;
    cost += best.cost;
  }
  return { access: { kind: "union", parts }, taken: new Set(), rows, cost };
}
