/**
 * Runs one statement or dot command: the same for a person, a pipe and `-c`.
 *
 * Results go where the session says as they are produced. Every so often the shell gives way to the event loop, so that a slow
 * reader holds the query back and Ctrl-C is heard. A statement that computes for long before its first row gives way to nobody:
 * at a terminal it looks itself whether Ctrl-C was typed (interruption.ts); elsewhere Ctrl-C ends the process as if nobody
 * listened, which is safe at any moment (what was acknowledged is kept, what was not never happened).
 */
import { DbError } from "../../errors.ts";
import { counted, formatDuration } from "../amounts.ts";
import type { SqlStatement, SqlValue } from "../database.ts";
import { type RowWriter, rowWriter } from "../row-writer.ts";
import { splitArguments } from "./dot-command.ts";
import { findDotCommand } from "./dot-commands.ts";
import type { InputPiece } from "./input.ts";
import { isPlan, writePlan } from "./plan-tree.ts";
import type { ShellSession } from "./session.ts";

/** How long rows are produced before the event loop gets a turn. */
const SLICE_MS = 50;
/** The clock is asked once in so many rows. */
const ROWS_PER_LOOK = 64;

/** Runs a piece to its end, output included. Throws what goes wrong. */
export async function runPiece(session: ShellSession, piece: InputPiece): Promise<void> {
  const { console } = session;
  const startMs = console.clock.now();
  try {
    if (piece.kind === "dot") {
      await runDotCommand(session, piece.text);
    } else {
      await runStatement(session, piece.text);
    }
  } finally {
    session.pieceEnded();
  }
  await console.flush();
  if (session.hasTimer && !session.isOver) {
    console.writeError(`time: ${formatDuration(console.clock.now() - startMs)}\n`);
  }
}

async function runDotCommand(session: ShellSession, text: string): Promise<void> {
  const [name = "", ...parameters] = splitArguments(text);
  const command = findDotCommand(name);
  if (command === undefined) {
    throw new DbError("INVALID", `there is no ${name}; .help lists the commands`);
  }
  await command.run(session, parameters, text);
}

async function runStatement(session: ShellSession, text: string): Promise<void> {
  const statement = session.sql.prepare(text);
  if (session.showsPlans && !/^\s*(?:EXPLAIN|PRAGMA)\b/i.test(text)) {
    writePlan(session, session.sql.prepare(`EXPLAIN ${text}`));
  }
  if (statement.columns.length > 0) {
    await printRows(session, statement);
    return;
  }
  const { changes } = statement.run();
  if (session.isInteractive) {
    const confirmation = changes === 0 ? "ok" : `ok, ${counted(changes, "row")} changed`;
    session.console.write(`${session.console.style.dim(confirmation)}\n`);
  }
}

async function printRows(session: ShellSession, statement: SqlStatement): Promise<void> {
  if (session.format.mode === "box" && isPlan(statement)) {
    writePlan(session, statement);
    return;
  }
  const writer = rowWriter(session.format, session.output, statement.columns);
  const rows = statement.iterate()[Symbol.iterator]();
  const first = rows.next();
  if (first.done !== true) {
    writer.add(first.value);
    await session.console.interruptible((signal) => streamRows(session, rows, writer, signal));
  }
  writer.end();
}

async function streamRows(
  session: ShellSession,
  rows: Iterator<readonly SqlValue[]>,
  writer: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const { console } = session;
  try {
    let sliceEndMs = console.clock.now() + SLICE_MS;
    for (let count = 1; ; count++) {
      const next = rows.next();
      if (next.done === true) {
        return;
      }
      writer.add(next.value);
      if (count % ROWS_PER_LOOK === 0 && (console.isFull || console.clock.now() >= sliceEndMs)) {
        await console.flush();
        await console.pause();
        signal.throwIfAborted();
        session.onWork?.();
        sliceEndMs = console.clock.now() + SLICE_MS;
      }
    }
  } finally {
    rows.return?.();
  }
}
