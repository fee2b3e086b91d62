/** When a database that says nothing of its background work has ended it: seen from its files. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** Hundreds of files are looked at each time, which takes a millisecond. */
const POLL_MS = 50;

/**
 * Resolves when no file of the directory has been made, removed, written or resized for `quietMs`, to the moment (of
 * `performance.now()`) at which the last change was seen, or that of the call if there was none.
 */
export async function lastChange(directory: string, quietMs: number): Promise<number> {
  let changedAt = performance.now();
  let before = stateOf(directory);
  while (performance.now() - changedAt < quietMs) {
    await sleep(POLL_MS);
    const now = stateOf(directory);
    if (now !== before) {
      changedAt = performance.now();
      before = now;
    }
  }
  return changedAt;
}

function stateOf(directory: string): string {
  return readdirSync(directory)
    .map((name) => {
      const file = statSync(join(directory, name), { throwIfNoEntry: false });
      return `${name} ${file?.size} ${file?.mtimeMs}`;
    })
    .join("\n");
}
