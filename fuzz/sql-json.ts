/**
 * Random and mutated JSON, as text and as JSONB: each function answers or throws a DbError of code INVALID, and
 *
 *   a text and its JSONB are the same JSON, forth and back
 *   a path leads to the same in the text, in the text where it lies, and in the JSONB
 *   what json_valid() takes has no error position, and what it does not take has one
 *   rows of json_tree() are found again by their `fullkey`
 *
 * Canary "last-label": of two members of one label the last counts (what JSON.parse does) where a path is followed in text; the
 * fuzzer must see that the JSONB says something else.
 */
import { DbError } from "../src/errors.ts";
import type { Rng } from "../src/random.ts";
import { scalarFunction } from "../src/sql/value/functions/registry.ts";
import type { ScalarFunction } from "../src/sql/value/functions/scalar-function.ts";
import { ARROW, DOUBLE_ARROW, JSON_FUNCTIONS, JsonTable } from "../src/sql/value/json/index.ts";
import { encodeText } from "../src/sql/value/text.ts";
import { answer, answered, type SqlValue, TEXT, tagOf } from "../src/sql/value/value.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const PIECES: readonly string[] = [
  ...["{", "}", "[", "]", ",", ":", '"', "'", "\\", "/", " ", "\n", "-", "+", ".", "0", "e", "x", "\0", "\ud800"],
  ...[
    "null",
    "true",
    "NaN",
    "Infinity",
    "0x1F",
    "1e5",
    ".5",
    "5.",
    '"a"',
    '"a":',
    "a:",
    "/*",
    "*/",
    "//",
    "\\u0041",
    "é",
  ],
];
// Often the same label, and the path to it.
const STRINGS: readonly string[] = [
  ...["a", "a", "a", "a", "b", "b", "a b", "", "é", "\\n", "\\u0041", "\\ud83d\\ude00", "a.b", "[0]", "\\\\"],
];
const NUMBERS: readonly string[] = ["0", "-0", "1", "1.50", "-1e3", "12345678901234567890", "0.1", "1E400"];
const STEPS: readonly string[] = [
  ...[".a", ".a", ".a", ".b", "[0]", "[1]", "[#]", "[#-1]", '."a b"', '."\\u0041"', ".é", "[", ".", '."a'],
];
const VALUES: readonly SqlValue[] = [null, 1, 0.5, "x", 'a"b', Number.POSITIVE_INFINITY, new Uint8Array([0x1b, 1])];

function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.next() % list.length]!;
}

/** RFC 8259, with white space now and then. */
function randomJson(rng: Rng, depth: number): string {
  const space = rng.next() % 6 === 0 ? " " : "";
  const kind = rng.next() % (depth > 0 ? 8 : 4);
  if (kind < 4) {
    return (
      space + (kind === 0 ? pick(rng, ["true", "false", "null"]) : kind < 3 ? pick(rng, NUMBERS) : randomString(rng))
    );
  }
  const parts: string[] = [];
  for (let left = rng.next() % 4; left > 0; left--) {
    const value = randomJson(rng, depth - 1);
    parts.push(kind < 6 ? value : `${space}${randomString(rng)}${space}:${value}`);
  }
  return kind < 6 ? `[${parts.join(",")}${space}]` : `{${parts.join(`${space},`)}${space}}`;
}

function randomString(rng: Rng): string {
  return `"${pick(rng, STRINGS)}"`;
}

function mutatedText(rng: Rng, text: string): string {
  const at = rng.next() % (text.length + 1);
  const end = Math.min(text.length, at + (rng.next() % 4));
  return text.slice(0, at) + (rng.next() % 3 === 0 ? "" : pick(rng, PIECES)) + text.slice(end);
}

function mutatedBytes(rng: Rng, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  for (let left = rng.next() % 3; left >= 0 && changed.length > 0; left--) {
    changed[rng.next() % changed.length] = rng.next() & 255;
  }
  return rng.next() % 4 === 0 ? changed.subarray(0, rng.next() % (changed.length + 1)) : changed;
}

function randomPath(rng: Rng): string {
  let path = rng.next() % 12 === 0 ? "" : "$";
  for (let left = rng.next() % 4; left > 0; left--) {
    path += pick(rng, STEPS);
  }
  return path;
}

function pairsOf(values: readonly SqlValue[]): unknown[] {
  return values.flatMap((value) => [tagOf(value)!, value]);
}

/** The answer as text that tells types apart, or "error" and what a DbError says; all else is thrown. */
function outcome(call: (...pairs: never[]) => void, ...parameters: unknown[]): string {
  try {
    (call as (...all: unknown[]) => void)(...parameters);
    return shown();
  } catch (error) {
    if (error instanceof DbError && error.code === "INVALID") {
      return `error: ${error.message}`;
    }
    throw error;
  }
}

function shown(): string {
  const value = answered();
  return `${answer.tag} ${value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value)}`;
}

function callOf(name: string): ScalarFunction["call"] {
  return scalarFunction(name)!.call;
}

