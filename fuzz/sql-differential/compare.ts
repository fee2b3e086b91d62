/** Whether two outcomes are the same, as far as SQL says what they are. */
import type { OracleValue, Outcome } from "./oracle.ts";
import type { SubjectOutcome } from "./subject.ts";

export interface Difference {
  /** What differs, without the values. */
  readonly kind: string;
  readonly text: string;
}

/** Errors of values: whether a row that makes one is looked at may be a matter of the order in which conditions are tested. */
const OF_VALUES =
  /integer overflow|malformed JSON|JSON path|too big|too complex|ESCAPE expression|parser stack|JSON cannot hold|nth_value|ntile|frame|labels/i;

export interface Expectation {
  /** Columns that the rows are ordered by. */
  readonly ordering: readonly number[];
  /** Texts may be equal that are not the same, and one of them stand for all. */
  readonly collations: boolean;
  /** Both sides give an INTEGER as a bigint. */
  readonly isExact: boolean;
}

export function difference(expected: Outcome, found: SubjectOutcome, expectation: Expectation): Difference | undefined {
  switch (found.kind) {
    case "refused":
      return undefined;
    case "fault": {
      const text = found.error instanceof Error ? (found.error.stack ?? found.error.message) : String(found.error);
      return { kind: "fault", text };
    }
    case "error":
      return expected.kind === "error" || OF_VALUES.test(found.message)
        ? undefined
        : { kind: `refused: ${kindOf(found.message)}`, text: found.message };
    default:
      return expected.kind === "error" ? taken(expected.message) : ofRows(expected.rows, found.rows, expectation);
  }
}

/** Without the names and numbers of one statement. */
function kindOf(message: string): string {
  return message.split("\n", 1)[0]!.replace(/\w*\d+/g, "N");
}

function taken(message: string): Difference | undefined {
  return OF_VALUES.test(message) ? undefined : { kind: `taken: ${kindOf(message)}`, text: `SQLite says: ${message}` };
}

type Rows = readonly (readonly OracleValue[])[];

function ofRows(expected: Rows, found: Rows, { ordering, collations, isExact }: Expectation): Difference | undefined {
  const plain = isExact ? typedText : numberText;
  const loose = (value: OracleValue): string =>
    typeof value === "string" ? plain(value.toLowerCase().trimEnd()) : numberText(value);
  const keys = (rows: Rows): string =>
    rows.map((row) => ordering.map((at) => loose(row[at] ?? null)).join(" | ")).join("\n");
  const text = `${shown(found, plain)}\nSQLite:\n${shown(expected, plain)}`;
  if (keys(expected) !== keys(found)) {
    return { kind: "order", text };
  }
  const textOf = collations ? loose : plain;
  return sorted(expected, textOf) === sorted(found, textOf) ? undefined : { kind: "rows", text };
}

type TextOf = (value: OracleValue) => string;

function shown(rows: Rows, textOf: TextOf): string {
  return rows.length === 0 ? "(no rows)" : rows.map((row) => row.map(textOf).join(" | ")).join("\n");
}

function sorted(rows: Rows, textOf: TextOf): string {
  return rows
    .map((row) => row.map(textOf).join(" | "))
    .sort()
    .join("\n");
}

function typedText(value: OracleValue): string {
  return typeof value === "number" ? `real ${Object.is(value, -0) ? "-0" : value}` : numberText(value);
}

/** A whole REAL and an INTEGER are the same number here. */
function numberText(value: OracleValue): string {
  switch (typeof value) {
    case "bigint":
      return `number ${value}`;
    case "number":
      return `number ${Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value}`;
    case "string":
      return JSON.stringify(value);
    default:
      return value === null ? "NULL" : `x'${Buffer.from(value).toString("hex")}'`;
  }
}
