/** The commands of the shell that are not SQL: a line that begins with a point. */

import type { DotCommand } from "./dot-command.ts";
import { IMPORT_COMMAND } from "./import-command.ts";
import { OUTPUT_COMMANDS } from "./output-commands.ts";
import { SCHEMA_COMMANDS } from "./schema-commands.ts";
import type { ShellSession } from "./session.ts";
import { STATEMENT_COMMANDS } from "./statement-commands.ts";

const HELP: DotCommand = {
  name: ".help",
  parameters: "",
  summary: "this list",
  async run({ output }) {
    const usages = DOT_COMMANDS.map((command) => `${command.name} ${command.parameters}`.trim());
    const width = Math.max(...usages.map((usage) => usage.length));
    for (const [index, command] of DOT_COMMANDS.entries()) {
      output.write(`${usages[index]!.padEnd(width)}  ${command.summary}\n`);
    }
    output.write("\nEverything else is SQL, up to a semicolon.\n");
  },
};

const QUIT: DotCommand = {
  name: ".quit",
  parameters: "",
  summary: "leaves the shell; so does Ctrl-D",
  async run(session: ShellSession) {
    session.isOver = true;
  },
};

const DOT_COMMANDS: readonly DotCommand[] = [
  ...OUTPUT_COMMANDS,
  ...SCHEMA_COMMANDS,
  ...STATEMENT_COMMANDS,
  HELP,
  IMPORT_COMMAND,
  QUIT,
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Other names, as sqlite3 has them. */
const ALIASES: Readonly<Record<string, string>> = { ".exit": ".quit", ".indices": ".indexes", ".eqp": ".plan" };

/** By its name or the beginning of it, as long as that is of only one. */
export function findDotCommand(name: string): DotCommand | undefined {
  const wanted = ALIASES[name] ?? name;
  const found = DOT_COMMANDS.filter((command) => command.name.startsWith(wanted));
  return DOT_COMMANDS.find((command) => command.name === wanted) ?? (found.length === 1 ? found[0] : undefined);
}

export const DOT_COMMAND_NAMES: readonly string[] = DOT_COMMANDS.map((command) => command.name);
