/**
 * What was typed before, in a file of the user's state directory that nobody else may read: `nacre/history` in $XDG_STATE_HOME or
 * ~/.local/state, or the file that $NACRE_HISTORY names; an empty one keeps none.
 *
 * An entry is a statement in one line, oldest first. Several shells may write at the same time: each appends its own, and the file is cut to
 * its last entries when a shell begins. What cannot be read or written is not remembered, which is no reason not to go on.
 */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

export const HISTORY_ENTRIES = 1000;
const MODE = 0o600;
/** The longest entry that is kept. */
const ENTRY_LENGTH = 10_000;

export class History {
  /** Newest first, as readline has it. */
  readonly entries: readonly string[];
  readonly #file: string | undefined;

  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#file = fileIn(variables);
    this.entries = this.#file === undefined ? [] : readEntries(this.#file);
  }

  add(statement: string): void {
    const entry = statement.trim();
    if (this.#file === undefined || entry === "" || entry.length > ENTRY_LENGTH) {
      return;
    }
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      appendFileSync(this.#file, `${entry}\n`, { mode: MODE });
    } catch {
      // A read-only home directory keeps no history.
    }
  }
}

function fileIn(variables: Readonly<Record<string, string | undefined>>): string | undefined {
  const { NACRE_HISTORY, XDG_STATE_HOME, HOME } = variables;
  if (NACRE_HISTORY !== undefined) {
    return NACRE_HISTORY === "" ? undefined : NACRE_HISTORY;
  }
  const state = XDG_STATE_HOME || (HOME === undefined ? undefined : join(HOME || homedir(), ".local/state"));
  return state === undefined ? undefined : join(state, "nacre/history");
}

function readEntries(file: string): string[] {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
  const kept = lines.slice(-HISTORY_ENTRIES);
  if (lines.length >= 2 * HISTORY_ENTRIES) {
    cut(file, kept);
  }
  return kept.reverse();
}

/** As a whole or not at all, so that a killed shell loses nothing. */
function cut(file: string, lines: readonly string[]): void {
  try {
    const made = `${file}.new`;
    writeFileSync(made, `${lines.join("\n")}\n`, { mode: MODE });
    chmodSync(made, MODE);
    renameSync(made, file);
  } catch {
    // It stays longer than it should be.
  }
}
