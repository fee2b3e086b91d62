/** What a shell remembers from one statement to the next. */
import type { Console } from "../console.ts";
import type { SqlSession } from "../database.ts";
import { FileOutput, type Output } from "../output.ts";
import type { RowFormat } from "../row-writer.ts";
import type { InputPiece } from "./input.ts";

export interface ShellOptions {
  readonly console: Console;
  readonly sql: SqlSession;
  /** The database's directory, as it was given. */
  readonly path: string;
  readonly isReadOnly: boolean;
  /** A person is watching: statements without rows are confirmed. */
  readonly isInteractive: boolean;
  /** Runs a statement or a dot command (run-piece.ts), for commands that run others. */
  readonly runPiece: (session: ShellSession, piece: InputPiece) => Promise<void>;
  readonly format: RowFormat;
  readonly hasTimer: boolean;
}

export class ShellSession {
  readonly console: Console;
  readonly sql: SqlSession;
  readonly path: string;
  readonly isReadOnly: boolean;
  readonly isInteractive: boolean;
  readonly runPiece: ShellOptions["runPiece"];
  format: RowFormat;
  hasTimer: boolean;
  /** Each query is told how it is carried out before its rows. */
  showsPlans: boolean;
  /** Set by `.quit`. */
  isOver: boolean;
  /** Files that `.read` is in the middle of. */
  readingDepth: number;
  #file: FileOutput | undefined;
  /** The file is for one piece only, which may be the next. */
  #once: "no" | "next" | "now";

  constructor({ console, sql, path, isReadOnly, isInteractive, runPiece, format, hasTimer }: ShellOptions) {
    this.console = console;
    this.sql = sql;
    this.path = path;
    this.isReadOnly = isReadOnly;
    this.isInteractive = isInteractive;
    this.runPiece = runPiece;
    this.format = format;
    this.hasTimer = hasTimer;
    this.showsPlans = false;
    this.isOver = false;
    this.readingDepth = 0;
    this.#file = undefined;
    this.#once = "no";
  }

  /** Called now and then while a statement runs or its rows are printed, which it ends by throwing. */
  get onWork(): (() => void) | undefined {
    return this.sql.onWork;
  }

  set onWork(onWork: (() => void) | undefined) {
    this.sql.onWork = onWork;
  }

  /** Where results go. */
  get output(): Output {
    return this.#file ?? this.console;
  }

  /** The file that they go to. */
  get outputPath(): string | undefined {
    return this.#file?.path;
  }

  /** Results go to a file from now on, or for one piece; undefined: to the console. */
  sendOutputTo(path: string | undefined, isOnce = false): void {
    this.closeOutput();
    if (path !== undefined) {
      this.#file = new FileOutput(path);
      this.#once = isOnce ? "next" : "no";
    }
  }

  /** A piece is over. */
  pieceEnded(): void {
    if (this.#once === "now") {
      this.closeOutput();
    } else if (this.#once === "next") {
      this.#once = "now";
    }
    this.#file?.flush();
  }

  closeOutput(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#once = "no";
    file?.close();
  }
}
