/** `.import`: its options, as importFile takes them. */
import { parseArgs } from "node:util";
import { DbError } from "../../errors.ts";
import type { DotCommand } from "./dot-command.ts";
import { importFile } from "./import-file.ts";
import type { ShellSession } from "./session.ts";

export const IMPORT_COMMAND: DotCommand = {
  name: ".import",
  parameters: "[options] FILE TABLE",
  summary: "reads CSV, JSON or NDJSON into a table, which is made if it is not there",
  async run(session, parameters) {
    await runImport(session, parameters);
  },
};

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
