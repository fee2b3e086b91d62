/**
 * SELECT as one function `(reader, values, cursor, out, most)`.
 *
 * It appends rows to `out`. A query that gives rows as it finds them returns at the end of a batch when `out` has `most`
 * rows or more, with what it needs to go on in the cursor; a query that sorts or groups does all its work in the first
 * call. `cursor.isDone` says that there is nothing more.
 *
 * `cursor.left` is what the caller wants at the most (1 for `get`); LIMIT can only lower it.
 */
import type { Bound } from "../bind/bound.ts";
import type { Table } from "../catalog/schema.ts";
import type { SelectPlan } from "../plan/select.ts";
import { BLOB } from "../value/value.ts";
import { Aggregation, emitFindGroup } from "./aggregate.ts";
import { Emitter, propertyName } from "./emitter.ts";
import { newFrame } from "./expression.ts";
import type { Frame } from "./frame.ts";
import { can, choose, isFast, not, type Operand, pair, resultOf } from "./operand.ts";
import { emitEnds, emitSource } from "./source.ts";

/** What a row is to the caller. */
export type RowShape = "object" | "array" | "value";

export interface SelectOptions {
  readonly shape: RowShape;
  /** How many rows or groups the statement may hold. */
  readonly heldRows: number;
}

const DONE = "{ cursor.isDone = true; return; }";

export function emitSelect(plan: SelectPlan, options: SelectOptions): Emitter {
  const emitter = new Emitter();
  const frame = newFrame(emitter);
  const isStreaming = plan.ordering.length === 0 && plan.grouping === undefined;
  emitLimits(frame, plan, isStreaming && plan.access.kind === "range");
  if (plan.ordering.length > 0) {
    const terms = plan.ordering.map(({ descending, nullsFirst }) => ({ descending, nullsFirst }));
    const wanted = "skip + left";
    emitter.line(
      `const sorter = new ${emitter.use("Sorter")}(${emitter.constant(terms)}, ${wanted}, ${options.heldRows});`,
    );
  }
  if (plan.distinct) {
    emitter.line(`const seen = new ${emitter.use("GroupTable")}(${plan.columns.length}, ${options.heldRows});`);
  }
  if (plan.grouping === undefined) {
    emitRows(frame, plan, options);
  } else {
    emitGroups(frame, plan, options);
  }
  if (plan.ordering.length > 0) {
    emitter.line("sorter.finish(out, skip, left);");
  }
  emitter.line("cursor.isDone = true;");
  return emitter;
}

/** LIMIT and OFFSET into `left` and `skip`; a query that goes on takes them from the cursor. */
function emitLimits(frame: Frame, plan: SelectPlan, goesOn: boolean): void {
  const { emitter } = frame;
  emitter.line("let skip = cursor.skip, left = cursor.left;");
  if (plan.limit === undefined) {
    return;
  }
  const emit = (): void => {
    const limitOf = emitter.use("limitOf");
    emitter.line(`left = Math.min(left, ${limitOf}(${pair(frame.value(plan.limit!))}, Infinity));`);
    if (plan.offset !== undefined) {
      emitter.line(`skip = ${limitOf}(${pair(frame.value(plan.offset))}, 0);`);
    }
    emitter.line(`if (left === 0) ${DONE}`);
  };
  goesOn ? emitter.when("cursor.scan === undefined", emit) : emit();
}

function tableOf(plan: SelectPlan): Table | undefined {
  return plan.access.kind === "row" ? undefined : plan.access.table;
}

function emitRows(frame: Frame, plan: SelectPlan, options: SelectOptions): void {
  const { emitter } = frame;
  const reads: Bound[] = [...plan.columns.map(({ value }) => value), ...plan.ordering.map(({ value }) => value)];
  const isSorted = plan.ordering.length > 0;
  const afterBatch = (): void =>
    emitter.line("if (out.length >= most) { cursor.skip = skip; cursor.left = left; return; }");
  emitSource(
    frame,
    {
      access: plan.access,
      filters: plan.filters,
      reads,
      whenNone: DONE,
      ...(isSorted ? {} : { afterBatch }),
    },
    ({ skip }) => emitResult(frame, plan, options, skip),
  );
}

