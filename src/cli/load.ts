/** `nacre load`: a database made of a dump (dump-format.ts), read in a stream. */
import { createReadStream, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { DbError } from "../errors.ts";
import { formatDuration } from "./amounts.ts";
import type { Command, CommandRun } from "./command.ts";
import type { Console } from "./console.ts";
import type { Database, RawEntry, RawKeyspace } from "./database.ts";
import { amountOf, type DumpEnd, type DumpLine, decodeLine, lineError } from "./dump-format.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { linesOf } from "./lines.ts";
import { Progress } from "./progress.ts";

/** A commit ends with the first of both. */
const BATCH_ENTRIES = 5000;
const BATCH_BYTES = 4 * 1024 * 1024;

export const loadCommand: Command = {
  name: "load",
  summary: "makes a database of what nacre dump wrote",
  help: `usage: nacre load DIR [FILE]

Makes a database in DIR, which must not hold one yet, of a dump: of FILE, or of the
standard input. The last line of a dump has the counts; where they do not agree, the
dump was cut off, and load says so with exit code 1.

example
  nacre dump app.nacre | nacre load copy.nacre`,
  options: {},
  run: runLoad,
};

async function runLoad({ console, databases, positionals }: CommandRun): Promise<number> {
  const [path, file] = positionals;
  if (path === undefined || positionals.length > 2) {
    throw new UsageError(
      "load takes the directory to make, and the file to read where it is not the standard input",
      "load",
    );
  }
  const startMs = console.clock.now();
  const input = openInput(console, file);
  const database = databases.open(path, { create: true, readOnly: false });
  try {
    requireEmpty(database, path);
    const loading = new Loading(database, new Progress(console, { label: file ?? path, ...input, unit: "bytes" }));
    await console.interruptible((signal) => {
      // Whoever waits for more of the dump waits no longer.
      signal.addEventListener("abort", () => input.stream.destroy(signal.reason));
      return loading.read(console, input.stream, signal);
    });
    const took = formatDuration(console.clock.now() - startMs);
    console.write(`loaded ${amountOf(loading.entryCount, loading.keyspaceCount)} in ${took}\n`);
  } finally {
    input.stream.destroy();
    database.close();
  }
  return EXIT_OK;
}

/** A dump on its way into a database: the keyspace that is being filled, and the entries of the next commit. */
class Loading {
  #database: Database;
  #progress: Progress;
  #keyspace: RawKeyspace | undefined;
  #batch: RawEntry[];
  #batchBytes: number;
  #line: number;
  #end: DumpEnd | undefined;
  keyspaceCount: number;
  entryCount: number;

  constructor(database: Database, progress: Progress) {
    this.#database = database;
    this.#progress = progress;
    this.#keyspace = undefined;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#line = 0;
    this.#end = undefined;
    this.keyspaceCount = 0;
    this.entryCount = 0;
  }

  async read(console: Console, stream: Readable, signal: AbortSignal): Promise<void> {
    let bytesRead = 0;
    try {
      for await (const text of linesOf(stream)) {
        this.#line++;
        bytesRead += Buffer.byteLength(text) + 1;
        if (this.#end !== undefined) {
          throw lineError(this.#line, "something follows the last line");
        }
        this.#take(decodeLine(text, this.#line, this.#keyspace));
        if (this.#batch.length >= BATCH_ENTRIES || this.#batchBytes >= BATCH_BYTES) {
          this.#commit();
          this.#progress.update(bytesRead);
          await console.pause();
          signal.throwIfAborted();
        }
      }
    } finally {
      this.#progress.end();
    }
    this.#commit();
    this.#requireWhole();
  }

  #take(line: DumpLine): void {
    if ((line.kind === "header") !== (this.#line === 1)) {
      throw lineError(this.#line, "a dump begins with its header, and has no other");
    }
    switch (line.kind) {
      case "keyspace":
        this.#commit();
        this.#keyspace = line.keyspace;
        this.#database.createKeyspace(line.keyspace);
        this.keyspaceCount++;
        break;
      case "entry":
        this.#batch.push(line.entry);
        this.#batchBytes += line.entry.key.length + line.entry.value.length;
        this.entryCount++;
        break;
      case "end":
        this.#end = line.end;
        break;
    }
  }

  #commit(): void {
    if (this.#keyspace !== undefined && this.#batch.length > 0) {
      this.#database.putRaw(this.#keyspace, this.#batch);
    }
    this.#batch = [];
    this.#batchBytes = 0;
  }

  #requireWhole(): void {
    const isWhole = this.#end?.entries === this.entryCount && this.#end.keyspaces === this.keyspaceCount;
    if (!isWhole) {
      const found = amountOf(this.entryCount, this.keyspaceCount);
      throw new DbError(
        "INVALID",
        this.#end === undefined
          ? `the dump ends without its last line, after ${found}: it was cut off, and the database holds only these`
          : `the dump has ${found}, but says that it has ${amountOf(this.#end.entries, this.#end.keyspaces)}`,
      );
    }
  }
}

function openInput(console: Console, file: string | undefined): { stream: Readable; total: number | undefined } {
  if (file === undefined || file === "-") {
    return { stream: console.stdin, total: undefined };
  }
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) {
    throw new DbError("INVALID", `there is no file ${file}`, { path: file });
  }
  return { stream: createReadStream(file), total: stats.size };
}

function requireEmpty(database: Database, path: string): void {
  const snapshot = database.snapshot();
  const isEmpty = snapshot.keyspaces.length === 0;
  snapshot.close();
  if (!isEmpty) {
    throw new DbError("INVALID", `there is a database in ${path} already; load makes a new one`, { path });
  }
}
