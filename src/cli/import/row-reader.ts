/**
 * A file as batches of typed rows: what stands between bytes and a table.
 *
 *   bytes ─ TextDecoding ─ text ─ CsvParser | JsonRowParser ─ raw rows ─ TypedColumns ─ batches
 *
 * `openRows` reads until it has a sample of rows, which decides format, delimiter, columns and types; the sample is the
 * beginning of the first batch. Nothing but the sample, one batch and one chunk of the file is ever in memory.
 */
import { DbError } from "../../errors.ts";
import type { SqlValue } from "../database.ts";
import { columnNames, type ImportColumn, TypedColumns, typeOfKinds } from "./columns.ts";
import { CsvParser, type CsvRow } from "./csv.ts";
import { DELIMITER_SAMPLE_LENGTH, detectDelimiter } from "./delimiter.ts";
import { JsonRowParser } from "./json.ts";
import { kindOf } from "./number-text.ts";
import { TextInput } from "./text-input.ts";

export type ImportFormat = "csv" | "json";

export interface ReadOptions {
  /** How messages call the file; its extension decides the format where the option is not given. */
  readonly name: string;
  /** "json" is an array of objects or NDJSON. */
  readonly format?: ImportFormat | undefined;
  /** CSV: detected where it is not given. */
  readonly delimiter?: string | undefined;
  /** CSV: whether the first record names the columns; true where it is not given. */
  readonly hasHeader?: boolean | undefined;
  /** CSV: a text that stands for NULL beside the empty field, such as `NA`. */
  readonly nullText?: string | undefined;
  /** JSON: leave out fields that the sample does not have. */
  readonly ignoreUnknown?: boolean | undefined;
  readonly sampleRows?: number | undefined;
  readonly batchRows?: number | undefined;
}

export interface RowBatch {
  /** One array per row, as long as `columns`; the caller's to keep. */
  readonly rows: SqlValue[][];
  /** How much of the file had been read when the batch was complete. */
  readonly bytesRead: number;
}

const DEFAULT_SAMPLE_ROWS = 1000;
const DEFAULT_BATCH_ROWS = 5000;

/** The common face of both parsers. */
interface Parser {
  push(text: string, rows: SqlValue[][]): void;
  end(rows: SqlValue[][]): void;
}

