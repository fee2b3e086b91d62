/** `nacre restore`: a backup, proven whole, copied to where the database is to be. */
import { formatDuration } from "./amounts.ts";
import { describeCopy } from "./backup.ts";
import type { Command, CommandRun } from "./command.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { Progress } from "./progress.ts";

export const restoreCommand: Command = {
  name: "restore",
  summary: "checks a backup and copies it to where the database is to be",
  help: `usage: nacre restore COPY DIR

Checks the backup in COPY from its first page to its last, as nacre check does, and then
copies it to DIR, a directory that is new or empty. The backup is not changed. Where it is
damaged, nothing is restored, and the exit code is 3.

example
  nacre restore /backup/app-2026-07-01.nacre app.nacre`,
  options: {},
  run: runRestore,
};

async function runRestore({ console, databases, positionals }: CommandRun): Promise<number> {
  const [copy, path] = positionals;
  if (path === undefined || copy === undefined || positionals.length > 2) {
    throw new UsageError("restore takes the directory of a backup, and one to make", "restore");
  }
  const startMs = console.clock.now();
  const progress = new Progress(console, { label: copy, total: undefined, unit: "bytes" });
  const result = await console.interruptible(async (signal) => {
    try {
      return await databases.restore(copy, path, {
        signal,
        onProgress: ({ doneBytes, totalBytes }) => progress.update(doneBytes, 0, totalBytes),
      });
    } finally {
      progress.end();
    }
  });
  console.write(`restored ${describeCopy(result)} in ${formatDuration(console.clock.now() - startMs)}\n`);
  return EXIT_OK;
}
