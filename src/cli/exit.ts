/**
 * How a command ends: its exit code, and the one line that says why.
 *
 *   0  done        1  failed        2  used wrongly        3  damage found        130  interrupted
 *
 * An error is one line, `nacre: what happened`; a second line, where there is something to do that the message does not
 * say. Stack traces are for mistakes of nacre's own (and with NACRE_TRACE=1 for everything).
 */
import { AssertionError } from "../assert.ts";
import { DbError } from "../errors.ts";
import { printableLines } from "./width.ts";

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_DAMAGE = 3;
/** What a shell makes of SIGINT: 128 + 2. */
export const EXIT_INTERRUPTED = 130;

/** The command line itself is wrong; `command` is the one whose help shows how it is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** Ctrl-C, after what was in hand was finished or taken back. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Nobody reads the output any more (`nacre … | head`): no failure, but no reason to go on either. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof OutputClosed) {
    return EXIT_OK;
  }
  if (error instanceof UsageError) {
    return EXIT_USAGE;
  }
  if (error instanceof Interrupted) {
    return EXIT_INTERRUPTED;
  }
  return error instanceof DbError && error.code === "CORRUPT" ? EXIT_DAMAGE : EXIT_FAILED;
}

/** The lines to print for an error, without a line end; empty where there is nothing to say. Nothing in them acts on a terminal. */
export function describeError(error: unknown, variables: Readonly<Record<string, string | undefined>>): string {
  return printableLines(description(error, variables));
}

function description(error: unknown, variables: Readonly<Record<string, string | undefined>>): string {
  if (error instanceof OutputClosed) {
    return "";
  }
  if (!(error instanceof Error)) {
    return `nacre: ${String(error)}`;
  }
  if (variables.NACRE_TRACE === "1" || isOwnMistake(error)) {
    return `nacre: ${error.stack ?? error.message}`;
  }
  const advice = adviceFor(error);
  return `nacre: ${error.message}${advice === undefined ? "" : `\n       ${advice}`}`;
}

function isOwnMistake(error: Error): boolean {
  return error instanceof AssertionError || error instanceof TypeError || error instanceof RangeError;
}

function adviceFor(error: Error): string | undefined {
  if (error instanceof UsageError) {
    return `nacre ${error.command === undefined ? "" : `${error.command} `}--help shows how it is used`;
  }
  if (error instanceof DbError && error.code === "CORRUPT" && !error.message.includes("nacre check")) {
    return "nacre check DIR looks at every page and says what is damaged; nothing was changed";
  }
  return undefined;
}
