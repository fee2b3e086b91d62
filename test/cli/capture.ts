/** A terminal, or a pipe, that remembers what was written to it; and a clock that moves when it is read. */
import { Readable, Writable } from "node:stream";
import type { Surroundings } from "../../src/cli/console.ts";

export interface CaptureOptions {
  readonly stdin?: string;
  /** Columns of the terminal; without it, output goes to a pipe. */
  readonly columns?: number;
  readonly variables?: Readonly<Record<string, string>>;
  /** Milliseconds that pass between two looks at the clock. */
  readonly tickMs?: number;
}

export interface Capture extends Surroundings {
  readonly output: () => string;
  readonly errors: () => string;
  /** Presses Ctrl-C; false if nobody listens, which would end a process. */
  readonly interrupt: () => boolean;
}

export function capture(options: CaptureOptions = {}): Capture {
  const out = new Sink(options.columns);
  const errors = new Sink(options.columns);
  const listeners = new Set<() => void>();
  let nowMs = 0;
  return {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
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

  constructor(columns: number | undefined) {
    super({ decodeStrings: false });
    this.columns = columns ?? 80;
    this.isTTY = columns !== undefined;
    this.text = "";
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}
