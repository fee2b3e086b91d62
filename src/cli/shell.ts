/** `nacre shell`: SQL and dot commands, from a person, a pipe or the command line. */
import { DbError } from "../errors.ts";
import type { Command, CommandRun } from "./command.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { linesOf } from "./lines.ts";
import { OUTPUT_MODES, type OutputMode } from "./row-writer.ts";
import { type InputPiece, StatementInput } from "./shell/input.ts";
import { runInteractive } from "./shell/interactive.ts";
import { runPiece } from "./shell/run-piece.ts";
import type { ShellSession } from "./shell/session.ts";

export const shellCommand: Command = {
  name: "shell",
  summary: "runs SQL: typed, from a pipe, or given on the command line",
  help: `usage: nacre shell [options] DIR [SQL]

Opens the database in DIR (which is made if it is not there; :memory: keeps nothing)
and runs SQL and dot commands. Without SQL it reads them from the terminal, or from
the standard input where that is a pipe or a file.

options
  -c, --command TEXT   run this and end; may be given several times
      --box            rows as a table (the default)
      --json           rows as a JSON array of objects
      --csv            rows as CSV with a header line
      --timer          print how long each statement took
      --read-only      refuse to change anything

dot commands
  .import [options] FILE TABLE      CSV, JSON or NDJSON into a table; - is the standard input
      --csv, --json                 the format, where the name of the file does not tell
      --delimiter C                 what separates fields, where it is not detected
      --no-header                   the first line is data
      --null TEXT                   a text that stands for NULL, beside the empty field
      --ignore-unknown              leave out JSON fields that the table does not have
      --batch N                     rows per commit (5000)
      --progress-json               a line of JSON after each durable commit
  .tables   .schema [TABLE]   .mode box|json|csv   .timer on|off   .help   .quit

examples
  nacre shell app.nacre
  nacre shell app.nacre "SELECT count(*) FROM airports"
  nacre shell app.nacre -c ".import airports.csv airports" -c ".schema"
  nacre shell --csv app.nacre "SELECT * FROM airports" > copy.csv

A statement that fails ends the command with exit code 1; an interactive shell goes on.`,
  options: {
    command: { type: "string", short: "c", multiple: true },
    box: { type: "boolean" },
    json: { type: "boolean" },
    csv: { type: "boolean" },
    timer: { type: "boolean" },
    "read-only": { type: "boolean" },
  },
  run: runShell,
};

async function runShell({ console, databases, values, positionals }: CommandRun): Promise<number> {
  const [path, ...words] = positionals;
  if (path === undefined) {
    throw new UsageError("the directory of the database is missing", "shell");
  }
  const commands = [
    ...((values.command as string[] | undefined) ?? []),
    ...(words.length > 0 ? [words.join(" ")] : []),
  ];
  const mode = outputMode(values);
  const isReadOnly = values["read-only"] === true;
  const database = databases.open(path, { create: !isReadOnly, readOnly: isReadOnly });
  try {
    const isInteractive = commands.length === 0 && console.isInteractive;
    const session: ShellSession = {
      console,
      sql: database.sql(),
      isInteractive,
      mode,
      hasTimer: values.timer === true,
      isOver: false,
    };
    if (isInteractive) {
      await runInteractive(session, `nacre, ${path}. SQL ends with a semicolon; .help lists commands, Ctrl-D leaves.`);
    } else if (commands.length > 0) {
      await runCommands(session, commands);
    } else {
      await runStandardInput(session);
    }
    await console.flush();
  } finally {
    database.close();
  }
  return EXIT_OK;
}

async function runCommands(session: ShellSession, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const input = new StatementInput();
    const pieces = command.split("\n").flatMap((line) => input.push(line));
    for (const piece of [...pieces, ...input.end()]) {
      if (!session.isOver) {
        await runPiece(session, piece);
      }
    }
  }
}

async function runStandardInput(session: ShellSession): Promise<void> {
  const input = new StatementInput();
  for await (const line of linesOf(session.console.stdin)) {
    await runAll(session, input.push(line));
    if (session.isOver) {
      return;
    }
  }
  await runAll(session, input.end());
}

/** Runs pieces of a longer input, whose errors say on which line the piece begins. */
async function runAll(session: ShellSession, pieces: readonly InputPiece[]): Promise<void> {
  for (const piece of pieces) {
    if (session.isOver) {
      return;
    }
    try {
      await runPiece(session, piece);
    } catch (error) {
      throw error instanceof DbError
        ? new DbError(error.code, `line ${piece.line}: ${error.message}`, error.facts, { cause: error })
        : error;
    }
  }
}

function outputMode(values: CommandRun["values"]): OutputMode {
  const chosen = OUTPUT_MODES.filter((mode) => values[mode] === true);
  if (chosen.length > 1) {
    throw new UsageError(`--${chosen[0]} and --${chosen[1]} exclude each other`, "shell");
  }
  return chosen[0] ?? "box";
}
