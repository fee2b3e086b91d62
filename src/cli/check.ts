/** `nacre check`: proves that what is on disk is one consistent database, or says what is damaged. */
import { DbError } from "../errors.ts";
import type { CheckReport } from "../mvcc/index.ts";
import { counted, formatDuration, grouped } from "./amounts.ts";
import type { Command, CommandRun } from "./command.ts";
import type { Console } from "./console.ts";
import type { DatabaseAccess } from "./database.ts";
import { EXIT_DAMAGE, EXIT_OK, UsageError } from "./exit.ts";
import { Progress } from "./progress.ts";
import { printableLines } from "./width.ts";

export const checkCommand: Command = {
  name: "check",
  summary: "reads every page and proves that nothing is damaged",
  help: `usage: nacre check DIR

Reads the whole database and proves that it is in order: the checksum of every page and
of every record in the log, the order of all keys, all counts, and that each page is used
exactly once or free. Nothing is changed. The first damage found is printed, with the
page and the map that it belongs to.

exit codes
  0  in order     3  damage found

example
  nacre check app.nacre && nacre backup app.nacre /backup/app.nacre`,
  options: {},
  run: runCheck,
};

async function runCheck({ console, databases, positionals }: CommandRun): Promise<number> {
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new UsageError("check takes the directory of a database", "check");
  }
  const startMs = console.clock.now();
  try {
    const report = await checkDatabase(console, databases, path);
    const took = formatDuration(console.clock.now() - startMs);
    console.write(`${console.style.green("in order:")} ${describe(report)}; checked in ${took}\n`);
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof DbError) || error.code !== "CORRUPT") {
      throw error;
    }
    const message = printableLines(error.message.replace("run `nacre check`, and ", ""));
    console.write(`${console.style.red("damaged:")} ${message}\n`);
    return EXIT_DAMAGE;
  }
}

async function checkDatabase(console: Console, databases: DatabaseAccess, path: string): Promise<CheckReport> {
  const database = databases.open(path, { create: false, readOnly: true });
  const { pages } = database.overview().stats;
  const progress = new Progress(console, { label: path, total: pages, unit: "pages" });
  try {
    return await console.interruptible((signal) =>
      database.check({ signal, onProgress: (share) => progress.update(share * pages) }),
    );
  } finally {
    progress.end();
    database.close();
  }
}

function describe({ entries, trees, pages, freePages, leafFill }: CheckReport): string {
  const fill = `leaves ${Math.round(leafFill * 100)} % full`;
  const used = `${counted(pages, "page")}, ${grouped(freePages)} of them free`;
  return `${counted(entries, "entry", "entries")} in ${counted(trees, "tree")}, ${fill}, ${used}`;
}
