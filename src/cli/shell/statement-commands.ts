/** Dot commands that run statements, or tell how they are carried out. */
import { createReadStream, statSync } from "node:fs";
import { DbError } from "../../errors.ts";
import { linesOf } from "../lines.ts";
import { atMostOne, type DotCommand, isOn } from "./dot-command.ts";
import { type InputPiece, StatementInput } from "./input.ts";
import type { ShellSession } from "./session.ts";

/** Files that read files. */
const MOST_FILES = 16;

export const STATEMENT_COMMANDS: readonly DotCommand[] = [
  {
    name: ".explain",
    parameters: "[analyze|codegen] SQL",
    summary: "how a statement is carried out; analyze runs it and counts, codegen shows its function",
    async run(session, _, line) {
      const [, form = "", text = ""] = /^\S+\s*((?:analyze|codegen)\b)?(.*)$/is.exec(line)!;
      if (text.trim() === "") {
        throw new DbError("INVALID", ".explain takes a statement: .explain SELECT 1");
      }
      const how = form.toLowerCase() === "codegen" ? "(CODEGEN)" : form;
      await session.runPiece(session, { kind: "sql", text: `EXPLAIN ${how} ${text.trim()}`, line: 1 });
    },
  },
  {
    name: ".plan",
    parameters: "on|off",
    summary: "each statement is told how it is carried out before it runs",
    async run(session, parameters) {
      session.showsPlans = isOn(".plan", parameters);
    },
  },
  {
    name: ".read",
    parameters: "FILE",
    summary: "runs the statements and commands of a file",
    async run(session, parameters) {
      const file = atMostOne(".read", "one file", parameters);
      if (file === undefined) {
        throw new DbError("INVALID", ".read takes a file");
      }
      await readFile(session, file);
    },
  },
];

async function readFile(session: ShellSession, file: string): Promise<void> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new DbError("INVALID", `there is no file ${file}`, { path: file });
  }
  if (session.readingDepth >= MOST_FILES) {
    throw new DbError("INVALID", `files read each other ${MOST_FILES} deep; ${file} is one too many`);
  }
  session.readingDepth++;
  try {
    await runLines(session, linesOf(createReadStream(file)), `${file}, `);
  } finally {
    session.readingDepth--;
  }
}

/** Runs what comes line by line; errors say on which line the statement begins. */
export async function runLines(session: ShellSession, lines: AsyncIterable<string>, where = ""): Promise<void> {
  const input = new StatementInput();
  for await (const line of lines) {
    await runAll(session, input.push(line), where);
    if (session.isOver) {
      return;
    }
  }
  await runAll(session, input.end(), where);
}

async function runAll(session: ShellSession, pieces: readonly InputPiece[], where: string): Promise<void> {
  for (const piece of pieces) {
    if (session.isOver) {
      return;
    }
    try {
      await session.runPiece(session, piece);
    } catch (error) {
      throw error instanceof DbError
        ? new DbError(error.code, `${where}line ${piece.line}: ${error.message}`, error.facts, { cause: error })
        : error;
    }
  }
}
