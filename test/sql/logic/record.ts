/**
 * What a script in the SQL logic test format (sqllogictest) is made of.
 *
 *   statement ok | statement error          the SQL behind it succeeds, or fails
 *   query IRT rowsort label                 the SQL behind it gives the values behind "----", one a line
 *   hash-threshold 8                        of more values than that the script has the MD5 of all
 *   halt                                    ends the script
 *   skipif NAME, onlyif NAME                before any of these: not, or only, for that engine
 *
 * Records end with an empty line; lines that begin with "#" are not there.
 */

export interface Condition {
  readonly word: "skipif" | "onlyif";
  /** In lower case. */
  readonly engine: string;
}

export type SortMode = "nosort" | "rowsort" | "valuesort";

export type LogicRecord = {
  /** Of its first line behind the conditions, from 1. */
  readonly line: number;
  readonly conditions: readonly Condition[];
} & (
  | { readonly kind: "statement"; readonly sql: string; readonly isError: boolean }
  | LogicQuery
  | { readonly kind: "hash-threshold"; readonly count: number }
  | { readonly kind: "halt" }
);

export interface LogicQuery {
  readonly kind: "query";
  readonly sql: string;
  /** A letter a column: I, R or T. */
  readonly types: string;
  readonly sort: SortMode;
  /** Queries of one label have the same values. */
  readonly label: string | undefined;
  readonly answer: readonly string[];
  /** The lines that the answer stands in, with "----", from 0; the second is the one behind it. */
  readonly answerLines: readonly [number, number];
}

/** Whether an engine of that name plays the record. */
export function isFor({ conditions }: LogicRecord, engine: string): boolean {
  return conditions.every((condition) => (condition.engine === engine) === (condition.word === "onlyif"));
}
