/** `nacre backup`: a copy of a database that is a database itself. */
import { DbError } from "../errors.ts";
import type { BackupResult } from "../mvcc/index.ts";
import { formatBytes, formatDuration, grouped } from "./amounts.ts";
import type { Command, CommandRun } from "./command.ts";
import type { BackupOptions, DatabaseAccess } from "./database.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { Progress } from "./progress.ts";

export const backupCommand: Command = {
  name: "backup",
  summary: "copies a database, every page of it verified on the way",
  help: `usage: nacre backup [options] DIR COPY

Copies the database in DIR to COPY, a directory that is new or empty. The copy is a
database like any other: open it, check it, or copy it back with nacre restore. (A program
that has the database open makes backups with db.backup(), while it goes on writing.)

options
      --max-rate N   copy at most N megabytes in a second

example
  nacre backup app.nacre /backup/app-2026-07-01.nacre`,
  options: { "max-rate": { type: "string" } },
  run: runBackup,
};

async function runBackup({ console, databases, values, positionals }: CommandRun): Promise<number> {
  const [path, copy] = positionals;
  if (path === undefined || copy === undefined || positionals.length > 2) {
    throw new UsageError("backup takes the directory of a database, and one to make", "backup");
  }
  const bytesPerSecond = rateOf(values["max-rate"]);
  const startMs = console.clock.now();
  const progress = new Progress(console, { label: path, total: undefined, unit: "bytes" });
  const result = await console.interruptible(async (signal) => {
    const onProgress: BackupOptions["onProgress"] = (at) => progress.update(at.doneBytes, 0, at.totalBytes);
    try {
      return await copyDatabase(databases, path, copy, { signal, onProgress, bytesPerSecond });
    } finally {
      progress.end();
    }
  });
  console.write(`backed up ${describeCopy(result)} in ${formatDuration(console.clock.now() - startMs)}\n`);
  return EXIT_OK;
}

/** `commit 812, 33 MB`. */
export function describeCopy({ commit, bytes }: BackupResult): string {
  return `commit ${grouped(commit)}, ${formatBytes(bytes)},`;
}

/**
 * Beside other readers where that can be: a reader cannot move what a killed process left in the log into pages, and then
 * the database has to be opened for writing, which does.
 */
async function copyDatabase(
  databases: DatabaseAccess,
  path: string,
  copy: string,
  options: BackupOptions,
): Promise<BackupResult> {
  try {
    return await copyOpened(databases, true, path, copy, options);
  } catch (error) {
    if (!(error instanceof DbError) || error.code !== "READONLY") {
      throw error;
    }
    return await copyOpened(databases, false, path, copy, options);
  }
}

async function copyOpened(
  databases: DatabaseAccess,
  readOnly: boolean,
  path: string,
  copy: string,
  options: BackupOptions,
): Promise<BackupResult> {
  const database = databases.open(path, { create: false, readOnly });
  try {
    return await database.backup(copy, options);
  } finally {
    database.close();
  }
}

function rateOf(text: unknown): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const megabytes = Number(text);
  if (!(megabytes > 0 && Number.isFinite(megabytes))) {
    throw new UsageError(`--max-rate takes a number of megabytes above 0, not ${text}`, "backup");
  }
  return megabytes * 1e6;
}
