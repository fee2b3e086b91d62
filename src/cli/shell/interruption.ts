/**
 * Ctrl-C while a statement runs, which lets no event be handled: between rows the statement looks itself at the terminal.
 *
 * The terminal stays in raw mode, where Ctrl-C is a character, and is opened a second time without waiting, so that looking costs some
 * microseconds. What else was typed meanwhile is kept for the prompt. Where the terminal cannot be opened (there is none, or the
 * system has no /dev/tty), Ctrl-C goes on being the signal that ends the process.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { Interrupted } from "../exit.ts";

const TERMINAL = "/dev/tty";
const CTRL_C = 3;
const MOST_BYTES = 4096;

export class TerminalWatch {
  readonly #file: number | undefined;
  readonly #buffer: Uint8Array;
  /** What was typed beside Ctrl-C. */
  #typed: string;

  constructor() {
    this.#file = openTerminal();
    this.#buffer = new Uint8Array(MOST_BYTES);
    this.#typed = "";
  }

  /** Whether it can see what is typed. */
  get canLook(): boolean {
    return this.#file !== undefined;
  }

  /** Throws Interrupted after Ctrl-C; what was typed before that is forgotten, as the terminal itself does it. */
  look(): void {
    if (this.#file === undefined) {
      return;
    }
    for (;;) {
      const count = readWithoutWaiting(this.#file, this.#buffer);
      if (count === 0) {
        return;
      }
      const bytes = this.#buffer.subarray(0, count);
      const at = bytes.lastIndexOf(CTRL_C);
      if (at >= 0) {
        this.#typed = Buffer.from(bytes.subarray(at + 1)).toString();
        throw new Interrupted("interrupted");
      }
      this.#typed += Buffer.from(bytes).toString();
    }
  }

  /** What was typed, once. */
  takeTyped(): string {
    const typed = this.#typed;
    this.#typed = "";
    return typed;
  }

  close(): void {
    if (this.#file !== undefined) {
      closeSync(this.#file);
    }
  }
}

function openTerminal(): number | undefined {
  try {
    return openSync(TERMINAL, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** 0: there is nothing yet. */
function readWithoutWaiting(file: number, into: Uint8Array): number {
  try {
    return readSync(file, into);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
      return 0;
    }
    throw error;
  }
}
