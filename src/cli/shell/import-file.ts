/**
 * A file into a table: what `.import` does.
 *
 * The rows go in by batches, each of them one commit; a batch is acknowledged when that commit is durable, and only then
 * counted. Whatever ends an import early (a malformed record, a full disk, Ctrl-C, a power failure) leaves whole
 * batches behind, in the order of the file, so that the count says exactly which rows are there.
 */
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { DbError } from "../../errors.ts";
import { quoteName } from "../../sql/index.ts";
import { counted, formatCount, formatDuration } from "../amounts.ts";
import type { SqlSession, Table } from "../database.ts";
import { Interrupted } from "../exit.ts";
import { type ColumnType, type ImportColumn, openRows, type ReadOptions, type RowReader } from "../import/index.ts";
import { Progress } from "../progress.ts";
import { printable } from "../width.ts";
import type { ShellSession } from "./session.ts";

export interface ImportFileOptions extends Omit<ReadOptions, "name"> {
  /** `-` is the standard input. */
  readonly file: string;
  readonly table: string;
  /** Prints a line of JSON for every batch when it is durable: `{"table":…,"rows":…,"bytes":…}`, counted from the start. */
  readonly reportsJson: boolean;
}

const READ_CHUNK_BYTES = 256 * 1024;

interface Import {
  readonly session: ShellSession;
  readonly options: ImportFileOptions;
  readonly reader: RowReader;
  readonly insert: string;
  readonly progress: Progress;
  acknowledgedRows: number;
}

export async function importFile(session: ShellSession, options: ImportFileOptions): Promise<void> {
  const { console, sql } = session;
  const startMs = console.clock.now();
  const name = options.file === "-" ? "standard input" : basename(options.file);
  const { stream, sizeBytes } = openFile(session, options.file);
  try {
    const reader = await openRows(stream, { ...options, name });
    const table = findTable(sql, options.table);
    const insert = table === undefined ? createTable(sql, options.table, reader) : fillTable(table, reader, options);
    const progress = new Progress(console, { label: name, total: sizeBytes, unit: "bytes", itemName: "rows" });
    const work: Import = { session, options, reader, insert, progress, acknowledgedRows: 0 };
    await console.interruptible((signal) => {
      // Whoever waits for more of the file waits no longer.
      signal.addEventListener("abort", () => stream.destroy(signal.reason));
      return insertBatches(work, signal);
    });
    reportEnd(work, console.clock.now() - startMs);
  } finally {
    stream.destroy();
  }
}

async function insertBatches(work: Import, signal: AbortSignal): Promise<void> {
  const { session, options, reader, progress } = work;
  const { console, sql } = session;
  const insert = sql.prepare(work.insert);
  try {
    for await (const { rows, bytesRead } of reader.batches()) {
      sql.transaction(() => {
        for (const row of rows) {
          insert.run(...row);
        }
      });
      work.acknowledgedRows += rows.length;
      progress.update(bytesRead, work.acknowledgedRows);
      if (options.reportsJson) {
        console.write(`${JSON.stringify({ table: options.table, rows: work.acknowledgedRows, bytes: bytesRead })}\n`);
        await console.flush();
      }
      await console.pause();
      signal.throwIfAborted();
    }
  } catch (cause) {
    throw explained(cause, work);
  } finally {
    progress.end();
  }
}

/** The error with what is in the table by now. */
function explained(cause: unknown, work: Import): unknown {
  if (!(cause instanceof DbError || cause instanceof Interrupted)) {
    return cause;
  }
  const rows = work.acknowledgedRows;
  const kept =
    rows === 0
      ? "no row was imported"
      : `the ${counted(rows, "row")} before it ${rows === 1 ? "is" : "are"} in ${work.options.table}`;
  const message = `${cause.message}; ${kept}`;
  return cause instanceof DbError
    ? new DbError(cause.code, message, cause.facts, { cause })
    : new Interrupted(message, { cause });
}

function reportEnd(work: Import, durationMs: number): void {
  const { session, options, reader, acknowledgedRows } = work;
  if (!options.reportsJson) {
    const rate = formatCount(acknowledgedRows / Math.max(1e-3, durationMs / 1000));
    const rows = counted(acknowledgedRows, "row");
    session.console.write(`imported ${rows} into ${options.table} in ${formatDuration(durationMs)} (${rate} rows/s)\n`);
  }
  for (const warning of reader.warnings()) {
    session.console.writeError(`${session.console.errorStyle.yellow("note:")} ${printable(warning)}\n`);
  }
}

function openFile(session: ShellSession, file: string): { stream: Readable; sizeBytes: number | undefined } {
  if (file === "-") {
    return { stream: session.console.stdin, sizeBytes: undefined };
  }
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new DbError("INVALID", `there is no file ${file}`, { path: file });
  }
  if (stats.isDirectory()) {
    throw new DbError("INVALID", `${file} is a directory; .import takes a file`, { path: file });
  }
  const stream = createReadStream(file, { highWaterMark: READ_CHUNK_BYTES });
  return { stream, sizeBytes: stats.isFile() ? stats.size : undefined };
}

function findTable(sql: SqlSession, name: string): Table | undefined {
  return sql.tables().find((table) => table.name.toLowerCase() === name.toLowerCase());
}

/** Makes the table and returns the statement that fills it. */
function createTable(sql: SqlSession, name: string, reader: RowReader): string {
  if (reader.columns.length === 0) {
    throw new DbError("INVALID", `the file has no rows, from which the columns of ${name} could be told`);
  }
  const columns = reader.columns.map((column) => `  ${quoteName(column.name)} ${column.type}`);
  sql.prepare(`CREATE TABLE ${quoteName(name)} (\n${columns.join(",\n")}\n)`).run();
  return insertInto(name, reader.columns);
}

/** The statement that fills a table which is there already: by the columns' names, or by their order without a header. */
function fillTable(table: Table, reader: RowReader, options: ImportFileOptions): string {
  const isByOrder = reader.format === "csv" && options.hasHeader === false;
  const targets = reader.columns.map((column, index) => {
    const target = isByOrder
      ? table.columns[index]
      : table.columns.find((each) => each.name.toLowerCase() === column.name.toLowerCase());
    if (target === undefined) {
      const has = table.columns.map((each) => each.name).join(", ");
      throw new DbError(
        "INVALID",
        isByOrder
          ? `the file has ${reader.columns.length} columns, the table ${table.name} ${table.columns.length} (${has})`
          : `the table ${table.name} has no column ${column.name}; it has ${has}`,
        { column: column.name },
      );
    }
    return { name: target.name, type: affinityOf(target.type) };
  });
  reader.useTypes(targets, options.nullText);
  return insertInto(table.name, targets);
}

function insertInto(name: string, columns: readonly ImportColumn[]): string {
  const names = columns.map((column) => quoteName(column.name)).join(", ");
  return `INSERT INTO ${quoteName(name)} (${names}) VALUES (${columns.map(() => "?").join(", ")})`;
}

/** Whether text is to be read as numbers for a column of this declared type; SQLite's rules (datatype3.html, 3.1). */
function affinityOf(declared: string): ColumnType {
  const type = declared.toUpperCase();
  if (type.includes("INT")) {
    return "INTEGER";
  }
  return type === "" || /CHAR|CLOB|TEXT|BLOB/.test(type) ? "TEXT" : "REAL";
}
