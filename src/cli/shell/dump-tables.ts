/**
 * Tables as a script that makes them anew: what `.dump` prints.
 *
 * Tables with their rows come first, then indexes, triggers and views, so that rows meet no trigger. The rows are read over one
 * snapshot each; values are written by SQL's own quote(), which keeps integers, reals and bytes what they are. A column that is
 * generated is left out. Foreign keys are off in the script, as the order of tables is not that of their references.
 */
import { quoteName } from "../../sql/index.ts";
import type { SchemaObject } from "../database.ts";
import { withSemicolon } from "./dot-command.ts";
import type { ShellSession } from "./session.ts";

/** Rows between two looks at whether the reader follows. */
const ROWS_PER_LOOK = 64;

export async function dumpTables(session: ShellSession, isMeant: (name: string) => boolean): Promise<void> {
  const { output, console, sql } = session;
  const objects = sql.schema().filter(({ name, table }) => isMeant(name) || isMeant(table));
  output.write("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n");
  await console.interruptible(async (signal) => {
    for (const table of objects.filter(({ type }) => type === "table")) {
      output.writeData(`${withSemicolon(table.sql!)}\n`);
      if (!/^CREATE VIRTUAL /i.test(table.sql!)) {
        await dumpRows(session, table, signal);
      }
    }
  });
  if (isMeant("sqlite_sequence")) {
    dumpSequences(session);
  }
  for (const { type, sql } of objects) {
    if (type !== "table" && sql !== null) {
      output.writeData(`${withSemicolon(sql)}\n`);
    }
  }
  output.write("COMMIT;\n");
}

async function dumpRows(session: ShellSession, { name }: SchemaObject, signal: AbortSignal): Promise<void> {
  const { output, console, sql } = session;
  const hidden = sql.prepare("SELECT name, hidden FROM pragma_table_xinfo(?)");
  const columns = [...hidden.iterate(name)].filter(([, isHidden]) => isHidden === 0).map(([column]) => String(column));
  const isWhole = [...hidden.iterate(name)].length === columns.length;
  const names = isWhole ? "" : `(${columns.map(quoteName).join(",")})`;
  const values = columns.map((column) => `quote(${quoteName(column)})`).join(" || ',' || ");
  let count = 0;
  for (const [row] of sql.prepare(`SELECT ${values} FROM ${quoteName(name)}`).iterate()) {
    output.writeData(`INSERT INTO ${quoteName(name)}${names} VALUES(${row});\n`);
    count++;
    if (count % ROWS_PER_LOOK === 0 && (console.isFull || count % (ROWS_PER_LOOK * 16) === 0)) {
      await console.flush();
      await console.pause();
      signal.throwIfAborted();
    }
  }
}

/** Where AUTOINCREMENT goes on. */
function dumpSequences({ sql, output }: ShellSession): void {
  const isThere = [...sql.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").iterate()].length > 0;
  if (!isThere) {
    return;
  }
  output.write("DELETE FROM sqlite_sequence;\n");
  for (const [row] of sql.prepare("SELECT quote(name) || ',' || quote(seq) FROM sqlite_sequence").iterate()) {
    output.writeData(`INSERT INTO sqlite_sequence VALUES(${row});\n`);
  }
}