/** Reads the beginning of `chunks` and returns the reader for all of it. Throws INVALID where the file is malformed. */
export async function openRows(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<RowReader> {
  const input = new TextInput(chunks, options.name);
  const format = options.format ?? (await detectFormat(input, options.name));
  return format === "json" ? await openJson(input, options) : await openCsv(input, options);
}

export class RowReader {
  readonly format: ImportFormat;
  readonly columns: readonly ImportColumn[];
  /** CSV only. */
  readonly delimiter: string | undefined;
  #input: TextInput;
  #parser: Parser;
  #typed: TypedColumns | undefined;
  #pending: SqlValue[][];
  #batchRows: number;
  #isWhole: boolean;

  constructor(
    input: TextInput,
    parser: Parser,
    sample: Sample,
    found: { readonly columns: readonly ImportColumn[]; readonly delimiter?: string },
    options: ReadOptions,
  ) {
    this.format = found.delimiter === undefined ? "json" : "csv";
    this.columns = found.columns;
    this.delimiter = found.delimiter;
    this.#input = input;
    this.#parser = parser;
    this.#pending = sample.rows;
    this.#isWhole = sample.isWhole;
    this.#batchRows = options.batchRows ?? DEFAULT_BATCH_ROWS;
    this.#typed = undefined;
    this.useTypes(found.columns, options.nullText);
  }

  /** Reads values as these types instead of those of the sample. To be called before `batches()`. */
  useTypes(columns: readonly ImportColumn[], nullText: string | undefined): void {
    this.#typed = this.format === "csv" ? new TypedColumns(columns, nullText) : undefined;
  }

  /** All rows of the file, once. The last batch may be short; there is no empty one. */
  async *batches(): AsyncGenerator<RowBatch, void, undefined> {
    for (;;) {
      while (this.#pending.length < this.#batchRows && !this.#isWhole) {
        this.#isWhole = await parseMore(this.#input, this.#parser, this.#pending);
      }
      if (this.#pending.length === 0) {
        return;
      }
      const rows = this.#pending.length > this.#batchRows ? this.#pending.splice(0, this.#batchRows) : this.#pending;
      if (rows === this.#pending) {
        this.#pending = [];
      }
      this.#finish(rows);
      yield { rows, bytesRead: this.#input.bytesRead };
    }
  }

  /** What the user should know about values that did not fit, a sentence per column. */
  warnings(): readonly string[] {
    return this.#typed?.warnings() ?? [];
  }

  #finish(rows: SqlValue[][]): void {
    const width = this.columns.length;
    for (const row of rows) {
      while (row.length < width) {
        row.push(null);
      }
      this.#typed?.convert(row);
    }
  }
}

interface Sample {
  readonly rows: SqlValue[][];
  readonly isWhole: boolean;
}

/** Parses one more chunk into `rows`; true when that was the last. */
async function parseMore(input: TextInput, parser: Parser, rows: SqlValue[][]): Promise<boolean> {
  const text = await input.next();
  if (text === undefined) {
    parser.end(rows);
    return true;
  }
  parser.push(text, rows);
  return false;
}

async function readSample(input: TextInput, parser: Parser, rowCount: number): Promise<Sample> {
  const rows: SqlValue[][] = [];
  let isWhole = false;
  while (rows.length < rowCount && !isWhole) {
    isWhole = await parseMore(input, parser, rows);
  }
  return { rows, isWhole };
}

/** By the extension, and by the first character where that says nothing. */
async function detectFormat(input: TextInput, name: string): Promise<ImportFormat> {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase();
  switch (extension) {
    case "csv":
    case "tsv":
      return "csv";
    case "json":
    case "ndjson":
    case "jsonl":
      return "json";
  }
  const { text } = await input.peek(DELIMITER_SAMPLE_LENGTH);
  return /^\s*[[{]/.test(text) ? "json" : "csv";
}

async function openJson(input: TextInput, options: ReadOptions): Promise<RowReader> {
  const parser = new JsonRowParser({ name: options.name, ignoreUnknown: options.ignoreUnknown ?? false });
  const sample = await readSample(input, parser, options.sampleRows ?? DEFAULT_SAMPLE_ROWS);
  parser.freezeColumns();
  const names = columnNames(parser.columns);
  const columns = names.map((name, index) => ({ name, type: typeOfKinds(parser.kinds[index]!) }));
  return new RowReader(input, parser, sample, { columns }, options);
}

async function openCsv(input: TextInput, options: ReadOptions): Promise<RowReader> {
  const delimiter = options.delimiter ?? (await delimiterOf(input));
  const parser = new CsvParser({ name: options.name, delimiter });
  const sampleRows = options.sampleRows ?? DEFAULT_SAMPLE_ROWS;
  const sample = await readSample(input, parser, sampleRows + 1);
  const hasHeader = options.hasHeader ?? true;
  const first = sample.rows[0] as CsvRow | undefined;
  if (first === undefined && hasHeader) {
    throw new DbError("INVALID", `${options.name}: the file is empty; its first line should name the columns`);
  }
  const headings = hasHeader ? sample.rows.shift() : first?.map(() => null);
  const names = columnNames((headings ?? []) as CsvRow);
  const columns = names.map((name, index) => ({
    name,
    type: typeOfKinds(kindsIn(sample.rows as CsvRow[], index, sampleRows, options.nullText)),
  }));
  return new RowReader(input, parser, sample, { columns, delimiter }, options);
}

async function delimiterOf(input: TextInput): Promise<string> {
  const { text, isWhole } = await input.peek(DELIMITER_SAMPLE_LENGTH);
  return detectDelimiter(text.slice(0, DELIMITER_SAMPLE_LENGTH), isWhole && text.length <= DELIMITER_SAMPLE_LENGTH);
}

function kindsIn(rows: readonly CsvRow[], column: number, rowCount: number, nullText: string | undefined): number {
  let kinds = 0;
  for (let index = 0; index < rows.length && index < rowCount; index++) {
    const text = rows[index]![column]!;
    if (text !== null && text !== "" && text !== nullText) {
      kinds |= kindOf(text);
    }
  }
  return kinds;
}
