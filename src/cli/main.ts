#!/usr/bin/env node
/**
 * The `nacre` command: finds the command that is meant, checks its options, and turns how it ends into an exit code.
 *
 * This file alone knows about the process. Commands get a Console, databases and parsed options, and throw; so tests run
 * them in their own process, with streams that remember what was written.
 */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { backupCommand } from "./backup.ts";
import { checkCommand } from "./check.ts";
import type { Command } from "./command.ts";
import { Console, processSurroundings, type Surroundings } from "./console.ts";
import type { DatabaseAccess } from "./database.ts";
import { databases } from "./databases.ts";
import { dumpCommand } from "./dump.ts";
import { describeError, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, exitCodeOf, Interrupted, UsageError } from "./exit.ts";
import { loadCommand } from "./load.ts";
import { restoreCommand } from "./restore.ts";
import { shellCommand } from "./shell.ts";
import { statCommand } from "./stat.ts";

const COMMANDS: readonly Command[] = [
  shellCommand,
  statCommand,
  checkCommand,
  backupCommand,
  restoreCommand,
  dumpCommand,
  loadCommand,
];

/** Runs a command line, without the names of node and nacre; resolves with the exit code. */
export async function runNacre(
  words: readonly string[],
  surroundings: Surroundings,
  access: DatabaseAccess = databases,
): Promise<number> {
  const console = new Console(surroundings);
  try {
    const code = await dispatch(words, console, access);
    await console.flush();
    return code;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.writePending(); // a reader that takes nothing may be why there was a Ctrl-C
    } else {
      await console.flush().catch(() => undefined);
    }
    const description = describeError(error, surroundings.variables);
    if (description !== "") {
      console.writeError(`${description}\n`);
    }
    return exitCodeOf(error);
  }
}

async function dispatch(words: readonly string[], console: Console, access: DatabaseAccess): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    console.writeError(generalHelp());
    return EXIT_USAGE;
  }
  if (name === "--version" || name === "-v") {
    console.write(`nacre ${packageVersion()}\n`);
    return EXIT_OK;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    console.write(rest[0] === undefined ? generalHelp() : `${commandNamed(rest[0]).help}\n`);
    return EXIT_OK;
  }
  const command = commandNamed(name);
  const { values, positionals } = parse(command, rest);
  if (values.help === true) {
    console.write(`${command.help}\n`);
    return EXIT_OK;
  }
  return await command.run({ console, databases: access, values, positionals });
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name || each.aliases?.includes(name));
  if (command === undefined) {
    throw new UsageError(`there is no command ${name}`);
  }
  return command;
}

function parse(
  command: Command,
  words: readonly string[],
): Pick<Parameters<Command["run"]>[0], "values" | "positionals"> {
  const options = { ...command.options, help: { type: "boolean", short: "h" } } as const;
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (cause) {
    const [sentence = ""] = (cause as Error).message.split(". ");
    throw new UsageError(sentence.charAt(0).toLowerCase() + sentence.slice(1), command.name);
  }
}

function generalHelp(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const list = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}\n`).join("");
  return `usage: nacre COMMAND [options] DIR …

DIR is the directory of a database.

commands
${list}
nacre COMMAND --help tells more; nacre --version prints the version.

exit codes
  0  done     1  failed     2  used wrongly     3  damage found     130  interrupted
`;
}

function packageVersion(): string {
  const description = createRequire(import.meta.url)("nacre/package.json") as { readonly version: string };
  return description.version;
}

function isProgram(): boolean {
  const [, program] = process.argv;
  return program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  const code = await runNacre(process.argv.slice(2), processSurroundings());
  if (code === EXIT_INTERRUPTED) {
    process.exit(code); // at once: output that nobody takes would keep the process
  }
  process.exitCode = code;
}
