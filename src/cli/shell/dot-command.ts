/** What a command of the shell is that is not SQL, and how its line is taken apart. */
import { DbError } from "../../errors.ts";
import type { ShellSession } from "./session.ts";

export interface DotCommand {
  readonly name: string;
  readonly parameters: string;
  readonly summary: string;
  run(session: ShellSession, parameters: readonly string[], line: string): Promise<void>;
}

/** The words of a line, split as a Unix shell would: at spaces, with '…' and "…" around what has spaces in it. Throws INVALID. */
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

/** The only parameter, one of the choices. */
export function oneOf(command: string, choices: readonly string[], parameters: readonly string[]): string {
  const [choice] = parameters;
  if (choice === undefined || parameters.length > 1 || !choices.includes(choice)) {
    throw new DbError("INVALID", `${command} takes one of ${choices.join(", ")}`);
  }
  return choice;
}

export function isOn(command: string, parameters: readonly string[]): boolean {
  return oneOf(command, ["on", "off"], parameters) === "on";
}

/** The only parameter, or undefined where there is none. */
export function atMostOne(command: string, what: string, parameters: readonly string[]): string | undefined {
  if (parameters.length > 1) {
    throw new DbError("INVALID", `${command} takes ${what}, not ${parameters.length}`);
  }
  return parameters[0];
}

/** A text as it is typed: \t, \n and \\ stand for what they do elsewhere. */
export function unescaped(text: string): string {
  const meanings: Readonly<Record<string, string>> = { t: "\t", n: "\n", "\\": "\\" };
  return text.replace(/\\([tn\\])/g, (_, letter: string) => meanings[letter]!);
}

/** The text of a statement as a script has it. */
export function withSemicolon(sql: string): string {
  return `${sql.replace(/;\s*$/, "")};`;
}
