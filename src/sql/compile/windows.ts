/**
 * Window functions in generated code: a loop that puts rows into a table, the windows worked out there (run/window-table.ts), and a
 * loop over its rows, where the columns that are read behind the windows come from the table.
 */
import { assert } from "../../assert.ts";
import type { Bound, BoundWindow } from "../query/bind/bound.ts";
import type { CorePlan, WindowingPlan } from "../query/plan/plan.ts";
import { windowLayout } from "../query/plan/window-layout.ts";
import { NULLABLE, type TypeSet } from "../value/value.ts";
import type { Frame } from "./frame.ts";
import { choose, declare, isFast, type Operand, pair } from "./operand.ts";

/** Emits the loops over the rows that windows see; `consume` has the frame of one. */
export type EmitRowsBefore = (bounds: readonly Bound[], consume: (at: Frame) => void) => void;

export function emitWindows(
  frame: Frame,
  { windowing, grouping }: CorePlan,
  emitRowsBefore: EmitRowsBefore,
  consume: (at: Frame, skip: string) => void,
): void {
  assert(windowing !== undefined, "it has windows");
  const { emitter, unit } = frame;
  const { columns, calls } = windowLayout(windowing);
  const table = emitter.name("table");
  const { heldRows, heldBytes } = unit.statement.options;
  const made = `${columns.length}, ${emitter.constant(calls)}, ${heldRows}, ${heldBytes}`;
  emitter.line(`const ${table} = new ${emitter.use("WindowTable")}(${made});`);
  const cells = columns.map((_, index) => {
    const name = emitter.name("cells");
    emitter.line(`const ${name} = ${table}.columns[${index}];`);
    return name;
  });
  emitRowsBefore(columns, (at) => {
    const operands = columns.map((column) => at.value(column));
    const row = emitter.name("row");
    emitter.line(`const ${row} = ${table}.newRow();`);
    for (const [index, operand] of operands.entries()) {
      const other = choose(isFast(operand), "null", operand.other);
      emitter.line(`${cells[index]}.set(${row}, ${operand.tag}, ${operand.number}, ${other});`);
    }
  });
  emitCompute(frame, windowing, table);
  // Without GROUP BY there may be no row, and then no column.
  const addedTypes = grouping !== undefined && grouping.keys.length === 0 ? NULLABLE : 0;
  const behind = frame.behind(addedTypes);
  const [each, i, row] = [emitter.name("each"), emitter.name("i"), emitter.name("row")];
  emitter.open(`${each}: for (let ${i} = 0; ${i} < ${table}.count; ${i}++)`);
  emitter.line(`const ${row} = ${table}.order[${i}];`);
  for (const [index, { column }] of windowing.kept.entries()) {
    behind.columns.set(column, cellOf(frame, cells[index]!, row, column.types | addedTypes));
  }
  for (const [index, { types }] of windowing.calls.entries()) {
    behind.columns.set(windowing.source.columns[index]!, cellOf(frame, `${table}.results[${index}]`, row, types));
  }
  consume(behind, `continue ${each};`);
  emitter.close();
}

/** Where frames begin and end is worked out once, and only where there are rows. */
function emitCompute(frame: Frame, { calls }: WindowingPlan, table: string): void {
  const { emitter } = frame;
  const ends = emitter.name("ends");
  emitter.line(`const ${ends} = [];`);
  emitter.open(`if (${table}.count > 0)`);
  for (const { window } of calls) {
    const start = endOf(frame, window, "start");
    emitter.line(`${ends}.push({ start: ${start}, end: ${endOf(frame, window, "end")} });`);
  }
  emitter.close();
  emitter.line(`${table}.compute((call) => ${ends}[call]);`);
}

/** The variable with an end of a frame. */
function endOf(frame: Frame, window: BoundWindow, which: "start" | "end"): string {
  const { emitter } = frame;
  const { kind, distance } = window[which];
  const value = distance === undefined ? "0, null" : pair(frame.value(distance));
  const end = emitter.name("end");
  const shape = emitter.constant({
    kind,
    which,
    isWhole: window.unit !== "range",
    hasDistance: distance !== undefined,
  });
  emitter.line(`const ${end} = ${emitter.use("frameEndOf")}(${shape}, ${value});`);
  return end;
}

function cellOf({ emitter }: Frame, cells: string, row: string, types: TypeSet): Operand {
  const into = declare(emitter, types);
  if (into.tag.length > 1) {
    emitter.line(`${into.tag} = ${cells}.tags[${row}];`);
  }
  if (into.number !== "0") {
    emitter.line(`${into.number} = ${cells}.numbers[${row}];`);
  }
  if (into.other !== "null") {
    emitter.line(`${into.other} = ${choose(isFast(into), "null", `(${cells}.others[${row}] ?? null)`)};`);
  }
  return into;
}
