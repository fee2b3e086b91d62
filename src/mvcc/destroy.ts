/**
 * Removes a database: its files, under its lock, and no file that is not its own.
 *
 * `pages.000` goes first. Where the process ends in between, what is left is refused (CORRUPT), and not taken for a
 * database whose last commits are missing.
 */
import { DbError } from "../errors.ts";
import { openDirectory } from "../pager/index.ts";
import { checkNotForeign, isPartOfDatabase } from "./create.ts";

const FIRST = "pages.000";
const LOCK = "LOCK";

/** The directory itself stays. Throws INVALID (there is none, or it is something else), LOCKED, READONLY, IO. */
export function destroyAt(path: string): void {
  if (path === ":memory:") {
    throw new DbError("INVALID", "a database in memory is gone when it is closed; there is nothing to remove");
  }
  const disk = openDirectory(path, { create: false, readOnly: false });
  checkNotForeign(disk);
  disk.lock("exclusive");
  try {
    const names = disk.list().filter(isPartOfDatabase);
    for (const name of names.includes(FIRST) ? [FIRST, ...names.filter((other) => other !== FIRST)] : names) {
      disk.remove(name);
    }
    disk.syncDirectory();
  } finally {
    disk.unlock();
  }
  // Not before: a lock may be a line in its file, which is written once more to let go of it.
  const left = disk.list();
  if (left.includes(LOCK) && !left.some(isPartOfDatabase)) {
    disk.remove(LOCK);
  }
}
