/** `nacre shell`: SQL and dot commands, from a person, a pipe or the command line. */
import type { Command, CommandRun } from "./command.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { linesOf } from "./lines.ts";
import { OUTPUT_MODES, type OutputMode } from "./row-writer.ts";
import { StatementInput } from "./shell/input.ts";
import { runInteractive } from "./shell/interactive.ts";
import { runPiece } from "./shell/run-piece.ts";
import { ShellSession } from "./shell/session.ts";
import { runLines } from "./shell/statement-commands.ts";

export const shellCommand: Command = {
  name: "shell",
  aliases: ["sql"],
  summary: "runs SQL: typed, from a pipe, or given on the command line",
  help: `usage: nacre shell [options] DIR [SQL]      (or: nacre sql …)

Opens the database in DIR (which is made if it is not there; :memory: keeps nothing)
and runs SQL and dot commands. Without SQL it reads them from the terminal, or from
the standard input where that is a pipe or a file.

options
  -c, --command TEXT   run this and end; may be given several times
  -m, --mode MODE      the form of rows: ${OUTPUT_MODES.join(" ")}
      --box, --json, --csv   the same as --mode box (the default), json, csv
      --no-header      rows without the names of their columns
      --timer          print how long each statement took
      --read-only      refuse to change anything

dot commands
  .help lists them: .mode .headers .nullvalue .separator .output .once (how results look, and
  where they go), .tables .schema .indexes .dump (what there is), .plan .explain (how it is
  done), .read .import (files) and others.
  .import [options] FILE TABLE      CSV, JSON or NDJSON into a table; - is the standard input
      --csv, --json                 the format, where the name of the file does not tell
      --delimiter C                 what separates fields, where it is not detected
      --no-header                   the first line is data
      --null TEXT                   a text that stands for NULL, beside the empty field
      --ignore-unknown              leave out JSON fields that the table does not have
      --batch N                     rows per commit (5000)
      --progress-json               a line of JSON after each durable commit

at a terminal
  Tab completes names and words of SQL, the arrow keys bring back what was typed before, Ctrl-C
  stops the statement that runs. What was typed is kept in nacre/history of $XDG_STATE_HOME
  (~/.local/state), or in the file that $NACRE_HISTORY names; an empty name keeps nothing.

examples
  nacre shell app.nacre
  nacre shell app.nacre "SELECT count(*) FROM airports"
  nacre shell app.nacre -c ".import airports.csv airports" -c ".schema"
  nacre shell --csv app.nacre "SELECT * FROM airports" > copy.csv
  nacre shell app.nacre .dump | nacre shell other.nacre

A statement that fails ends the command with exit code 1; an interactive shell goes on.`,
  options: {
    command: { type: "string", short: "c", multiple: true },
    mode: { type: "string", short: "m" },
    "no-header": { type: "boolean" },
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
    const session = new ShellSession({
      console,
      sql: database.sql(),
      path,
      isReadOnly,
      isInteractive,
      runPiece,
      format: {
        mode,
        hasHeaders: values["no-header"] !== true,
        nullText: undefined,
        separator: undefined,
        table: "table",
      },
      hasTimer: values.timer === true,
    });
    try {
      await runSession(session, commands);
    } finally {
      session.closeOutput();
    }
    await console.flush();
  } finally {
    database.close();
  }
  return EXIT_OK;
}

async function runSession(session: ShellSession, commands: readonly string[]): Promise<void> {
  const { console, path } = session;
  if (session.isInteractive) {
    await runInteractive(session, `nacre, ${path}. SQL ends with a semicolon; .help lists commands, Ctrl-D leaves.`);
  } else if (commands.length > 0) {
    await runCommands(session, commands);
  } else {
    await runLines(session, linesOf(console.stdin));
  }
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

function outputMode(values: CommandRun["values"]): OutputMode {
  const { mode } = values;
  if (mode !== undefined && !OUTPUT_MODES.includes(mode as OutputMode)) {
    throw new UsageError(`--mode takes one of ${OUTPUT_MODES.join(", ")}`, "shell");
  }
  const short = (["box", "json", "csv"] as const).filter((each) => values[each] === true);
  const chosen = [...new Set([...short, ...(mode === undefined ? [] : [mode as OutputMode])])];
  if (chosen.length > 1) {
    throw new UsageError(`--${chosen[0]} and --${chosen[1]} exclude each other`, "shell");
  }
  return chosen[0] ?? "box";
}
