/** How the SQL logic test format writes the values that a query gives, sorts them, and makes one hash of them. */
import { createHash } from "node:crypto";
import type { SqlValue } from "../../../src/sql/index.ts";
import type { LogicQuery } from "./record.ts";

/** The values of all rows, in the order in which they are compared. */
export function writtenValues(
  { types, sort }: Pick<LogicQuery, "types" | "sort">,
  rows: readonly (readonly SqlValue[])[],
): string[] {
  const written = rows.map((row) => row.map((value, column) => writtenValue(types[column]!, value)));
  switch (sort) {
    case "rowsort":
      return written.sort(compareRows).flat();
    case "valuesort":
      return written.flat().sort(compareTexts);
    default:
      return written.flat();
  }
}

/** "12 values hashing to …", as an answer says it. */
export function hashLine(values: readonly string[]): string {
  return `${values.length} values hashing to ${digest(values)}`;
}

export function digest(values: readonly string[]): string {
  return createHash("md5")
    .update(values.map((value) => `${value}\n`).join(""), "latin1")
    .digest("hex");
}

function writtenValue(type: string, value: SqlValue): string {
  if (value === null) {
    return "NULL";
  }
  switch (type) {
    case "I":
      return String(BigInt.asIntN(32, wholeNumber(value)));
    case "R":
      return fixed(numberOf(value));
    default:
      return writtenText(value);
  }
}

/** What is no printable ASCII is "@", byte for byte. */
function writtenText(value: NonNullable<SqlValue>): string {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
  return bytes.length === 0
    ? "(empty)"
    : Buffer.from(bytes)
        .toString("latin1")
        .replace(/[^ -~]/g, "@");
}

function wholeNumber(value: NonNullable<SqlValue>): bigint {
  if (typeof value === "bigint") {
    return value;
  }
  if (typeof value === "number") {
    return BigInt(Math.trunc(value));
  }
  return BigInt(/^\s*([+-]?\d+)/.exec(textOf(value))?.[1] ?? 0);
}

function numberOf(value: NonNullable<SqlValue>): number {
  if (typeof value === "number" || typeof value === "bigint") {
    return Number(value);
  }
  return Number(/^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?/i.exec(textOf(value))?.[0] ?? 0);
}

/** `%.3f` as SQLite prints it: of 16 digits the ones behind are 0. */
function fixed(value: number): string {
  if (Math.abs(value) < 2 ** 53 || !Number.isFinite(value)) {
    return value.toFixed(3);
  }
  const [digits = "", exponent] = value.toExponential(15).split("e");
  const places = Number(exponent) + (value < 0 ? 2 : 1);
  return `${digits.replace(".", "").padEnd(places, "0")}.000`;
}

function textOf(value: string | Uint8Array): string {
  return typeof value === "string" ? value : Buffer.from(value).toString();
}

function compareRows(a: readonly string[], b: readonly string[]): number {
  for (const [column, text] of a.entries()) {
    const order = compareTexts(text, b[column]!);
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

/** Both are ASCII, so the order of units is that of bytes. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