function emitGroups(frame: Frame, plan: SelectPlan, options: SelectOptions): void {
  const { emitter } = frame;
  const grouping = plan.grouping!;
  const aggregation = new Aggregation(frame, grouping, options.heldRows);
  aggregation.emitStart();
  if (plan.countsOnly && plan.access.kind === "range") {
    emitter.open("count:");
    emitter.line("let lower, upper;");
    emitEnds(frame, plan.access, "lower", "upper", "break count;");
    aggregation.emitCount(`reader.count(${tableOf(plan)!.keyspace}, lower, upper)`);
    emitter.close();
  } else {
    const used = grouping.aggregates.flatMap(({ argument }) => (argument === undefined ? [] : [argument]));
    const reads = [...grouping.keys, ...used];
    emitter.open("source:");
    emitSource(frame, { access: plan.access, filters: plan.filters, reads, whenNone: "break source;" }, () => {
      aggregation.emitRow();
      if (plan.firstRowOnly) {
        emitter.line("break rows;");
      }
    });
    emitter.close();
  }
  aggregation.emitGroups((groupFrame, skip) => {
    if (grouping.having !== undefined) {
      const { isTrue } = groupFrame.test(grouping.having);
      emitter.when(not(isTrue), () => emitter.line(skip));
    }
    emitResult(groupFrame, plan, options, skip);
  });
}

/** What is done with a row of the result: told apart, ordered, counted off, built and given out. */
function emitResult(frame: Frame, plan: SelectPlan, options: SelectOptions, skip: string): void {
  const { emitter } = frame;
  const columns = (): void => {
    for (const { value } of plan.columns) {
      frame.known.set(value, frame.value(value));
    }
  };
  const row = (): string => rowText(plan, options.shape, frame);
  if (plan.distinct) {
    columns();
    const group = emitter.number("group");
    const known = emitter.name("known");
    emitter.line(`const ${known} = seen.count;`);
    const values = plan.columns.map(({ value }) => frame.value(value));
    emitFindGroup(emitter, "seen", group, values);
    emitter.line(`if (${group} !== ${known}) ${skip}`);
  }
  if (plan.ordering.length > 0) {
    const keys = plan.ordering.map(({ value }) => {
      const key = frame.value(value);
      frame.known.set(value, key);
      return key;
    });
    const parts = (key: Operand): string => `${key.tag}, ${key.number}, ${choose(isFast(key), "null", key.other)}`;
    const slot = emitter.name("slot");
    emitter.line(`const ${slot} = sorter.offer(${parts(keys[0]!)});`);
    emitter.line(`if (${slot} < 0) ${skip}`);
    keys.slice(1).forEach((key, index) => {
      emitter.line(`sorter.key(${slot}, ${index + 1}, ${parts(key)});`);
    });
    columns();
    emitter.line(`sorter.rows[${slot}] = ${row()};`);
    return;
  }
  if (plan.offset !== undefined) {
    emitter.line(`if (skip > 0) { skip--; ${skip} }`);
  }
  columns();
  emitter.line(`out.push(${row()});`);
  emitter.line(`if (--left === 0) ${DONE}`);
}

function rowText(plan: SelectPlan, shape: RowShape, frame: Frame): string {
  const values = plan.columns.map(({ value }) => {
    const operand = frame.value(value);
    // A column's blob is made for this row; any other may be the statement's own.
    return can(operand, BLOB) && operand.bytes === undefined
      ? `${frame.emitter.use("copyBlob")}(${resultOf(operand)})`
      : resultOf(operand);
  });
  switch (shape) {
    case "object":
      return `{ ${plan.columns.map(({ name }, index) => `${propertyName(name)}: ${values[index]}`).join(", ")} }`;
    case "array":
      return `[${values.join(", ")}]`;
    default:
      return values[0]!;
  }
}
