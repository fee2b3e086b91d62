/**
 * A hash join: the inner side once, its rows kept under the values that must be equal; then, for each row of the outer side, those
 * that have its values.
 *
 *   build   `table` maps values to a chain of rows; of each row the columns that are read later are kept, in place readable
 *   probe   `each: for (let row = first; row >= 0; row = nexts[row]) { … }`
 *
 * Kept columns of numbers lie side by side as numbers (run/number-columns.ts), all others in the bytes of a row.
 *
 * Of an outer row the values are loaded first, and the rest of its columns where it has a partner or needs none.
 *
 * What the inner side reads of nothing around it is built once an execution, however often the join is gone through. An outer row
 * without partner is joined with a row of NULLs, which is kept as the last.
 */
import { type Bound, columnOf, type Source, type SourceColumn } from "../query/bind/bound.ts";
import { sourcesReadBy, visitAll } from "../query/bind/walk.ts";
import type { HashKeys, JoinPlan } from "../query/plan/plan.ts";
import { isNumericAffinity } from "../value/affinity.ts";
import { INTEGER, NULL, REAL, type TypeSet } from "../value/value.ts";
import { arenaColumn, emitKeepRow } from "./arena.ts";
import { emitRow, type RowVariables } from "./column.ts";
import type { Emitter } from "./emitter.ts";
import type { Frame } from "./frame.ts";
import { emitFirst, emitLink, type GroupKey } from "./group-key.ts";
import { can, declare, isFast, isTag, not, type Operand, or } from "./operand.ts";
import { boundsOfRows, sourcesIn } from "./plan-reads.ts";
import { type Behind, type Consume, type EmitRows, emitFilters } from "./scan.ts";

/** A column of the inner side that is read behind it. */
interface KeptColumn {
  readonly source: Source;
  readonly column: SourceColumn;
}

/** Those that lie in rows, and those that lie as numbers. */
interface Kept {
  readonly stored: readonly KeptColumn[];
  readonly numbers: readonly KeptColumn[];
}

export function emitHashJoin(
  frame: Frame,
  plan: JoinPlan,
  keys: HashKeys,
  behind: Behind,
  consume: Consume,
  emitSide: EmitRows,
): void {
  const { emitter } = frame;
  const { outer, on, filters } = plan;
  const read = [...on, ...filters, ...behind.bounds];
  const kept = keptColumns(plan, [...read, ...(behind.later ?? [])]);
  const table = emitTable(frame, plan, keys, kept, emitSide);
  const behindOuter: Behind = { ...behind, bounds: keys.outer, later: [...read, ...(behind.later ?? [])] };
  emitSide(frame, outer, behindOuter, ({ skip }) => {
    const values = keys.outer.map((key) => frame.value(key));
    const row = emitter.name("row");
    emitter.line(`let ${row} = -1;`);
    emitter.when(not(isWithout(values, keys)), () => emitFirst(emitter, table, row, hashed(values, keys)));
    if (plan.join === "inner") {
      emitter.line(`if (${row} < 0) ${skip}`);
    }
    frame.load(read);
    const names = { table, row, each: emitter.name("each") };
    plan.join === "left"
      ? emitWithMissing(frame, plan, names, kept, behind, consume)
      : emitPairs(frame, plan, names, kept, behind, consume);
  });
}

interface ProbeNames {
  readonly table: string;
  readonly row: string;
  readonly each: string;
}

function emitPairs(
  frame: Frame,
  { on, filters }: JoinPlan,
  { table, row, each }: ProbeNames,
  kept: Kept,
  behind: Behind,
  consume: Consume,
): void {
  const { emitter } = frame;
  emitter.open(`${each}: for (; ${row} >= 0; ${row} = ${table}.nexts[${row}])`);
  enterKept(frame, table, row, kept);
  const place = { skip: `continue ${each};`, keyParts: "" };
  emitFilters(frame, [...on, ...filters], place.skip);
  frame.load(behind.bounds);
  consume(place);
  emitter.close();
}

function emitWithMissing(
  frame: Frame,
  { on, filters }: JoinPlan,
  { table, row, each }: ProbeNames,
  kept: Kept,
  behind: Behind,
  consume: Consume,
): void {
  const { emitter } = frame;
  const hasMatched = emitter.name("hasMatched");
  const current = emitter.name("current");
  emitter.line(`let ${hasMatched} = false;`);
  emitter.open(`${each}: for (;;)`);
  emitter.line(`let ${current} = ${row};`);
  emitter.open(`if (${current} < 0)`);
  emitter.line(`if (${hasMatched}) break;`);
  emitter.line(`${hasMatched} = true; ${current} = ${table}.missing;`);
  emitter.otherwise();
  emitter.line(`${row} = ${table}.nexts[${current}];`);
  // What holds of a pair is tested in a frame of its own: what that loads is not there for the row of NULLs.
  const testing = frame.inner();
  enterKept(testing, table, current, kept);
  emitFilters(testing, on, `continue ${each};`);
  emitter.line(`${hasMatched} = true;`);
  emitter.close();
  enterKept(frame, table, current, kept);
  const place = { skip: `continue ${each};`, keyParts: "" };
  emitFilters(frame, filters, place.skip);
  frame.load(behind.bounds);
  consume(place);
  emitter.close();
}

