/**
 * A left join by loop: the inner side anew for each row of the outer one, and where no row of it goes with that, one of NULLs.
 *
 * What comes behind stands in the text once, for both: the loop goes on for one more round when the inner side is at its end and
 * nothing has matched. The row of NULLs is one without columns, in which every column is NULL (row.ts).
 */
import { assert } from "../../assert.ts";
import { readsRowOf } from "../query/bind/walk.ts";
import type { JoinPlan, RowsPlan } from "../query/plan/plan.ts";
import type { RowVariables } from "./column.ts";
import type { Frame } from "./frame.ts";
import { readsStorage } from "./plan-reads.ts";
import {
  assignBatch,
  type Behind,
  batchVariables,
  type Consume,
  emitBatchRow,
  emitFilters,
  emitOpen,
  emitPointRow,
  enterRow,
  type RowPlace,
  readBehind,
} from "./scan.ts";

type ScanPlan = Extract<RowsPlan, { kind: "scan" }>;

/** Whether a left join's inner side is one that this knows how to go through. */
export function isOuterLoop(plan: RowsPlan): plan is ScanPlan {
  return plan.kind === "scan" && plan.access.kind === "key" && plan.access.list === undefined;
}

export function emitOuterLoop(frame: Frame, plan: JoinPlan, behind: Behind, consume: Consume): void {
  const { inner, on, filters } = plan;
  assert(isOuterLoop(inner) && inner.access.kind === "key", "the inner side of a left join is one scan");
  const read = [...filters, ...readBehind(behind)];
  const isReading = behind.isReading || readsStorage(read) || readsStorage(inner.filters);
  const isRowNeeded = readsRowOf(inner.source, [...inner.filters, ...read]);
  const names: OuterNames = {
    row: rowVariables(frame),
    isMissing: frame.emitter.variable("isMissing", "false"),
    isReading,
    isRowNeeded,
  };
  const found = (place: RowPlace): void => {
    const { row, isMissing } = names;
    enterRow(frame, inner.source, { row, place, isMissing });
    emitFilters(frame, filters, place.skip);
    frame.load(behind.bounds);
    consume(place);
  };
  inner.access.isPoint ? emitPoint(frame, inner, on, names, found) : emitRange(frame, inner, on, names, found);
}

interface OuterNames {
  readonly row: RowVariables;
  readonly isMissing: string;
  readonly isReading: boolean;
  readonly isRowNeeded: boolean;
}

function rowVariables({ emitter }: Frame): RowVariables {
  return {
    u8: emitter.variable("u8"),
    data: emitter.variable("data"),
    offset: emitter.number("o"),
    head: emitter.number("head"),
  };
}

function takeRow({ emitter }: Frame, into: RowVariables, row: RowVariables | undefined): void {
  if (row !== undefined) {
    emitter.line(`${into.u8} = ${row.u8}; ${into.data} = ${row.data};`);
    emitter.line(`${into.offset} = ${row.offset}; ${into.head} = ${row.head};`);
  }
}

function takeMissing({ emitter }: Frame, { row, isMissing }: OuterNames): void {
  const none = emitter.use("ROW_OF_NULLS");
  emitter.line(`${isMissing} = true; ${row.u8} = ${none}.u8; ${row.data} = ${none}.data;`);
  emitter.line(`${row.offset} = 0; ${row.head} = 0;`);
}

function emitPoint(
  frame: Frame,
  { source, access, filters }: ScanPlan,
  on: JoinPlan["on"],
  names: OuterNames,
  found: (place: RowPlace) => void,
): void {
  const { emitter } = frame;
  const label = emitter.name("scan");
  assert(access.kind === "key", "the inner side of a left join is one scan");
  takeMissing(frame, names);
  let keyParts = "";
  emitter.open(`${label}:`);
  const none = `break ${label};`;
  emitFilters(frame, on, none);
  const { isReading, isRowNeeded } = names;
  emitPointRow(frame, source, access, undefined, { none, isReading, isRowNeeded }, (row) => {
    const testing = frame.inner();
    enterRow(testing, source, row);
    emitFilters(testing, filters, none);
    emitter.line(`${names.isMissing} = false;`);
    takeRow(frame, names.row, row.row);
    keyParts = row.place.keyParts;
  });
  emitter.close();
  const behind = emitter.name("row");
  emitter.open(`${behind}:`);
  found({ skip: `break ${behind};`, keyParts });
  emitter.close();
}

function emitRange(
  frame: Frame,
  { source, access, filters }: ScanPlan,
  on: JoinPlan["on"],
  names: OuterNames,
  found: (place: RowPlace) => void,
): void {
  const { emitter } = frame;
  assert(access.kind === "key", "the inner side of a left join is one scan");
  const [isOver, hasMatched] = [emitter.variable("isOver", "false"), emitter.variable("hasMatched", "false")];
  const [i, count] = [emitter.number("i"), emitter.number("count")];
  emitter.line(`${isOver} = true; ${hasMatched} = false; ${i} = 0; ${count} = 0;`);
  const opening = emitter.name("scan");
  emitter.open(`${opening}:`);
  emitFilters(frame, on, `break ${opening};`);
  const scan = emitOpen(frame, source, access, undefined, `break ${opening};`);
  emitter.line(`${isOver} = false;`);
  emitter.close();
  const each = emitter.name("each");
  const batch = batchVariables(frame, scan);
  emitter.open(`${each}: for (;;)`);
  emitter.open(`if (!${isOver} && ${i} === ${count})`);
  emitter.line(`${count} = ${scan}.next(); ${i} = 0;`);
  emitter.open(`if (${count} === 0)`);
  emitter.line(`${isOver} = true;`);
  emitter.otherwise();
  emitter.line(`${emitter.use("countWork")}(${count});`);
  if (names.isReading || (access.index !== undefined && names.isRowNeeded)) {
    emitter.line(`${scan}.keep(${count});`);
  }
  assignBatch(frame, batch);
  emitter.close();
  emitter.close();
  let keyParts = "";
  emitter.open(`if (${isOver})`);
  emitter.line(`if (${hasMatched}) break;`);
  emitter.line(`${hasMatched} = true;`);
  takeMissing(frame, names);
  emitter.otherwise();
  const at = emitter.number("at");
  emitter.line(`${at} = ${i}++; ${names.isMissing} = false;`);
  const testing = frame.inner();
  const { isReading, isRowNeeded } = names;
  const row = emitBatchRow(testing, source, access, batch, at, { isReading, isRowNeeded, none: `continue ${each};` });
  enterRow(testing, source, row);
  emitFilters(testing, filters, `continue ${each};`);
  emitter.line(`${hasMatched} = true;`);
  takeRow(frame, names.row, row.row);
  keyParts = row.place.keyParts;
  emitter.close();
  found({ skip: `continue ${each};`, keyParts });
  emitter.close();
}
