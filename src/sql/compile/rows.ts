/**
 * What gives rows (plan/plan.ts), as loops inside one another: each plan emits its own and has `consume` emit what is done with a
 * row, so that a statement is one nest of loops with the result at its heart.
 *
 *   outer:  for (…) {                       the outer side, its filters
 *   inner:    for (…) {                     the inner side for this row, its filters, what must hold of the pair
 *               …                           whatever comes behind
 */
import { assert } from "../../assert.ts";
import type { Bound } from "../query/bind/bound.ts";
import type { JoinPlan, RowsPlan } from "../query/plan/plan.ts";
import { arenaColumn, emitKeepRow } from "./arena.ts";
import { emitRow } from "./column.ts";
import type { Frame } from "./frame.ts";
import { emitHashJoin } from "./hash-join.ts";
import { keptRows } from "./kept-query.ts";
import { declare, takeAnswer, valueIn } from "./operand.ts";
import { emitOuterLoop } from "./outer-loop.ts";
import { boundsOfRows, columnsRead, isReadingRows, readsStorage } from "./plan-reads.ts";
import { type Behind, type Consume, emitFilters, emitScan, readBehind, type Through } from "./scan.ts";

/** Emits the loops of a plan; `through` is of the scan that is gone through once. */
export function emitRows(frame: Frame, plan: RowsPlan, behind: Behind, consume: Consume, through: Through = {}): void {
  switch (plan.kind) {
    case "one":
      emitOne(frame, plan.filters, consume);
      break;
    case "scan":
      emitScan(frame, { ...plan, ...through }, behind, consume);
      break;
    case "query":
      emitQuerySource(frame, plan, behind, consume);
      break;
    case "kept":
      emitKept(frame, plan, behind, consume);
      break;
    case "function":
      emitFunction(frame, plan, behind, consume);
      break;
    case "join":
      emitJoin(frame, plan, behind, consume, through);
      break;
    case "recursion":
      // The loop around it has loaded the row that it is shown.
      emitOne(frame, plan.filters, consume);
  }
}

function emitOne(frame: Frame, filters: readonly Bound[], consume: Consume): void {
  const { emitter } = frame;
  const label = emitter.name("row");
  emitter.open(`${label}:`);
  const place = { skip: `break ${label};`, keyParts: "" };
  emitFilters(frame, filters, place.skip);
  consume(place);
  emitter.close();
}

/** A query's rows as they come; its columns are worked out where they are read. */
function emitQuerySource(
  frame: Frame,
  { source, query, filters }: Extract<RowsPlan, { kind: "query" }>,
  behind: Behind,
  consume: Consume,
): void {
  const read = [...filters, ...readBehind(behind)];
  const wanted = { columns: columnsRead(source, read), isReading: behind.isReading || readsStorage(read) };
  frame.query(query, wanted, ({ column, skip }) => {
    frame.enter(source, ({ index }) => column(index));
    emitFilters(frame, filters, skip);
    frame.load(behind.bounds);
    consume({ skip, keyParts: "" });
  });
}

/** A query's rows, found once and read where they are kept. */
function emitKept(frame: Frame, plan: Extract<RowsPlan, { kind: "kept" }>, behind: Behind, consume: Consume): void {
  const { emitter } = frame;
  const { source, filters } = plan;
  const arena = emitArena(frame, plan);
  const [u8, data] = [emitter.name("u8"), emitter.name("data")];
  emitter.line(`const ${u8} = ${arena}.u8, ${data} = ${arena}.data;`);
  const [each, i] = [emitter.name("each"), emitter.name("i")];
  emitter.open(`${each}: for (let ${i} = 0; ${i} < ${arena}.count; ${i}++)`);
  const row = emitRow(emitter, { u8, data }, `${arena}.offsets[${i}]`);
  frame.enter(source, ({ index, types, affinity }) =>
    arenaColumn(emitter, row, { place: index, places: source.columns.length, types, affinity }),
  );
  const skip = `continue ${each};`;
  emitFilters(frame, filters, skip);
  frame.load(behind.bounds);
  consume({ skip, keyParts: "" });
  emitter.close();
}

/** The variable with a query's rows. */
function emitArena(frame: Frame, { source, query }: Extract<RowsPlan, { kind: "kept" }>): string {
  if (query.bound.outer.size === 0) {
    return keptRows(frame, query.bound);
  }
  const { emitter } = frame;
  const arena = emitter.name("arena");
  const { heldRows, heldBytes } = frame.unit.statement.options;
  emitter.line(`const ${arena} = new ${emitter.use("RowArena")}(${heldRows}, ${heldBytes});`);
  const columns = source.columns.map(({ index }) => index);
  frame.query(query, { columns, isReading: false }, (row) => {
    emitKeepRow(emitter, arena, columns.map(row.column));
  });
  return arena;
}

/** Arguments in the places of the hidden columns that they are; others are not given. */
function placed(pieces: readonly string[], places: readonly number[]): string {
  const count = Math.max(0, ...places.map((place) => place + 1));
  return Array.from({ length: count }, (_, place) => pieces[places.indexOf(place)] ?? "undefined").join(", ");
}

/** The rows of a table function, which answers columns as all functions do. */
function emitFunction(
  frame: Frame,
  { source, list, filters }: Extract<RowsPlan, { kind: "function" }>,
  behind: Behind,
  consume: Consume,
): void {
  const { emitter } = frame;
  assert(source.origin.kind === "function", "the source is a table function");
  const operands = list.map((part) => frame.value(part));
  const rows = emitter.name("rows");
  const { places, function: called } = source.origin;
  const tags = placed(
    operands.map(({ tag }) => tag),
    places,
  );
  const values = placed(operands.map(valueIn), places);
  emitter.line(`const ${rows} = ${emitter.constant(called)}.open([${tags}], [${values}]);`);
  const each = emitter.name("each");
  emitter.open(`${each}: while (${rows}.next())`);
  emitter.line(`${emitter.use("countWork")}(1);`);
  frame.enter(source, ({ index, types }) => {
    const into = declare(emitter, types);
    emitter.line(`${rows}.answer(${index});`);
    takeAnswer(emitter, into);
    return into;
  });
  const skip = `continue ${each};`;
  emitFilters(frame, filters, skip);
  frame.load(behind.bounds);
  consume({ skip, keyParts: "" });
  emitter.close();
}

function emitJoin(frame: Frame, plan: JoinPlan, behind: Behind, consume: Consume, through: Through): void {
  if (plan.hash !== undefined) {
    emitHashJoin(frame, plan, plan.hash, behind, consume, emitRows);
    return;
  }
  const { outer, inner, on, filters } = plan;
  const behindPair: Behind = { ...behind, bounds: [...on, ...filters, ...behind.bounds] };
  const behindOuter: Behind = {
    ...behind,
    bounds: [...boundsOfRows(inner), ...behindPair.bounds],
    isReading: behindPair.isReading || isReadingRows(inner),
  };
  const join = (): void => {
    if (plan.join === "left") {
      emitOuterLoop(frame, plan, behind, consume);
      return;
    }
    emitRows(frame, inner, behindPair, (place) => {
      emitFilters(frame, [...on, ...filters], place.skip);
      consume(place);
    });
  };
  emitRows(frame, outer, behindOuter, join, through);
}