/** Builds the table, where it is not there already; the variable that has it. */
function emitTable(frame: Frame, plan: JoinPlan, keys: HashKeys, kept: Kept, emitSide: EmitRows): string {
  const { emitter } = frame;
  const table = emitter.variable("table", "undefined");
  const build = (): void => {
    const { heldRows, heldBytes } = frame.unit.statement.options;
    emitter.line(`${table} = new ${emitter.use("JoinTable")}(${keys.inner.length}, ${heldRows}, ${heldBytes});`);
    const building = frame.inner();
    const stored = kept.stored.map(boundOf);
    const numbers = kept.numbers.map(boundOf);
    emitSide(building, plan.inner, { bounds: [...keys.inner, ...stored, ...numbers], isReading: false }, ({ skip }) => {
      const values = keys.inner.map((key) => building.value(key));
      emitter.when(isWithout(values, keys), () => emitter.line(skip));
      const row = emitKeepRow(
        emitter,
        `${table}.rows`,
        stored.map((column) => building.value(column)),
      );
      numbers.forEach((column, index) => {
        emitKeepNumber(emitter, `${table}.numbers`, placeOf(row, kept, index), building.value(column));
      });
      emitLink(emitter, table, hashed(values, keys), row);
    });
    if (plan.join === "left") {
      emitter.line(`${table}.addMissing(${kept.stored.length}, ${kept.numbers.length});`);
    }
  };
  const isOnce = isIndependent(plan, keys);
  if (isOnce) {
    emitter.open(`if (${table} === undefined)`);
    build();
    emitter.close();
  } else {
    build();
  }
  return table;
}

/** Whether the inner side reads nothing of what is around it. */
function isIndependent(plan: JoinPlan, keys: HashKeys): boolean {
  const own = new Set(sourcesIn(plan.inner));
  const isOwn = (bound: Bound): boolean => [...sourcesReadBy(bound)].every((source) => own.has(source));
  const outside = sourcesIn(plan.inner).every(({ origin }) => origin.kind !== "query" || origin.query.outer.size === 0);
  return outside && [...keys.inner, ...boundsOfRows(plan.inner)].every(isOwn);
}

/** The condition under which a row has no partner for certain: a value is NULL, which is equal to nothing. */
function isWithout(values: readonly Operand[], { nullSafe }: HashKeys): string {
  return or(...values.map((value, index) => (nullSafe[index] ? "false" : isTag(value, NULL))));
}

function hashed(values: readonly Operand[], { collations }: HashKeys): GroupKey[] {
  return values.map((operand, index) => ({ operand, collation: collations[index] }));
}

function keptColumns(plan: JoinPlan, bounds: readonly Bound[]): Kept {
  const sources = new Set(sourcesIn(plan.inner));
  const found = new Map<SourceColumn, Source>();
  for (const bound of bounds) {
    visitAll(bound, (part) => {
      if (part.kind === "column" && sources.has(part.source)) {
        found.set(part.column, part.source);
      }
    });
  }
  const kept = [...found].map(([column, source]) => ({ source, column }));
  return { stored: kept.filter((each) => !isOfNumbers(each)), numbers: kept.filter(isOfNumbers) };
}

/** As a rule, that is: what cannot be made a number is in such a column, too. */
function isOfNumbers({ column: { affinity } }: KeptColumn): boolean {
  return affinity !== undefined && isNumericAffinity(affinity);
}

function boundOf({ source, column }: KeptColumn): Bound {
  return columnOf(source, column);
}

/** Of a row's number among those of a kept row. */
function placeOf(row: string, { numbers }: Kept, index: number): string {
  return numbers.length === 1 ? row : `${row} * ${numbers.length} + ${index}`;
}

function emitKeepNumber(emitter: Emitter, numbers: string, place: string, operand: Operand): void {
  emitter.branches([
    [isFast(operand), () => emitter.line(`${numbers}.setNumber(${place}, ${operand.tag}, ${operand.number});`)],
    ["true", () => emitter.line(`${numbers}.set(${place}, ${operand.tag}, ${operand.other});`)],
  ]);
}

/** From here on the columns of the inner side are those of a kept row. */
function enterKept(frame: Frame, table: string, row: string, kept: Kept): void {
  const { emitter } = frame;
  const stored = kept.stored.length === 0 ? undefined : emitKeptRow(emitter, table, row);
  for (const source of new Set([...kept.stored, ...kept.numbers].map((entry) => entry.source))) {
    frame.enter(source, (column) => {
      const { types, affinity } = column;
      const index = kept.numbers.findIndex((entry) => entry.column === column);
      if (index >= 0) {
        return loadNumber(emitter, `${table}.numbers`, placeOf(row, kept, index), types);
      }
      const place = kept.stored.findIndex((entry) => entry.column === column);
      return arenaColumn(emitter, stored!, { place, places: kept.stored.length, types, affinity });
    });
  }
}

function emitKeptRow(emitter: Emitter, table: string, row: string): RowVariables {
  const [u8, data] = [emitter.name("u8"), emitter.name("data")];
  emitter.line(`const ${u8} = ${table}.rows.u8, ${data} = ${table}.rows.data;`);
  return emitRow(emitter, { u8, data }, `${table}.rows.offsets[${row}]`);
}

function loadNumber(emitter: Emitter, numbers: string, place: string, types: TypeSet): Operand {
  const into = declare(emitter, types);
  const at = emitter.number("at");
  emitter.line(`${at} = ${place};`);
  if (into.tag.length > 1) {
    emitter.line(`${into.tag} = ${numbers}.tags[${at}];`);
  }
  if (can(into, INTEGER, REAL)) {
    emitter.line(`${into.number} = ${numbers}.numbers[${at}];`);
  }
  return into.other === "null" ? into : { ...into, other: `${numbers}.other(${at})` };
}
