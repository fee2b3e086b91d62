/**
 * `db.live()`: the rows of a query now, and again after each commit that may have changed them, by whatever connection.
 *
 *   rows ─▶ callback ─▶ a table that it reads changes ─▶ one turn of the event loop ─▶ rows ─▶ …
 *
 * Commits of one turn are shown as one. The rows are those of the newest commit.
 */
import { nextTurn } from "../../clock.ts";
import { DbError } from "../../errors.ts";
import { toSqliteError } from "./error-code.ts";

export interface LiveQuery {
  /** Resolves after `stop()`, or when the connection is closed; rejects with what the query or the callback has thrown. */
  readonly ended: Promise<void>;
  stop(): void;
  [Symbol.dispose](): void;
}

export interface LiveSource {
  /** Gives the rows to who wants them. */
  readonly show: () => void;
  readonly changed: (signal: AbortSignal) => Promise<void>;
}

/** Shows the rows at once: what is wrong with the query is thrown here. */
export function startLive({ show, changed }: LiveSource, controllers: Set<AbortController>): LiveQuery {
  const controller = new AbortController();
  const { signal } = controller;
  // Waiting begins before the rows are read, so that nothing is missed in between.
  const first = changed(signal);
  try {
    show();
  } catch (error) {
    controller.abort();
    first.catch(() => {});
    throw error;
  }
  controllers.add(controller);
  const stop = (): void => controller.abort();
  const ended = follow(first, { show, changed }, signal).finally(() => controllers.delete(controller));
  return { ended, stop, [Symbol.dispose]: stop };
}

async function follow(first: Promise<void>, { show, changed }: LiveSource, signal: AbortSignal): Promise<void> {
  try {
    for (let next = first; ; ) {
      await next;
      await nextTurn();
      signal.throwIfAborted();
      next = changed(signal);
      show();
    }
  } catch (error) {
    const isOver = signal.aborted || (error instanceof DbError && error.code === "CLOSED");
    if (!isOver) {
      throw toSqliteError(error);
    }
  }
}
