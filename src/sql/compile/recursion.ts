/**
 * WITH RECURSIVE as one loop: the rows of the initial query wait in a queue (run/row-queue.ts); each is taken out, given on, and
 * shown to the recursive queries, whose loops stand behind that and put their rows into the queue.
 */
import { assert } from "../../assert.ts";
import type { BodyPlan, CorePlan } from "../query/plan/plan.ts";
import { ANY_TYPE, BLOB } from "../value/value.ts";
import type { CoreRows } from "./core-rows.ts";
import type { Frame, ResultRow } from "./frame.ts";
import { emitFindGroup } from "./group-key.ts";
import { can, declare, isFast, type Operand } from "./operand.ts";

export type RecursionPlan = Extract<BodyPlan, { kind: "recursion" }>;

/** Emits the loops over the rows of a SELECT. */
export type EmitCore = (
  frame: Frame,
  plan: CorePlan,
  rows: CoreRows,
  consume: (at: Frame, skip: string) => void,
) => void;

/** Emits the loop over the rows of a recursive query, in a frame of its own. */
export function emitRecursion(
  frame: Frame,
  plan: RecursionPlan,
  emitCore: EmitCore,
  consume: (row: ResultRow) => void,
): void {
  const { emitter } = frame;
  const push = pushing(frame, plan);
  emitParts(frame, plan.initial, emitCore, push.emit);
  const row = plan.columns.map(() => declare(emitter, ANY_TYPE));
  emitter.open(`while (${push.queue}.take())`);
  emitter.line(`${emitter.use("countWork")}(1);`);
  const cell = emitter.name("cell");
  emitter.line(`const ${cell} = ${push.queue}.cell;`);
  for (const [index, { tag, number, other }] of row.entries()) {
    emitter.line(`${tag} = ${push.queue}.tags[${cell} + ${index}];`);
    emitter.line(`${number} = ${push.queue}.numbers[${cell} + ${index}];`);
    emitter.line(`${other} = ${push.queue}.others[${cell} + ${index}];`);
  }
  for (const column of plan.source.columns) {
    frame.columns.set(column, row[column.index]!);
  }
  const label = emitter.name("given");
  emitter.open(`${label}:`);
  consume({ column: (index) => row[index]!, skip: `break ${label};` });
  emitter.close();
  for (const step of plan.steps) {
    emitParts(frame, step, emitCore, push.emit);
  }
  emitter.close();
}

type EmitPush = (operands: readonly Operand[], skip: string) => void;

/** The queue, and what puts a row into it; of UNION, one that has not been there. */
function pushing(frame: Frame, plan: RecursionPlan): { readonly queue: string; readonly emit: EmitPush } {
  const { emitter, unit } = frame;
  const { heldRows } = unit.statement.options;
  const [queue, seen] = [emitter.name("queue"), emitter.name("seen")];
  const count = plan.columns.length;
  emitter.line(`const ${queue} = new ${emitter.use("RowQueue")}(${count}, ${heldRows});`);
  if (plan.isDistinct) {
    emitter.line(`const ${seen} = new ${emitter.use("GroupTable")}(${count}, ${heldRows});`);
  }
  const emit: EmitPush = (operands, skip) => {
    if (plan.isDistinct) {
      const [group, known] = [emitter.number("group"), emitter.name("known")];
      emitter.line(`const ${known} = ${seen}.count;`);
      const keys = operands.map((operand, index) => ({ operand, collation: plan.collations[index] }));
      emitFindGroup(emitter, seen, group, keys);
      emitter.line(`if (${group} !== ${known}) ${skip}`);
    }
    const cell = emitter.name("cell");
    emitter.line(`const ${cell} = ${queue}.push();`);
    for (const [index, operand] of operands.entries()) {
      emitCell(frame, queue, `${cell} + ${index}`, operand);
    }
  };
  return { queue, emit };
}

function emitCell({ emitter }: Frame, queue: string, cell: string, operand: Operand): void {
  emitter.line(`${queue}.tags[${cell}] = ${operand.tag};`);
  const other = can(operand, BLOB) ? `${emitter.use("copyBlob")}(${operand.other})` : operand.other;
  emitter.branches([
    [isFast(operand), () => emitter.line(`${queue}.numbers[${cell}] = ${operand.number};`)],
    ["true", () => emitter.line(`${queue}.others[${cell}] = ${other};`)],
  ]);
}

/** The SELECTs and rows of VALUES that UNION ALL puts together. */
function emitParts(frame: Frame, body: BodyPlan, emitCore: EmitCore, push: EmitPush): void {
  const { emitter } = frame;
  switch (body.kind) {
    case "core": {
      const values = body.columns.map(({ value }) => value);
      emitCore(frame.inner(), body, { bounds: values, isReading: false }, (at, skip) =>
        push(
          values.map((value) => at.value(value)),
          skip,
        ),
      );
      break;
    }
    case "values":
      for (const row of body.rows) {
        const label = emitter.name("row");
        emitter.open(`${label}:`);
        push(
          row.map((cell) => frame.value(cell)),
          `break ${label};`,
        );
        emitter.close();
      }
      break;
    case "compound":
      emitParts(frame, body.left, emitCore, push);
      emitParts(frame, body.right, emitCore, push);
      break;
    case "recursion":
      assert(false, "the initial query is none that is recursive");
  }
}
