/**
 * The columns that a file's rows become: their names, their types, and the values that fit these.
 *
 * Types are SQLite's affinities, told from a sample of the rows: INTEGER if all of a column's values are integers, REAL if
 * they are numbers, TEXT otherwise (and for a column without values). A later value that does not fit its
 * column's type is kept as text, which SQLite's columns allow, and counted, so that the user hears of it.
 */
import type { SqlValue } from "../database.ts";
import { KIND_INTEGER, KIND_TEXT, numberOf } from "./number-text.ts";

export type ColumnType = "INTEGER" | "REAL" | "TEXT";

export interface ImportColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** `kinds`: the KIND_ bits of all values seen in the column. */
export function typeOfKinds(kinds: number): ColumnType {
  if (kinds === 0 || (kinds & KIND_TEXT) !== 0) {
    return "TEXT";
  }
  return kinds === KIND_INTEGER ? "INTEGER" : "REAL";
}

/** Names for columns: trimmed, `column_3` where there is none, and `name_2` where one (whatever its case) is taken. */
export function columnNames(headings: readonly (string | null)[]): string[] {
  const taken = new Set<string>();
  const names: string[] = [];
  for (const [index, heading] of headings.entries()) {
    const wanted = heading?.trim() || `column_${index + 1}`;
    let name = wanted;
    for (let copy = 2; taken.has(name.toLowerCase()); copy++) {
      name = `${wanted}_${copy}`;
    }
    taken.add(name.toLowerCase());
    names.push(name);
  }
  return names;
}

/** Puts the values of CSV rows, which are all text, into the types of their columns, in place. */
export class TypedColumns {
  #columns: readonly ImportColumn[];
  #nullText: string | undefined;
  #misfitCounts: number[];
  #firstMisfits: (string | undefined)[];

  /** Values that read `nullText` become NULL, as empty ones always do. */
  constructor(columns: readonly ImportColumn[], nullText: string | undefined) {
    this.#columns = columns;
    this.#nullText = nullText;
    this.#misfitCounts = columns.map(() => 0);
    this.#firstMisfits = columns.map(() => undefined);
  }

  convert(row: SqlValue[]): void {
    const columns = this.#columns;
    for (let index = 0; index < columns.length; index++) {
      const text = row[index];
      if (typeof text === "string") {
        if (text === this.#nullText) {
          row[index] = null;
        } else if (columns[index]!.type !== "TEXT") {
          row[index] = this.#number(text, index);
        }
      }
    }
  }

  /** A sentence for every column that has met values which are no numbers although its type is one. */
  warnings(): string[] {
    const sentences: string[] = [];
    for (const [index, { name, type }] of this.#columns.entries()) {
      const count = this.#misfitCounts[index]!;
      if (count > 0) {
        const values = count === 1 ? "1 value is" : `${count} values are`;
        const example = `(${count === 1 ? "" : "the first: "}${JSON.stringify(this.#firstMisfits[index])})`;
        sentences.push(
          `column ${name} is ${type}, but ${values} written otherwise ${example}; to keep such values as they are, ` +
            `create the table with ${name} TEXT and import again`,
        );
      }
    }
    return sentences;
  }

  #number(text: string, index: number): SqlValue {
    const value = numberOf(text);
    if (value !== undefined) {
      return value;
    }
    if (text === "") {
      return null;
    }
    this.#misfitCounts[index]!++;
    this.#firstMisfits[index] ??= text;
    return text;
  }
}
