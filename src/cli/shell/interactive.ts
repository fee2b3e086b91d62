/**
 * The shell that a person types into: lines from the terminal until Ctrl-D or `.quit`.
 *
 * Ctrl-C forgets the statement that is being typed, or stops the one that runs (interruption.ts). What was typed is remembered by
 * statements, not by lines: one of several lines comes back as one line, where no comment of it would swallow the rest.
 */
import { createInterface, type Interface } from "node:readline";
import { ReadStream } from "node:tty";
import { describeError } from "../exit.ts";
import { complete } from "./completion.ts";
import { findDotCommand } from "./dot-commands.ts";
import { HISTORY_ENTRIES, History } from "./history.ts";
import { type Awaited, type InputPiece, StatementInput } from "./input.ts";
import { TerminalWatch } from "./interruption.ts";
import { runPiece } from "./run-piece.ts";
import type { ShellSession } from "./session.ts";

const PROMPTS: Readonly<Record<Awaited, string>> = {
  nothing: "nacre> ",
  semicolon: "   ...> ",
  quote: "   '..> ",
  comment: "   /*.> ",
};
/** How long a statement runs between two looks at the terminal. */
const LOOK_MS = 50;

/** Runs until the person leaves. */
export async function runInteractive(session: ShellSession, title: string): Promise<void> {
  const { console } = session;
  console.write(`${title}\n`);
  await console.flush();
  const input = new StatementInput();
  const history = new History(console.variables);
  const lines = createInterface({
    input: console.stdin,
    output: console.stdout,
    terminal: true,
    history: [...history.entries],
    historySize: HISTORY_ENTRIES,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(session, line),
  });
  let typed: string[] = [];
  lines.on("SIGINT", () => {
    input.clear();
    typed = [];
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    console.stdout.write("^C\n");
    prompt(lines, input);
  });
  const watch = console.stdin instanceof ReadStream ? new TerminalWatch() : undefined;
  prompt(lines, input);
  for await (const line of lines) {
    typed.push(line);
    const pieces = input.push(line);
    if (input.awaited === "nothing") {
      remember(history, lines, typed);
      typed = [];
    }
    lines.pause();
    await runPieces(session, watch, pieces);
    if (session.isOver) {
      break;
    }
    lines.resume();
    prompt(lines, input);
    const ahead = watch?.takeTyped() ?? "";
    if (ahead !== "") {
      lines.write(ahead);
    }
  }
  lines.close();
  watch?.close();
}

/** While statements run, Ctrl-C is what they look for, or, where they cannot look, the signal that it is by itself. */
async function watched(
  session: ShellSession,
  watch: TerminalWatch | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const { clock } = session.console;
  const canLook = watch?.canLook === true;
  let nextMs = clock.now() + LOOK_MS;
  const look = (): void => {
    if (clock.now() >= nextMs) {
      watch?.look();
      nextMs = clock.now() + LOOK_MS;
    }
  };
  if (canLook) {
    session.onWork = look;
  } else {
    setRawMode(session, false);
  }
  try {
    await work();
  } finally {
    session.onWork = undefined;
    if (!canLook) {
      setRawMode(session, true);
    }
  }
}

async function runPieces(
  session: ShellSession,
  watch: TerminalWatch | undefined,
  pieces: readonly InputPiece[],
): Promise<void> {
  for (const piece of pieces) {
    try {
      // What waits for a file hears the signal, and has nothing between two rows that could look.
      const isWaiting = piece.kind === "dot" && findDotCommand(piece.text.split(/\s/, 1)[0]!)?.name === ".import";
      await watched(session, isWaiting ? undefined : watch, () => runPiece(session, piece));
    } catch (error) {
      await session.console.flush();
      const message = describeError(error, session.console.variables).replace(/^nacre: /, "");
      session.console.writeError(`${session.console.errorStyle.red("error:")} ${message}\n`);
      return; // what follows on the line was meant to run after it
    }
  }
}

function prompt(lines: Interface, input: StatementInput): void {
  lines.setPrompt(PROMPTS[input.awaited]);
  lines.prompt();
}

function setRawMode(session: ShellSession, isRaw: boolean): void {
  const stdin = session.console.stdin as { setRawMode?: (isRaw: boolean) => void };
  stdin.setRawMode?.(isRaw);
}

/** Puts what was typed in place of its lines. */
function remember(history: History, lines: Interface, typed: readonly string[]): void {
  const statement = typed.join(" ");
  const isOneLine = typed.length === 1 || typed.some((line) => line.includes("--"));
  if (isOneLine) {
    for (const line of typed) {
      history.add(line);
    }
    return;
  }
  history.add(statement);
  const { history: known } = lines as Interface & { history?: string[] };
  if (known !== undefined) {
    const spoken = new Set(typed.map((line) => line.trim()));
    while (known.length > 0 && spoken.has(known[0]!.trim())) {
      known.shift();
    }
    known.unshift(statement);
  }
}
