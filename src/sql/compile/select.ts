/**
 * A query as one function `(reader, values, cursor, out, most)`.
 *
 * It appends rows to `out`, and answers whether there is nothing more. One that scans a single table and gives rows as it finds them
 * returns at the end of a batch when `out` has `most` rows or more, with what it needs to go on in the cursor; every other does all
 * its work in the first call.
 *
 * `cursor.left` is what the caller wants at the most (1 for `get`); LIMIT can only lower it.
 */
import { assert } from "../../assert.ts";
import type { CorePlan, QueryPlan } from "../query/plan/plan.ts";
import { BLOB } from "../value/value.ts";
import { Emitter, propertyName } from "./emitter.ts";
import type { Frame } from "./frame.ts";
import { can, pair, resultOf } from "./operand.ts";
import { readsStorage } from "./plan-reads.ts";
import { emitCore, emitOffer, emitSorter, newFrame } from "./query.ts";
import { FunctionUnit, type StatementOptions, StatementUnit } from "./unit.ts";

/** What a row is to the caller. */
export type RowShape = "object" | "array" | "value";

type SelectPlan = QueryPlan & { readonly body: CorePlan };

const DONE = "return true;";

/** Whether the function can give its rows a batch at a time. */
export function isResumable({ body, ordering, limit, offset }: QueryPlan): boolean {
  return (
    body.kind === "core" &&
    !readsStorage([limit, offset].filter((part) => part !== undefined)) &&
    ordering.length === 0 &&
    body.grouping === undefined &&
    body.windowing === undefined &&
    !body.distinct &&
    body.rows.kind === "scan" &&
    body.rows.access.kind === "key" &&
    body.rows.access.list === undefined &&
    !body.rows.access.isPoint
  );
}

export function emitSelect(plan: QueryPlan, shape: RowShape, options: StatementOptions): Emitter {
  const { body, ordering } = plan;
  assert(body.kind === "core", "what is compiled is a SELECT");
  const select = { ...plan, body };
  const emitter = new Emitter();
  const frame = newFrame(new FunctionUnit(emitter, new StatementUnit(options)));
  const goesOn = isResumable(plan);
  emitLimits(frame, plan, goesOn);
  if (ordering.length > 0) {
    emitSorter(frame, "sorter", ordering, "skip + left");
  } else {
    emitter.line("const full = out.length + left;");
  }
  const bounds = [...body.columns.map(({ value }) => value), ...ordering.map(({ value }) => value)];
  const afterBatch = goesOn
    ? (): void => emitter.line("if (out.length >= most) { cursor.left = full - out.length; return false; }")
    : undefined;
  const result = (at: Frame, skip: string): void => emitResult(at, select, shape, skip);
  const names = ordering.length > 0 ? ["sorter"] : ["out", "full"];
  emitCore(frame, body, { bounds, isReading: false, afterBatch, names }, result);
  if (ordering.length > 0) {
    emitter.line("sorter.finish(out, skip, left);");
  }
  emitter.line(DONE);
  return emitter;
}

/**
 * LIMIT and OFFSET: how many rows are wanted in `left`, and of a query that is sorted in `skip` how many of them come before;
 * `cursor.skip` counts those down that others leave out. A query that goes on takes them from the cursor.
 */
function emitLimits(frame: Frame, { limit, offset, ordering }: QueryPlan, goesOn: boolean): void {
  const { emitter } = frame;
  emitter.line("let left = cursor.left;");
  if (ordering.length > 0) {
    emitter.line("let skip = cursor.skip;");
  }
  if (limit === undefined) {
    return;
  }
  const emit = (): void => {
    const limitOf = emitter.use("limitOf");
    emitter.line(`left = Math.min(left, ${limitOf}(${pair(frame.value(limit))}, Infinity));`);
    if (offset !== undefined) {
      const skip = ordering.length > 0 ? "skip" : "cursor.skip";
      emitter.line(`${skip} = ${limitOf}(${pair(frame.value(offset))}, 0);`);
    }
    emitter.line(`if (left === 0) ${DONE}`);
  };
  goesOn ? emitter.when("cursor.scans.length === 0", emit) : emit();
}

/** What is done with a row of the result: ordered, counted off, built and given out. */
function emitResult(frame: Frame, plan: SelectPlan, shape: RowShape, skip: string): void {
  const { emitter } = frame;
  const { ordering, offset, body } = plan;
  const columns = (): void => {
    for (const { value } of body.columns) {
      frame.known.set(value, frame.value(value));
    }
  };
  if (ordering.length > 0) {
    const slot = emitOffer(frame, "sorter", ordering, skip);
    columns();
    emitter.line(`sorter.rows[${slot}] = ${rowText(body, shape, frame)};`);
    return;
  }
  if (offset !== undefined) {
    emitter.line(`if (cursor.skip > 0) { cursor.skip--; ${skip} }`);
  }
  columns();
  emitter.line(`if (out.push(${rowText(body, shape, frame)}) === full) ${DONE}`);
}

function rowText({ columns }: CorePlan, shape: RowShape, frame: Frame): string {
  const values = columns.map(({ value }) => {
    const operand = frame.value(value);
    // A column's blob is made for this row; any other may be the statement's own.
    return can(operand, BLOB) && operand.bytes === undefined
      ? `${frame.emitter.use("copyBlob")}(${resultOf(operand)})`
      : resultOf(operand);
  });
  switch (shape) {
    case "object":
      return `{ ${columns.map(({ name }, index) => `${propertyName(name)}: ${values[index]}`).join(", ")} }`;
    case "array":
      return `[${values.join(", ")}]`;
    default:
      return values[0]!;
  }
}
