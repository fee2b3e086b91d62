/**
 * `db.backup()`: a copy of the whole nacre database, made while it is read and written.
 *
 * Pages are counted as nacre has them. The rate that a `progress` callback may return is checked and not used: the copy gives way
 * to the event loop by itself.
 */
import { existsSync, renameSync, rmdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CopyProgress, destroyAt, type Database as NacreDatabase } from "../../mvcc/index.ts";
import { toSqliteError } from "./error-code.ts";
import { refusedFile } from "./home.ts";

export interface BackupMetadata {
  totalPages: number;
  remainingPages: number;
}

export interface BackupOptions {
  /** Called as the copy goes on; a number that it returns is not used. */
  progress?: ((info: BackupMetadata) => number | undefined) | null | undefined;
  /** As ATTACH has it; "main" unless given. */
  attached?: string | undefined;
}

export interface CheckedBackup {
  readonly attached: string;
  readonly path: string;
  readonly progress: ((info: BackupMetadata) => unknown) | undefined;
}

const PAGE_BYTES = 4096;

/** Checks what `backup` was given, as better-sqlite3 does. */
export function checkedBackup(filename: unknown, given: unknown): CheckedBackup {
  const options: unknown = given ?? {};
  if (typeof filename !== "string") {
    throw new TypeError("Expected first argument to be a string");
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError("Expected second argument to be an options object");
  }
  const path = filename.trim();
  const attached: unknown = "attached" in options ? options.attached : "main";
  const progress: unknown = "progress" in options ? options.progress : null;
  if (path === "") {
    throw new TypeError("Backup filename cannot be an empty string");
  }
  if (path === ":memory:") {
    throw new TypeError('Invalid backup filename ":memory:"');
  }
  requireName(attached);
  if (progress !== null && progress !== undefined && typeof progress !== "function") {
    throw new TypeError('Expected the "progress" option to be a function');
  }
  if (!existsSync(dirname(path))) {
    throw new TypeError("Cannot save backup because the directory does not exist");
  }
  return { path, attached, progress: (progress as CheckedBackup["progress"] | null) ?? undefined };
}

/** Checks the option `attached`. */
export function requireName(attached: unknown): asserts attached is string {
  if (typeof attached !== "string") {
    throw new TypeError('Expected the "attached" option to be a string');
  }
  if (attached === "") {
    throw new TypeError('The "attached" option cannot be an empty string');
  }
}

/** A database that is there is replaced when the copy is whole. */
export async function runBackup(
  database: NacreDatabase,
  { path, progress }: CheckedBackup,
  signal: AbortSignal,
): Promise<BackupMetadata> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) {
    throw refusedFile(path);
  }
  const isReplacing = found !== undefined && existsSync(join(path, "pages.000"));
  const target = isReplacing ? `${path}.backup` : path;
  try {
    const { pages } = await database.backup(target, {
      signal,
      ...(progress === undefined ? {} : { onProgress: (copied) => report(progress, copied) }),
    });
    if (isReplacing) {
      destroyAt(path);
      rmdirSync(path);
      renameSync(target, path);
    }
    return { totalPages: pages, remainingPages: 0 };
  } catch (error) {
    throw signal.aborted ? signal.reason : toSqliteError(error);
  }
}

function report(progress: (info: BackupMetadata) => unknown, { doneBytes, totalBytes }: CopyProgress): void {
  const totalPages = Math.ceil(totalBytes / PAGE_BYTES);
  const rate = progress({ totalPages, remainingPages: totalPages - Math.floor(doneBytes / PAGE_BYTES) });
  if (rate !== undefined && (typeof rate !== "number" || Number.isNaN(rate))) {
    throw new TypeError("Expected progress callback to return a number or undefined");
  }
}
