/**
 * Result rows, as they come, in the form that the user chose.
 *
 *   box, table, column, markdown   a table for people (table.ts), with the number of rows under a box
 *   line      a line for each value, and an empty one between rows
 *   list      values with a separator between them
 *   csv       RFC 4180 with LF, a header line first; NULL is empty, the empty string `""`, bytes as x'0f'
 *   json      an array of objects, one to a line: `[{"a":1,"b":"x"},` … `]`; bytes as base64
 *   jsonl     an object a line
 *   insert    statements that put the rows into a table
 *   quote     values as SQL writes them
 *
 * An infinity is 1e999 in all of them. What `csv`, `json` and `jsonl` write, `.import` reads back into such a table with the same values,
 * but for bytes, which come back as that text. None of them keeps the rows.
 */
import { quoteName } from "../sql/index.ts";
import { counted } from "./amounts.ts";
import type { SqlValue } from "./database.ts";
import type { Output } from "./output.ts";
import { cellText, FRAMES, Table } from "./table.ts";
import { displayWidth, padToWidth, printable, printableJson } from "./width.ts";

export type OutputMode =
  | "box"
  | "table"
  | "column"
  | "markdown"
  | "line"
  | "list"
  | "csv"
  | "json"
  | "jsonl"
  | "insert"
  | "quote";

export const OUTPUT_MODES: readonly OutputMode[] = [
  "box",
  "table",
  "column",
  "markdown",
  "line",
  "list",
  "csv",
  "json",
  "jsonl",
  "insert",
  "quote",
];

export interface RowFormat {
  readonly mode: OutputMode;
  /** Whether the names of the columns come first. */
  readonly hasHeaders: boolean;
  /** What NULL is shown as; undefined: as the mode has it. */
  readonly nullText: string | undefined;
  /** Between values of `list`, `csv` and `quote`; undefined: as the mode has it. */
  readonly separator: string | undefined;
  /** Of `insert`. */
  readonly table: string;
}

export interface RowWriter {
  add(row: readonly SqlValue[]): void;
  /** Prints what comes after the last row. */
  end(): void;
}

export function rowWriter(format: RowFormat, output: Output, columns: readonly string[]): RowWriter {
  switch (format.mode) {
    case "box":
    case "table":
    case "column":
    case "markdown":
      return new TableWriter(format, output, columns);
    case "json":
      return new JsonWriter(output, columns);
    case "jsonl":
      return new JsonLinesWriter(output, columns);
    case "line":
      return new LineWriter(format, output, columns);
    case "insert":
      return insertWriter(format, output, columns);
    default:
      return separatedWriter(format, output, columns);
  }
}

class TableWriter implements RowWriter {
  #output: Output;
  #table: Table;
  #isCounted: boolean;
  #rowCount: number;

  constructor({ mode, hasHeaders, nullText }: RowFormat, output: Output, columns: readonly string[]) {
    this.#output = output;
    this.#table = new Table(columns, {
      frame: FRAMES[mode as keyof typeof FRAMES],
      hasTitles: hasHeaders,
      ...(nullText === undefined ? {} : { nullText }),
      width: mode === "markdown" ? undefined : output.width,
      style: output.style,
      write: (text) => output.write(text),
    });
    this.#isCounted = mode === "box";
    this.#rowCount = 0;
  }

  add(row: readonly SqlValue[]): void {
    this.#rowCount++;
    this.#table.add(row);
  }

  end(): void {
    this.#table.end();
    if (this.#isCounted) {
      this.#output.write(`${this.#output.style.dim(counted(this.#rowCount, "row"))}\n`);
    }
  }
}

class JsonWriter implements RowWriter {
  #output: Output;
  #names: readonly string[];
  #hasRows: boolean;

  constructor(output: Output, columns: readonly string[]) {
    this.#output = output;
    this.#names = columns.map(jsonText);
    this.#hasRows = false;
  }

  add(row: readonly SqlValue[]): void {
    this.#output.write(`${this.#hasRows ? ",\n" : "["}${jsonObject(this.#names, row)}`);
    this.#hasRows = true;
  }

  end(): void {
    this.#output.write(this.#hasRows ? "]\n" : "[]\n");
  }
}