function demandSame(what: string, left: string, right: string): void {
  if (left !== right) {
    throw new Error(`${what}: ${left} is not ${right}`);
  }
}

/** Every function gets the document, and paths and values as they come. */
function checkAll(rng: Rng, document: SqlValue): void {
  for (const entry of [...JSON_FUNCTIONS, ARROW, DOUBLE_ARROW]) {
    const values: SqlValue[] = [document];
    const count = Math.max(entry.minimum, Math.min(entry.maximum, rng.next() % 6));
    for (let i = 1; i < count; i++) {
      values.push(i % 2 === 1 && rng.next() % 8 !== 0 ? randomPath(rng) : pick(rng, VALUES));
    }
    outcome(entry.call, ...pairsOf(values.slice(0, count)));
  }
  for (const kind of ["each", "tree"] as const) {
    outcome(() => {
      const table = new JsonTable(kind, "text");
      table.open(tagOf(document)!, document, TEXT, randomPath(rng));
      for (let rows = 0; table.next() && rows < 1000; rows++) {
        table.answerColumn("fullkey");
        table.answerColumn("key");
        table.answerColumn("value");
      }
      table.answerColumn("path");
    });
  }
}

function checkText(rng: Rng, text: string, canary: string | undefined): void {
  checkAll(rng, text);
  const isValid = outcome(callOf("json_valid"), TEXT, text, 1, 2) === "1 1";
  const position = outcome(callOf("json_error_position"), TEXT, text);
  demandSame(`error position of ${JSON.stringify(text)}`, String(isValid), String(position === "1 0"));
  if (!isValid) {
    demandSame(`json of ${JSON.stringify(text)}`, outcome(callOf("json"), TEXT, text), "error: malformed JSON");
    return;
  }
  callOf("jsonb")(...(pairsOf([text]) as never[]));
  const binary = answered() as Uint8Array;
  const json = outcome(callOf("json"), ...pairsOf([text]));
  demandSame(`json of the JSONB of ${JSON.stringify(text)}`, outcome(callOf("json"), ...pairsOf([binary])), json);
  checkAll(rng, mutatedBytes(rng, binary));
  for (let i = 0; i < 4; i++) {
    checkPath(text, binary, randomPath(rng), canary);
  }
  checkTree(text, binary);
}

function checkPath(text: string, binary: Uint8Array, path: string, canary: string | undefined): void {
  const what = `${path} in ${JSON.stringify(text)}`;
  const extract = scalarFunction("json_extract")!;
  const expected = outcome(extract.call, ...pairsOf([binary, path]));
  // Of a text that nothing was asked of yet, and of one that is kept.
  const fresh = `${text} `;
  demandSame(
    what,
    canary === undefined ? outcome(extract.call, ...pairsOf([fresh, path])) : planted(text, path),
    expected,
  );
  demandSame(what, outcome(extract.call, ...pairsOf([fresh, path])), expected);
  const bytes = encodeText(`[${text}]`);
  const inPlace = outcome(extract.callInPlace!, bytes, 1, bytes.length - 1, ...pairsOf([path]));
  demandSame(`${what}, in place`, inPlace, expected);
  for (const arrow of [ARROW, DOUBLE_ARROW]) {
    const found = outcome(arrow.call, ...pairsOf([`${fresh} `, path]));
    demandSame(`${arrow.name} ${what}`, found, outcome(arrow.call, ...pairsOf([binary, path])));
  }
}

/** The bug of the canary. */
function planted(text: string, path: string): string {
  const last = text.lastIndexOf('"a":');
  const from = text.indexOf('"a":');
  const hidden = last > from ? `${text.slice(0, from)}"z":${text.slice(from + 4)}` : text;
  return outcome(callOf("json_extract"), ...pairsOf([`${hidden} `, path]));
}

/** Rows of the tree are found again, unless two labels are the same, or could be by their escapes. */
function checkTree(text: string, binary: Uint8Array): void {
  const table = new JsonTable("tree", "text");
  const rows = new Map<string, string>();
  let count = 0;
  table.open(tagOf(binary)!, binary);
  for (; table.next(); count++) {
    table.answerColumn("fullkey");
    const path = String(answered());
    // A hexadecimal number of more than 64 bits is well formed, but no value.
    rows.set(
      path,
      outcome(() => table.answerColumn("value")),
    );
  }
  if (rows.size < count || text.includes("\\")) {
    return;
  }
  for (const [path, value] of rows) {
    if (!path.replaceAll(/\."[^"]*"/g, "").includes('"')) {
      demandSame(`${path} of the tree of ${text}`, value, outcome(callOf("json_extract"), ...pairsOf([binary, path])));
    }
  }
}

export const sqlJsonFuzzer: Fuzzer = {
  name: "sql-json",
  canaries: ["last-label"],
  run(rng: Rng, options: FuzzOptions): void {
    for (let round = 0; round < 20; round++) {
      let text = randomJson(rng, 4);
      for (let left = rng.next() % 4; left > 0; left--) {
        text = mutatedText(rng, text);
      }
      checkText(rng, text, options.canary);
    }
  },
};
