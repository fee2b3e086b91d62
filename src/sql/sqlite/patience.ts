/** Waiting for a lock as SQLite's busy handler does: the thread sleeps between tries, and after the time that is given it is over. */
import type { Clock } from "../../clock.ts";
import { DbError } from "../../errors.ts";

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Tries until `attempt` throws something else than LOCKED, or `timeoutMs` have passed. */
export function whileLocked<T>(clock: Clock, timeoutMs: number, attempt: () => T): T {
  let end: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof DbError) || error.code !== "LOCKED") {
        throw error;
      }
      end ??= clock.now() + timeoutMs;
      const leftMs = end - clock.now();
      if (leftMs <= 0) {
        throw error;
      }
      sleep(Math.min(pauseMs, leftMs));
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
