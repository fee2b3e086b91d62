/**
 * Result rows, as they come, in the form that the user chose.
 *
 *   box    a table for people (table.ts), with the number of rows under it
 *   json   an array of objects, one to a line: `[{"a":1,"b":"x"},` … `]`; bytes as base64
 *   csv    RFC 4180 with LF, a header line first; NULL is empty, the empty string `""`, bytes as x'0f'
 *
 * An infinity is 1e999 in both. What `csv` and `json` write, `.import` reads back into such a table with the same values, but
 * for bytes, which come back as that text. None of them keeps the rows.
 */
import { counted } from "./amounts.ts";
import type { Console } from "./console.ts";
import type { SqlValue } from "./database.ts";
import { cellText, Table } from "./table.ts";
import { printableJson } from "./width.ts";

export type OutputMode = "box" | "json" | "csv";

export const OUTPUT_MODES: readonly OutputMode[] = ["box", "json", "csv"];

export interface RowWriter {
  add(row: readonly SqlValue[]): void;
  /** Prints what comes after the last row. */
  end(): void;
}

export function rowWriter(mode: OutputMode, console: Console, columns: readonly string[]): RowWriter {
  switch (mode) {
    case "box":
      return new BoxWriter(console, columns);
    case "json":
      return new JsonWriter(console, columns);
    case "csv":
      return new CsvWriter(console, columns);
  }
}

class BoxWriter implements RowWriter {
  #console: Console;
  #table: Table;
  #rowCount: number;

  constructor(console: Console, columns: readonly string[]) {
    this.#console = console;
    this.#table = new Table(columns, {
      width: console.width,
      style: console.style,
      write: (text) => console.write(text),
    });
    this.#rowCount = 0;
  }

  add(row: readonly SqlValue[]): void {
    this.#rowCount++;
    this.#table.add(row);
  }

  end(): void {
    this.#table.end();
    this.#console.write(`${this.#console.style.dim(counted(this.#rowCount, "row"))}\n`);
  }
}

class JsonWriter implements RowWriter {
  #console: Console;
  #names: readonly string[];
  #hasRows: boolean;

  constructor(console: Console, columns: readonly string[]) {
    this.#console = console;
    this.#names = columns.map(jsonText);
    this.#hasRows = false;
  }

  add(row: readonly SqlValue[]): void {
    let text = this.#hasRows ? ",\n{" : "[{";
    for (let column = 0; column < row.length; column++) {
      text += `${column === 0 ? "" : ","}${this.#names[column]}:${jsonText(row[column]!)}`;
    }
    this.#console.write(`${text}}`);
    this.#hasRows = true;
  }

  end(): void {
    this.#console.write(this.#hasRows ? "]\n" : "[]\n");
  }
}

class CsvWriter implements RowWriter {
  #console: Console;

  constructor(console: Console, columns: readonly string[]) {
    this.#console = console;
    this.add(columns);
  }

  add(row: readonly SqlValue[]): void {
    let line = "";
    for (let column = 0; column < row.length; column++) {
      line += `${column === 0 ? "" : ","}${csvField(row[column]!)}`;
    }
    this.#console.writeData(`${line}\n`);
  }

  end(): void {}
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
export function csvField(value: SqlValue): string {
  if (value === null) {
    return "";
  }
  if (typeof value === "number") {
    return jsonText(value);
  }
  if (typeof value !== "string") {
    return cellText(value);
  }
  return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
