/**
 * What SQLite 3.53.2 (through better-sqlite3 12.x) answers, from test/fixtures/sql-json-answers.json.
 *
 *   expressions   [expression, answer]
 *   tables        [function, json, path, rows of key, value, type, atom, id, parent, fullkey, path]
 *
 * Values: null, text, whole numbers for INTEGER; { real }, { big } for integers beyond 2^53, { blob } in hex; { error } instead.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SqlValue } from "../../../src/sql/index.ts";
import { checkoutRoot } from "../../support/source-tree.ts";

export type Encoded = null | string | number | { real: number | string } | { big: string } | { blob: string };
export type Failure = { readonly error: string };

interface Answers {
  readonly expressions: readonly (readonly [expression: string, answer: Encoded | Failure])[];
  readonly tables: readonly (readonly [
    name: "json_each" | "json_tree" | "jsonb_each" | "jsonb_tree",
    json: string | null,
    path: string | null,
    rows: readonly (readonly Encoded[])[] | Failure,
  ])[];
}

export const answers: Answers = JSON.parse(
  readFileSync(join(checkoutRoot(), "test/fixtures/sql-json-answers.json"), "utf8"),
);

export function isFailure(answer: unknown): answer is Failure {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

/** A value with its type, for comparison: `integer 1` is not `real 1`. */
export function typed(value: Encoded): string {
  if (value === null) {
    return "null";
  }
  if (typeof value !== "object") {
    return typeof value === "number" ? `integer ${value}` : `text ${value}`;
  }
  return "real" in value ? `real ${value.real}` : "big" in value ? `integer ${value.big}` : `blob ${value.blob}`;
}

export function shown(type: string, value: SqlValue): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
  return value === null ? "null" : `${type} ${text}`;
}
