/** What this process has caused to be written to storage, all its threads together. */
import { existsSync, readFileSync } from "node:fs";

const ACCOUNT = "/proc/self/io";

/**
 * `write_bytes` of Linux: each page of a file counts when it becomes dirty, through `write` or through a mapping, and again
 * when it becomes dirty again after it was written back. Undefined where the system keeps no such account.
 */
export function writtenBytes(): number | undefined {
  if (!existsSync(ACCOUNT)) {
    return undefined;
  }
  const found = /^write_bytes: (\d+)$/m.exec(readFileSync(ACCOUNT, "utf8"));
  return found === null ? undefined : Number(found[1]);
}
