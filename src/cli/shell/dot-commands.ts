/**
 * The commands of the shell that are not SQL: a line that begins with a point.
 *
 * Arguments are split as a Unix shell would: at spaces, with '…' and "…" around what has spaces in it.
 */
import { parseArgs } from "node:util";
import { DbError } from "../../errors.ts";
import { OUTPUT_MODES, type OutputMode } from "../row-writer.ts";
import { importFile } from "./import-file.ts";
import type { ShellSession } from "./session.ts";

export interface DotCommand {
  readonly name: string;
  readonly parameters: string;
  readonly summary: string;
  run(session: ShellSession, parameters: readonly string[]): Promise<void>;
}

const DOT_COMMANDS: readonly DotCommand[] = [
  {
    name: ".help",
    parameters: "",
    summary: "this list",
    async run(session) {
      const usages = DOT_COMMANDS.map((command) => `${command.name} ${command.parameters}`.trim());
      const width = Math.max(...usages.map((usage) => usage.length));
      for (const [index, command] of DOT_COMMANDS.entries()) {
        session.console.write(`${usages[index]!.padEnd(width)}  ${command.summary}\n`);
      }
      session.console.write("\nEverything else is SQL, up to a semicolon.\n");
    },
  },
  {
    name: ".import",
    parameters: "[options] FILE TABLE",
    summary: "reads CSV, JSON or NDJSON into a table, which is made if it is not there",
    async run(session, parameters) {
      await runImport(session, parameters);
    },
  },
  {
    name: ".mode",
    parameters: OUTPUT_MODES.join("|"),
    summary: "the form in which rows are printed",
    async run(session, parameters) {
      session.mode = oneOf(".mode", OUTPUT_MODES, parameters) as OutputMode;
    },
  },
  {
    name: ".quit",
    parameters: "",
    summary: "leaves the shell; so does Ctrl-D",
    async run(session) {
      session.isOver = true;
    },
  },
  {
    name: ".schema",
    parameters: "[TABLE]",
    summary: "the statements that make the tables, or one of them",
    async run(session, parameters) {
      const [wanted] = parameters;
      const tables = session.sql.tables().filter((table) => wanted === undefined || isSameName(table.name, wanted));
      if (wanted !== undefined && tables.length === 0) {
        throw new DbError("INVALID", `there is no table ${wanted}; .tables lists them`);
      }
      for (const table of tables) {
        session.console.writeData(`${table.sql.replace(/;\s*$/, "")};\n`);
      }
    },
  },
  {
    name: ".tables",
    parameters: "",
    summary: "the names of the tables",
    async run(session) {
      for (const table of session.sql.tables()) {
        session.console.writeData(`${table.name}\n`);
      }
    },
  },
  {
    name: ".timer",
    parameters: "on|off",
    summary: "prints how long each statement took",
    async run(session, parameters) {
      session.hasTimer = oneOf(".timer", ["on", "off"], parameters) === "on";
    },
  },
];

/** By its name or the beginning of it, as long as that is of only one; `.exit` is `.quit`. */
export function findDotCommand(name: string): DotCommand | undefined {
  const wanted = name === ".exit" ? ".quit" : name;
  const found = DOT_COMMANDS.filter((command) => command.name.startsWith(wanted));
  return DOT_COMMANDS.find((command) => command.name === wanted) ?? (found.length === 1 ? found[0] : undefined);
}

export const DOT_COMMAND_NAMES: readonly string[] = DOT_COMMANDS.map((command) => command.name);

/** The words of a line. Throws INVALID where a quote is left open. */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"]+|'[^']*'|"[^"]*")+)/y;
  const text = line.trimEnd();
  while (word.lastIndex < text.length) {
    const at = word.lastIndex;
    const match = word.exec(text);
    if (match === null) {
      throw new DbError("INVALID", `a quote is not closed in: ${text.slice(at).trim()}`);
    }
    words.push(match[1]!.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
  }
  return words;
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function oneOf(command: string, choices: readonly string[], parameters: readonly string[]): string {
  const [choice] = parameters;
  if (choice === undefined || parameters.length > 1 || !choices.includes(choice)) {
    throw new DbError("INVALID", `${command} takes one of ${choices.join(", ")}`);
  }
  return choice;
}

const IMPORT_OPTIONS = {
  batch: { type: "string" },
  csv: { type: "boolean" },
  delimiter: { type: "string" },
  "ignore-unknown": { type: "boolean" },
  json: { type: "boolean" },
  "no-header": { type: "boolean" },
  null: { type: "string" },
  "progress-json": { type: "boolean" },
} as const;

async function runImport(session: ShellSession, parameters: readonly string[]): Promise<void> {
  const { values, positionals } = parseImport(parameters);
  const [file, table] = positionals;
  if (file === undefined || table === undefined || positionals.length > 2 || (values.csv && values.json)) {
    throw new DbError("INVALID", ".import takes a file and a table: .import data.csv people");
  }
  const batchRows = values.batch === undefined ? undefined : Number(values.batch);
  if (batchRows !== undefined && !(Number.isInteger(batchRows) && batchRows > 0)) {
    throw new DbError("INVALID", `--batch takes a number of rows, not ${values.batch}`);
  }
  await importFile(session, {
    file,
    table,
    batchRows,
    format: values.csv ? "csv" : values.json ? "json" : undefined,
    delimiter: values.delimiter === "\\t" ? "\t" : values.delimiter,
    hasHeader: !values["no-header"],
    nullText: values.null,
    ignoreUnknown: values["ignore-unknown"] ?? false,
    reportsJson: values["progress-json"] ?? false,
  });
}

function parseImport(parameters: readonly string[]): ReturnType<typeof parseImportArguments> {
  try {
    return parseImportArguments(parameters);
  } catch (cause) {
    const [sentence = ""] = (cause as Error).message.split(". ");
    throw new DbError(
      "INVALID",
      `.import: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}; nacre shell --help lists the options`,
    );
  }
}

function parseImportArguments(parameters: readonly string[]) {
  return parseArgs({ args: [...parameters], options: IMPORT_OPTIONS, allowPositionals: true });
}
