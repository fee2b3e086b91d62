/** A terminal, or a pipe, that remembers what was written to it; and a clock that moves when it is read. */
import { PassThrough, Readable, Writable } from "node:stream";
import type { Surroundings } from "../../src/cli/console.ts";

export interface CaptureOptions {
  readonly stdin?: string;
  /** Columns of the terminal; without it, output goes to a pipe. */
  readonly columns?: number;
  readonly variables?: Readonly<Record<string, string>>;
  /** Makes the input a terminal into which `type` types. */
  readonly hasKeyboard?: boolean;
  /** The reader of the output goes away after so many characters. */
  readonly readerLeavesAfter?: number;
  /** Milliseconds that pass between two looks at the clock. */
  readonly tickMs?: number;
}

export interface Capture extends Surroundings {
  readonly output: () => string;
  readonly errors: () => string;
  readonly type: (keys: string) => void;
  /** Presses Ctrl-C while a command runs; false if nobody listens, which would end a process. */
  readonly interrupt: () => boolean;
}

export function capture(options: CaptureOptions = {}): Capture {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const out = new Sink(options.columns, options.readerLeavesAfter);
  const errors = new Sink(options.columns);
  const listeners = new Set<() => void>();
  let nowMs = 0;
  return {
    stdin: options.hasKeyboard ? keyboard : Readable.from(options.stdin ? [Buffer.from(options.stdin)] : []),
    stdout: out,
    stderr: errors,
    variables: { ...options.variables },
    clock: {
      now: () => (nowMs += options.tickMs ?? 1),
      after: () => () => undefined,
    },
    onInterrupt(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    output: () => out.text,
    errors: () => errors.text,
    type: (keys) => keyboard.write(keys),
    interrupt() {
      for (const listener of listeners) {
        listener();
      }
      return listeners.size > 0;
    },
  };
}

class Sink extends Writable {
  readonly columns: number;
  readonly isTTY: boolean;
  text: string;
  #roomLength: number;

  constructor(columns: number | undefined, roomLength = Number.POSITIVE_INFINITY) {
    super({ decodeStrings: false });
    this.columns = columns ?? 80;
    this.isTTY = columns !== undefined;
    this.text = "";
    this.#roomLength = roomLength;
  }

  override _write(chunk: string, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk;
    done(this.text.length > this.#roomLength ? Object.assign(new Error("broken pipe"), { code: "EPIPE" }) : undefined);
  }
}
