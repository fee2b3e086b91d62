/**
 * Plans as trees:
 *
 *   QUERY PLAN
 *   ├─ SCAN orders
 *   └─ SEARCH users USING PRIMARY KEY (rowid=?)
 *
 * EXPLAIN gives lines that are indented by what they stand in; EXPLAIN QUERY PLAN, as SQLite has it, rows that name the row that
 * they stand in. Both are drawn alike.
 */
import type { SqlStatement, SqlValue } from "../database.ts";
import type { Output } from "../output.ts";
import { cellText, Table } from "../table.ts";
import type { ShellSession } from "./session.ts";

const INDENT = "  ";

interface Step {
  readonly text: string;
  readonly depth: number;
}

const PLAN = "plan";
const QUERY_PLAN = "id,parent,notused,detail";
const ANALYSIS = "plan,loops,rows,expected,ms";

/** Whether what a statement gives is a plan. */
export function isPlan({ columns }: SqlStatement): boolean {
  return [PLAN, QUERY_PLAN, ANALYSIS].includes(columns.join());
}

export function writePlan({ output }: ShellSession, statement: SqlStatement): void {
  const rows = [...statement.iterate()];
  const names = statement.columns.join();
  const steps = names === QUERY_PLAN ? nestedSteps(rows) : rows.map(([line]) => indentedStep(String(line)));
  if (names === ANALYSIS) {
    writeAnalysis(output, statement.columns, drawn(steps), rows);
    return;
  }
  output.write("QUERY PLAN\n");
  for (const line of drawn(steps)) {
    output.writeData(`${line}\n`);
  }
}

/** The tree with what each step has done beside it; nothing beside a step that is part of another. */
function writeAnalysis(
  output: Output,
  columns: readonly string[],
  tree: readonly string[],
  rows: readonly (readonly SqlValue[])[],
): void {
  const { width, style } = output;
  const table = new Table(columns, { nullText: "", width, style, write: (text) => output.write(text) });
  for (const [index, [, ...measures]] of rows.entries()) {
    table.add([tree[index]!, ...measures]);
  }
  table.end();
}

function indentedStep(line: string): Step {
  const text = line.trimStart();
  return { text, depth: (line.length - text.length) / INDENT.length };
}

function nestedSteps(rows: readonly (readonly SqlValue[])[]): Step[] {
  const depths = new Map<SqlValue, number>();
  return rows.map(([id, parent, , detail]) => {
    const depth = (depths.get(parent!) ?? -1) + 1;
    depths.set(id!, depth);
    return { text: cellText(detail!), depth };
  });
}

function drawn(steps: readonly Step[]): string[] {
  return steps.map(({ text, depth }, index) => {
    let line = "";
    for (let level = 0; level < depth; level++) {
      line += hasNext(steps, index, level) ? "│  " : "   ";
    }
    return `${line}${hasNext(steps, index, depth) ? "├─ " : "└─ "}${text}`;
  });
}

/** Whether another step of this depth follows in the same one around it. */
function hasNext(steps: readonly Step[], index: number, depth: number): boolean {
  for (let next = index + 1; next < steps.length && steps[next]!.depth >= depth; next++) {
    if (steps[next]!.depth === depth) {
      return true;
    }
  }
  return false;
}
