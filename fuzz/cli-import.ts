/**
 * Fuzzes the import readers: files of every shape, cut into chunks anywhere, against readers that are too simple to be
 * wrong (and too slow to be used).
 *
 * A round makes a CSV or JSON text, spoils it now and then, and reads it through `openRows` with chunks of a few bytes.
 * Found is: rows that differ from the model's; an error where the model reads rows, or the other way round; an error on
 * another line; anything thrown that is no DbError.
 */

import type { SqlValue } from "../src/cli/database.ts";
import { openRows, type ReadOptions } from "../src/cli/import/index.ts";
import { DbError } from "../src/errors.ts";
import type { Rng } from "../src/random.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

type Rows = readonly (readonly SqlValue[])[];
/** What became of a file: its rows, or the line on which reading failed (0 where the model does not say). */
type Outcome = { readonly rows: Rows } | { readonly errorLine: number };

export const cliImportFuzzer: Fuzzer = {
  name: "cli-import",
  canaries: ["byte lost between chunks", "quotes not undoubled", "batch lost"],
  run: runRound,
};

async function runRound(rng: Rng, { canary }: FuzzOptions): Promise<void> {
  const isCsv = chance(rng, 2);
  const text = spoiled(rng, isCsv ? csvText(rng) : jsonText(rng));
  const expected = isCsv ? modelCsv(text) : modelJson(text);
  const actual = await read(rng, text, isCsv ? "csv" : "json", canary);
  compare(text, expected, actual);
}

async function read(rng: Rng, text: string, format: "csv" | "json", canary: string | undefined): Promise<Outcome> {
  const planted = canary === "quotes not undoubled" ? text.replaceAll('""', '"') : text;
  const options: ReadOptions = {
    name: "fuzz",
    format,
    delimiter: ",",
    hasHeader: false,
    sampleRows: format === "csv" ? below(rng, 6) : 1000, // JSON has no columns beyond its sample
    batchRows: 1 + below(rng, 5),
  };
  try {
    const reader = await openRows(chunksOf(rng, planted, canary), options);
    reader.useTypes(
      reader.columns.map((column) => ({ ...column, type: "TEXT" })),
      undefined,
    );
    const rows: SqlValue[][] = [];
    for await (const batch of reader.batches()) {
      rows.push(...(canary === "batch lost" && rows.length > 3 ? [] : batch.rows));
    }
    return { rows: rows.map((row) => row.map(comparable)) };
  } catch (error) {
    if (error instanceof DbError && error.code === "INVALID") {
      return { errorLine: Number(error.facts.line) };
    }
    throw error;
  }
}

async function* chunksOf(rng: Rng, text: string, canary: string | undefined): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const most = 1 + below(rng, 40);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + below(rng, most);
    yield bytes.subarray(at, end);
    at = canary === "byte lost between chunks" && chance(rng, 20) ? end + 1 : end;
  }
}

