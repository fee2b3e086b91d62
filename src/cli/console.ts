/**
 * Where a command reads from and writes to.
 *
 * `out` is for results and goes where the user sends it; `err` is for progress, timings and errors, so that a pipe never
 * holds anything but data. Text is gathered into pieces of 64 KiB before it is written (a write per row costs 2–5 µs),
 * and `flush` waits for a slow reader instead of filling memory. When the reader has gone (EPIPE), the next write
 * throws OutputClosed, which ends the command quietly and with the database closed in order.
 */
import type { Readable, Writable } from "node:stream";
import { type Clock, systemClock } from "../clock.ts";
import { Interrupted, OutputClosed } from "./exit.ts";
import { type Style, styleFor } from "./style.ts";
import { printableLines } from "./width.ts";

/** What is around a command; tests give their own. */
export interface Surroundings {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Calls back on Ctrl-C, which otherwise ends the process, until the returned function is called. */
  onInterrupt(callback: () => void): () => void;
}

const PIECE_LENGTH = 64 * 1024;
/** A terminal that does not say how wide it is, or says 0. */
const DEFAULT_TERMINAL_WIDTH = 80;

export class Console {
  readonly stdin: Surroundings["stdin"];
  readonly clock: Clock;
  readonly variables: Surroundings["variables"];
  readonly style: Style;
  readonly errorStyle: Style;
  #surroundings: Surroundings;
  #pending: string[];
  #pendingLength: number;
  #failure: Error | undefined;
  /** Fires on Ctrl-C, while something listens for it. */
  #interruption: AbortSignal | undefined;

  constructor(surroundings: Surroundings) {
    const { stdin, stdout, stderr, variables, clock } = surroundings;
    this.stdin = stdin;
    this.clock = clock;
    this.variables = variables;
    this.style = styleFor(stdout.isTTY === true, variables);
    this.errorStyle = styleFor(stderr.isTTY === true, variables);
    this.#surroundings = surroundings;
    this.#pending = [];
    this.#pendingLength = 0;
    this.#failure = undefined;
    this.#interruption = undefined;
    stdout.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure = error.code === "EPIPE" ? new OutputClosed() : error;
    });
    stderr.on("error", () => undefined); // nobody is left to tell
  }

  /** Columns of the terminal that `out` goes to; `undefined` where it is none. Asked anew, since windows change. */
  get width(): number | undefined {
    const { stdout } = this.#surroundings;
    return stdout.isTTY === true ? stdout.columns || DEFAULT_TERMINAL_WIDTH : undefined;
  }

  /** Columns of the terminal on which progress can be drawn; `undefined` where nothing is to be drawn. */
  get drawingWidth(): number | undefined {
    const { stderr } = this.#surroundings;
    const canDraw = stderr.isTTY === true && this.variables.TERM !== "dumb";
    return canDraw ? stderr.columns || DEFAULT_TERMINAL_WIDTH : undefined;
  }

  get isInteractive(): boolean {
    return this.stdin.isTTY === true && this.#surroundings.stdout.isTTY === true;
  }

  get stdout(): Surroundings["stdout"] {
    return this.#surroundings.stdout;
  }

  /** Gathers text for the output; what it is made of appears at the latest with `flush`. */
  write(text: string): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#pending.push(text);
    this.#pendingLength += text.length;
    if (this.#pendingLength >= PIECE_LENGTH) {
      this.writePending();
    }
  }

  /** Writes lines with names or values of a database in them; a terminal gets nothing that it would act upon. */
  writeData(text: string): void {
    this.write(this.width === undefined ? text : printableLines(text));
  }

  /** Waits until the reader has taken what was written, as far as the system does not hold it; or until Ctrl-C. */
  async flush(): Promise<void> {
    this.writePending();
    // After a failure there is no event to wait for any more.
    if (this.#failure === undefined && this.#surroundings.stdout.writableNeedDrain) {
      await this.#drained();
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#interruption?.throwIfAborted();
  }

  /** Hands over what was gathered, without waiting for anybody to read it. */
  writePending(): void {
    if (this.#pendingLength > 0) {
      const text = this.#pending.join("");
      this.#pending = [];
      this.#pendingLength = 0;
      this.#surroundings.stdout.write(text);
    }
  }

  /** Gives timers, signals and streams a turn. */
  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Whether so much waits for the reader that a producer should `await flush()` before it goes on. */
  get isFull(): boolean {
    return this.#surroundings.stdout.writableNeedDrain;
  }

  /** A line, or a drawing, beside the output. */
  writeError(text: string): void {
    this.#surroundings.stderr.write(text);
  }

  /** Runs `work` with a signal that Ctrl-C fires; throws Interrupted where it ends because of that. */
  async interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const release = this.#surroundings.onInterrupt(() => controller.abort(new Interrupted("interrupted")));
    this.#interruption = controller.signal;
    try {
      return await work(controller.signal);
    } finally {
      this.#interruption = undefined;
      release();
    }
  }

  #drained(): Promise<void> {
    const { stdout } = this.#surroundings;
    const interruption = this.#interruption;
    return new Promise((resolve) => {
      const done = (): void => {
        stdout.off("drain", done).off("error", done).off("close", done);
        interruption?.removeEventListener("abort", done);
        resolve();
      };
      stdout.on("drain", done).on("error", done).on("close", done);
      interruption?.addEventListener("abort", done);
    });
  }
}

/** Those of this process. The clock has fractions of a millisecond, for timings. */
export function processSurroundings(): Surroundings {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    variables: process.env,
    clock: { now: () => performance.timeOrigin + performance.now(), after: systemClock.after },
    onInterrupt(callback: () => void): () => void {
      process.on("SIGINT", callback);
      return () => process.off("SIGINT", callback);
    },
  };
}
