/**
 * Queries that depend on nothing around them: a function of the text each (unit.ts), called where its answer is first needed, and
 * kept with the cursor for the rest of the execution.
 */
import type { BoundQuery } from "../query/bind/bound.ts";
import type { QueryPlan } from "../query/plan/plan.ts";
import { ANY_TYPE } from "../value/value.ts";
import { emitKeepRow } from "./arena.ts";
import type { Frame, ResultRow } from "./frame.ts";
import { declare, type Operand, takeAnswer } from "./operand.ts";
import { QUERY_PARAMETERS } from "./unit.ts";

/** JavaScript that has what the query gives in this form; `write` emits the function that works it out, and answers what it returns. */
export function keptAnswer(frame: Frame, query: BoundQuery, form: string, write: (inner: Frame) => string): string {
  const { emitter, unit } = frame;
  const { name, place } = unit.statement.kept(
    query,
    form,
    () => emitter.name("query"),
    (written) => {
      const inner = frame.inSibling();
      inner.emitter.line(`return ${write(inner)};`);
      inner.emitter.finishSibling(written, QUERY_PARAMETERS);
    },
  );
  const kept = emitter.variable("kept", "undefined");
  emitter.line(`if (${kept} === undefined) ${kept} = (cursor.kept[${place}] ??= ${name}(reader, values, cursor));`);
  return kept;
}

/** All rows of a query that depends on nothing, kept in an arena. */
export function keptRows(frame: Frame, query: BoundQuery): string {
  return keptAnswer(frame, query, "rows", (inner) => {
    const { heldRows, heldBytes } = inner.unit.statement.options;
    const columns = query.body.columns.map((_, index) => index);
    const { emitter } = inner;
    const arena = emitter.name("arena");
    emitter.line(`const ${arena} = new ${emitter.use("RowArena")}(${heldRows}, ${heldBytes});`);
    emitKeptRows(inner, query, columns, (row) => {
      emitKeepRow(emitter, arena, columns.map(row.column));
    });
    return arena;
  });
}

export function planOf(frame: Frame, query: BoundQuery): QueryPlan {
  return frame.unit.statement.options.plans.plan(query);
}

/** Emits the loop over the rows of a query that depends on nothing around it, compiled or interpreted. */
export function emitKeptRows(
  frame: Frame,
  query: BoundQuery,
  columns: readonly number[],
  consume: (row: ResultRow) => void,
): void {
  const { emitter, unit } = frame;
  const plan = planOf(frame, query);
  const interpreter = unit.statement.options.interpreterOf(plan);
  if (interpreter === undefined) {
    frame.query(plan, { columns, isReading: false }, consume);
    return;
  }
  const rows = emitter.constant(interpreter);
  const each = emitter.name("each");
  emitter.open("try");
  emitter.line(`${rows}.open(reader, values);`);
  emitter.open(`${each}: while (${rows}.next())`);
  emitter.line(`${emitter.use("countWork")}(1);`);
  const column = (index: number): Operand => {
    const into = declare(emitter, ANY_TYPE);
    emitter.line(`${rows}.answer(${index});`);
    takeAnswer(emitter, into);
    return into;
  };
  consume({ column, skip: `continue ${each};` });
  emitter.close();
  emitter.otherwise("finally");
  emitter.line(`${rows}.close();`);
  emitter.close();
}
