/**
 * The shell that a person types into: lines from the terminal until Ctrl-D or `.quit`.
 *
 * Ctrl-C forgets the statement that is being typed, or stops the one whose rows are being printed. While a statement
 * runs, the terminal is out of raw mode, so that Ctrl-C is a signal: the only thing that reaches a busy process.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { describeError } from "../exit.ts";
import { printable } from "../width.ts";
import { DOT_COMMAND_NAMES } from "./dot-commands.ts";
import { type Awaited, type InputPiece, StatementInput } from "./input.ts";
import { runPiece } from "./run-piece.ts";
import type { ShellSession } from "./session.ts";

const PROMPTS: Readonly<Record<Awaited, string>> = {
  nothing: "nacre> ",
  semicolon: "   ...> ",
  quote: "   '..> ",
  comment: "   /*.> ",
};
const HISTORY_LINES = 1000;

/** Runs until the person leaves. */
export async function runInteractive(session: ShellSession, title: string): Promise<void> {
  const { console } = session;
  console.write(`${title}\n`);
  await console.flush();
  const input = new StatementInput();
  const historyFile = console.variables.NACRE_HISTORY;
  const lines = createInterface({
    input: console.stdin,
    output: console.stdout,
    terminal: true,
    history: readHistory(historyFile),
    historySize: HISTORY_LINES,
    completer: (line: string) => complete(session, line),
  });
  lines.on("SIGINT", () => {
    input.clear();
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    console.stdout.write("^C\n");
    prompt(lines, input);
  });
  prompt(lines, input);
  for await (const line of lines) {
    remember(historyFile, line);
    lines.pause();
    setRawMode(session, false);
    await runPieces(session, input.push(line));
    setRawMode(session, true);
    if (session.isOver) {
      break;
    }
    lines.resume();
    prompt(lines, input);
  }
  lines.close();
}

async function runPieces(session: ShellSession, pieces: readonly InputPiece[]): Promise<void> {
  for (const piece of pieces) {
    try {
      await runPiece(session, piece);
    } catch (error) {
      await session.console.flush();
      const message = describeError(error, session.console.variables).replace(/^nacre: /, "");
      session.console.writeError(`${session.console.errorStyle.red("error:")} ${message}\n`);
      return; // what follows on the line was meant to run after it
    }
  }
}

function prompt(lines: Interface, input: StatementInput): void {
  lines.setPrompt(PROMPTS[input.awaited]);
  lines.prompt();
}

function setRawMode(session: ShellSession, isRaw: boolean): void {
  const stdin = session.console.stdin as { setRawMode?: (isRaw: boolean) => void };
  stdin.setRawMode?.(isRaw);
}

/** Names of tables, columns and dot commands that begin like the word before the cursor. */
function complete(session: ShellSession, line: string): [string[], string] {
  const word = /[\w.$]*$/.exec(line)?.[0] ?? "";
  const tables = session.sql.tables();
  const names = tables.flatMap((table) => [table.name, ...table.columns.map((column) => column.name)]);
  const candidates = line === word && word.startsWith(".") ? DOT_COMMAND_NAMES : [...new Set(names)];
  const fits = (name: string): boolean => name.toLowerCase().startsWith(word.toLowerCase()) && printable(name) === name;
  return [candidates.filter(fits), word];
}

/** Newest first, as readline has it. */
function readHistory(file: string | undefined): string[] {
  if (file === undefined || !existsSync(file)) {
    return [];
  }
  return readFileSync(file, "utf8").split("\n").filter(Boolean).reverse().slice(0, HISTORY_LINES);
}

function remember(file: string | undefined, line: string): void {
  if (file !== undefined && line.trim() !== "") {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  }
}