class JsonLinesWriter implements RowWriter {
  #output: Output;
  #names: readonly string[];

  constructor(output: Output, columns: readonly string[]) {
    this.#output = output;
    this.#names = columns.map(jsonText);
  }

  add(row: readonly SqlValue[]): void {
    this.#output.write(`${jsonObject(this.#names, row)}\n`);
  }

  end(): void {}
}

function jsonObject(names: readonly string[], row: readonly SqlValue[]): string {
  let text = "{";
  for (let column = 0; column < row.length; column++) {
    text += `${column === 0 ? "" : ","}${names[column]}:${jsonText(row[column]!)}`;
  }
  return `${text}}`;
}

class LineWriter implements RowWriter {
  #output: Output;
  #names: readonly string[];
  #nullText: string;
  #hasRows: boolean;

  constructor({ nullText = "NULL" }: RowFormat, output: Output, columns: readonly string[]) {
    const names = columns.map(printable);
    const width = Math.max(...names.map(displayWidth));
    this.#output = output;
    this.#names = names.map((name) => padToWidth(name, width, "right"));
    this.#nullText = nullText;
    this.#hasRows = false;
  }

  add(row: readonly SqlValue[]): void {
    const lines = row.map((value, column) => {
      const text = value === null ? this.#nullText : cellText(value);
      return `${this.#output.style.bold(this.#names[column]!)} = ${text}\n`;
    });
    this.#output.write(`${this.#hasRows ? "\n" : ""}${lines.join("")}`);
    this.#hasRows = true;
  }

  end(): void {}
}

/** How the values of a mode are written that has a separator between them. */
const SEPARATED: Readonly<
  Record<string, { readonly separator: string; readonly field: (value: SqlValue, separator: string) => string }>
> = {
  csv: { separator: ",", field: csvField },
  list: { separator: "|", field: listField },
  quote: { separator: ",", field: sqlLiteral },
};

function separatedWriter(format: RowFormat, output: Output, columns: readonly string[]): RowWriter {
  const { separator: usual, field } = SEPARATED[format.mode]!;
  const { separator = usual, nullText, hasHeaders } = format;
  const textOf = (value: SqlValue): string =>
    value === null && nullText !== undefined ? nullText : field(value, separator);
  const add = (row: readonly SqlValue[]): void => output.writeData(`${row.map(textOf).join(separator)}\n`);
  if (hasHeaders) {
    add(columns);
  }
  return { add, end: () => undefined };
}

function insertWriter({ table, hasHeaders }: RowFormat, output: Output, columns: readonly string[]): RowWriter {
  const names = hasHeaders ? ` (${columns.map(quoteName).join(", ")})` : "";
  const head = `INSERT INTO ${quoteName(table)}${names} VALUES (`;
  return {
    add: (row) => output.writeData(`${head}${row.map(sqlLiteral).join(", ")});\n`),
    end: () => undefined,
  };
}

/** The value as JSON. An infinity becomes 1e999, which readers of numbers take for one; bytes become base64. */
export function jsonText(value: SqlValue): string {
  if (value instanceof Uint8Array) {
    return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"`;
  }
  if (typeof value === "bigint") {
    return String(value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return Number.isNaN(value) ? "null" : value > 0 ? "1e999" : "-1e999";
  }
  return printableJson(JSON.stringify(value));
}

/** The value as a CSV field, quoted where it has to be. */
export function csvField(value: SqlValue, separator = ","): string {
  if (value === null) {
    return "";
  }
  if (typeof value === "number") {
    return jsonText(value);
  }
  if (typeof value !== "string") {
    return cellText(value);
  }
  const isPlain = value !== "" && !/["\r\n]/.test(value) && !value.includes(separator);
  return isPlain ? value : `"${value.replaceAll('"', '""')}"`;
}

function listField(value: SqlValue): string {
  return value === null
    ? ""
    : typeof value === "number"
      ? jsonText(value)
      : typeof value === "string"
        ? value
        : cellText(value);
}

/** The value as a literal of SQL. */
export function sqlLiteral(value: SqlValue): string {
  if (typeof value === "string") {
    return `'${value.replaceAll("'", "''")}'`;
  }
  return typeof value === "number" ? jsonText(value) : value === null ? "NULL" : cellText(value);
}
