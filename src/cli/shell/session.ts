/** What a shell remembers from one statement to the next. */
import type { Console } from "../console.ts";
import type { SqlSession } from "../database.ts";
import type { OutputMode } from "../row-writer.ts";

export interface ShellSession {
  readonly console: Console;
  readonly sql: SqlSession;
  /** A person is watching: statements without rows are confirmed. */
  readonly isInteractive: boolean;
  mode: OutputMode;
  hasTimer: boolean;
  /** Set by `.quit`. */
  isOver: boolean;
}