/** Without what the models cannot know: integers that no number holds, and how the numbers in a nested value were written. */
function comparable(value: SqlValue): SqlValue {
  if (typeof value === "string" && /^[[{]/.test(value)) {
    try {
      return JSON.stringify(JSON.parse(value));
    } catch {
      return value;
    }
  }
  return typeof value === "bigint" || (typeof value === "string" && /^-?\d{19,}$/.test(value)) ? Number(value) : value;
}

function compare(text: string, expected: Outcome, actual: Outcome): void {
  const wanted = "rows" in expected ? { rows: padded(expected.rows).map((row) => row.map(comparable)) } : expected;
  const isSameLine = "errorLine" in wanted && "errorLine" in actual && [0, actual.errorLine].includes(wanted.errorLine);
  if (!isSameLine && shown(wanted) !== shown(actual)) {
    throw new Error(`read ${JSON.stringify(text)}\n  expected ${shown(wanted)}\n  found    ${shown(actual)}`);
  }
}

/** Rows as wide as the widest: what a JSON object lacks is NULL. */
function padded(rows: Rows): Rows {
  const width = Math.max(0, ...rows.map((row) => row.length));
  return rows.map((row) => Array.from({ length: width }, (_, column) => row[column] ?? null));
}

function shown(outcome: Outcome): string {
  return JSON.stringify(outcome);
}

// The texts.

const FIELD_UNITS = ["a", "7", "é", "東", "😀", " ", ",", '"', "\n", "\r", "\r\n", ";"];

function csvText(rng: Rng): string {
  const width = 1 + below(rng, 4);
  const lineEnd = pick(rng, ["\n", "\r\n", "\r"]);
  let text = "";
  for (let row = below(rng, 8); row >= 0; row--) {
    const fields = Array.from({ length: width }, () => csvField(rng));
    text += fields.join(",") + (row === 0 && chance(rng, 2) ? "" : lineEnd);
    if (chance(rng, 12)) {
      text += lineEnd;
    }
  }
  return text;
}

function csvField(rng: Rng): string {
  const value = Array.from({ length: below(rng, 5) }, () => pick(rng, FIELD_UNITS)).join("");
  const mustQuote = /[",\r\n]/.test(value);
  return mustQuote || chance(rng, 5) ? `"${value.replaceAll('"', '""')}"` : value;
}

const NAMES = ["a", "b", "c", "", "a b", 'q"', "é"];
const NUMBERS = [
  "0",
  "-0",
  "1",
  "-17",
  "0.5",
  "1e3",
  "9007199254740993",
  "-9223372036854775808",
  "9223372036854775808",
];

function jsonText(rng: Rng): string {
  const isArray = chance(rng, 2);
  const objects = Array.from({ length: below(rng, 6) }, () => jsonObject(rng));
  const space = (): string => pick(rng, ["", "", " ", "\n", "\r\n\t"]);
  return isArray
    ? `${space()}[${space()}${objects.join(`${space()},${space()}`)}${space()}]${space()}`
    : objects.map((object) => object + pick(rng, ["\n", "", " \n"])).join("");
}

function jsonObject(rng: Rng): string {
  const fields = Array.from({ length: below(rng, 4) }, () => `${JSON.stringify(pick(rng, NAMES))}:${jsonValue(rng)}`);
  return `{${fields.join(pick(rng, [",", ", ", ",\n"]))}}`;
}

function jsonValue(rng: Rng): string {
  switch (below(rng, 6)) {
    case 0:
      return pick(rng, ["null", "true", "false"]);
    case 1:
      return `[${jsonObject(rng)}, "]", ${pick(rng, NUMBERS)}]`;
    case 2:
    case 3:
      return pick(rng, NUMBERS);
    default:
      return JSON.stringify(Array.from({ length: below(rng, 5) }, () => pick(rng, [...FIELD_UNITS, "\\"])).join(""));
  }
}

/** No digits: as the name of a field one would come first in the model's objects. */
const SPOILERS = [",", '"', "\n", "\r", ";", " ", "a", "é", "{", "}", ":", "[", "]"];

/** The text with a character lost, doubled or replaced, once in a while; or cut off. */
function spoiled(rng: Rng, text: string): string {
  if (text === "" || !chance(rng, 3)) {
    return text;
  }
  const characters = [...text];
  const at = below(rng, characters.length);
  characters[at] = pick(rng, ["", characters[at]! + characters[at]!, pick(rng, SPOILERS)]);
  return chance(rng, 4) ? characters.slice(0, at).join("") : characters.join("");
}

// The models.

/** CSV character by character. */
function modelCsv(text: string): Outcome {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  let field: string | null = null;
  let state: "start" | "plain" | "quoted" | "after quote" = "start";
  let line = 1;
  let recordLine = 1;
  let isWrong = false;
  const characters = text.replaceAll("\r\n", "\n\0");
  const endRecord = (): void => {
    row.push(field);
    const isBlank = row.length === 1 && field === null;
    if (!(isBlank && rows[0]?.length !== 1)) {
      isWrong ||= rows.length > 0 && row.length !== rows[0]!.length;
      rows.push(row);
    }
    row = [];
    field = null;
    state = "start";
  };
  for (const character of characters) {
    const isLineEnd = character === "\n" || character === "\r";
    if (state === "quoted") {
      state = character === '"' ? "after quote" : "quoted";
      field += character === '"' ? "" : character;
      line += isLineEnd && character === "\n" ? 1 : 0;
    } else if (character === "\0") {
      // the other half of a line end
    } else if (state === "start" && character === '"') {
      state = "quoted";
      field = "";
    } else if (state === "after quote" && character === '"') {
      state = "quoted";
      field += '"';
    } else if (character === ",") {
      row.push(field);
      field = null;
      state = "start";
    } else if (isLineEnd) {
      endRecord();
      if (isWrong) {
        return { errorLine: recordLine };
      }
      line++;
      recordLine = line;
    } else if (state === "after quote") {
      return { errorLine: recordLine };
    } else {
      state = "plain";
      field = (field ?? "") + character;
    }
  }
  if (state === "quoted") {
    return { errorLine: recordLine };
  }
  if (row.length > 0 || state !== "start") {
    endRecord();
  }
  if (isWrong) {
    return { errorLine: recordLine };
  }
  return { rows: rows.map((each) => each.map((value) => value?.replaceAll("\n\0", "\r\n") ?? null)) };
}

/** JSON through `JSON.parse`: the whole array, or every object alone. The model does not say on which line it fails. */
function modelJson(text: string): Outcome {
  try {
    const values: unknown = text.trim().startsWith("[")
      ? JSON.parse(text)
      : objectTexts(text).map((each) => JSON.parse(each));
    const objects = values as Record<string, unknown>[];
    if (!objects.every((each) => typeof each === "object" && each !== null && !Array.isArray(each))) {
      return { errorLine: 0 };
    }
    const columns = [...new Set(objects.flatMap((each) => Object.keys(each)))];
    return { rows: objects.map((each) => columns.map((column) => modelValue(each[column]))) };
  } catch {
    return { errorLine: 0 };
  }
}

function modelValue(value: unknown): SqlValue {
  if (typeof value === "boolean") {
    return value ? 1 : 0;
  }
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : ((value as SqlValue | undefined) ?? null);
}

/** The text cut behind each closing brace that is outermost and outside of strings. */
function objectTexts(text: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    depth += token === "{" ? 1 : token === "}" ? -1 : 0;
    if (depth === 0 && token === "}") {
      texts.push(text.slice(start, index + 1));
      start = index + 1;
    }
  }
  const rest = text.slice(start).trim();
  return rest === "" ? texts : [...texts, rest];
}

function below(rng: Rng, bound: number): number {
  return rng.next() % bound;
}

function chance(rng: Rng, oneIn: number): boolean {
  return below(rng, oneIn) === 0;
}

function pick<Value>(rng: Rng, values: readonly Value[]): Value {
  return values[below(rng, values.length)]!;
}
