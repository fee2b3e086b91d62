/** What a command of `nacre` is: a name, its help, the options it takes, and the function that does it. */
import type { ParseArgsConfig } from "node:util";
import type { Console } from "./console.ts";
import type { DatabaseAccess } from "./database.ts";

export type OptionValues = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

export interface CommandRun {
  readonly console: Console;
  readonly databases: DatabaseAccess;
  readonly values: OptionValues;
  readonly positionals: readonly string[];
}

export interface Command {
  readonly name: string;
  /** Other names under which it is found. */
  readonly aliases?: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `nacre NAME --help` prints, the `--help` option itself left out. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** Resolves with the exit code; errors are thrown. */
  run(run: CommandRun): Promise<number>;
}
