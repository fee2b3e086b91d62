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

function ofRows(expected: Rows, found: Rows, { ordering, collations }: Expectation): Difference | undefined {
  const keys = (rows: Rows): string =>
    rows.map((row) => ordering.map((at) => keyText(row[at] ?? null)).join(" | ")).join("\n");
  if (keys(expected) !== keys(found)) {
    return { kind: "order", text: `${shown(found, exactText)}\nSQLite:\n${shown(expected, exactText)}` };
  }
  const text = collations ? keyText : exactText;
  if (sorted(expected, text) === sorted(found, text)) {
    return undefined;
  }
  return { kind: "rows", text: `${shown(found, exactText)}\nSQLite:\n${shown(expected, exactText)}` };
}

function shown(rows: Rows, textOf: (value: OracleValue) => string): string {
  return rows.length === 0 ? "(no rows)" : rows.map((row) => row.map(textOf).join(" | ")).join("\n");
}

function sorted(rows: Rows, textOf: (value: OracleValue) => string): string {
  return rows
    .map((row) => row.map(textOf).join(" | "))
    .sort()
    .join("\n");
}

/** nacre gives a whole REAL and an INTEGER as the same number; `quote()` in the query tells them apart. */
function exactText(value: OracleValue): string {
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

function keyText(value: OracleValue): string {
  return typeof value === "string" ? exactText(value.toLowerCase().trimEnd()) : exactText(value);
}
