/** `nacre dump`: the whole database as text (dump-format.ts), from one snapshot, in a stream. */
import { formatDuration } from "./amounts.ts";
import type { Command, CommandRun } from "./command.ts";
import type { Console } from "./console.ts";
import type { RawSnapshot } from "./database.ts";
import { amountOf, encodeEnd, encodeEntry, encodeHeader, encodeKeyspace } from "./dump-format.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { Progress } from "./progress.ts";

/** After so many entries the event loop gets a turn. */
const ENTRIES_PER_TURN = 1024;

export const dumpCommand: Command = {
  name: "dump",
  summary: "writes everything in a database as lines of JSON",
  help: `usage: nacre dump DIR > FILE

Writes every keyspace of the database, SQL tables included, as lines of JSON to the
standard output: a line that describes the dump, one for each keyspace, one for each
entry, and a last one with the counts. The dump is of one moment, whatever is written
to the database meanwhile. nacre load makes a database of it again.

examples
  nacre dump app.nacre | gzip > app.ndjson.gz
  gunzip -c app.ndjson.gz | nacre load copy.nacre`,
  options: {},
  run: runDump,
};

async function runDump({ console, databases, positionals }: CommandRun): Promise<number> {
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new UsageError("dump takes the directory of a database", "dump");
  }
  const startMs = console.clock.now();
  const database = databases.open(path, { create: false, readOnly: true });
  try {
    const snapshot = database.snapshot();
    const entryCount = await console.interruptible((signal) => writeDump(console, snapshot, path, signal));
    snapshot.close();
    const took = formatDuration(console.clock.now() - startMs);
    console.writeError(`dumped ${amountOf(entryCount, snapshot.keyspaces.length)} in ${took}\n`);
  } finally {
    database.close();
  }
  return EXIT_OK;
}

async function writeDump(console: Console, snapshot: RawSnapshot, label: string, signal: AbortSignal): Promise<number> {
  const total = snapshot.keyspaces.reduce((sum, keyspace) => sum + keyspace.entryCount, 0);
  const progress = new Progress(console, { label, total, unit: "entries" });
  let entryCount = 0;
  try {
    console.write(`${encodeHeader(snapshot.commit)}\n`);
    for (const keyspace of snapshot.keyspaces) {
      console.write(`${encodeKeyspace(keyspace)}\n`);
      for (const entry of snapshot.entries(keyspace)) {
        console.write(`${encodeEntry(entry, keyspace)}\n`);
        entryCount++;
        if (entryCount % ENTRIES_PER_TURN === 0) {
          progress.update(entryCount);
          await console.flush();
          await console.pause();
          signal.throwIfAborted();
        }
      }
    }
    console.write(`${encodeEnd(snapshot.keyspaces.length, entryCount)}\n`);
    await console.flush();
    return entryCount;
  } finally {
    progress.end();
  }
}
