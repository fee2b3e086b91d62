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
  #types: readonly ColumnType[];
  #nullText: string | undefined;
  #misfits: number[];
  #firstMisfits: (string | undefined)[];

  /** Values that read `nullText` become NULL, as empty ones always do. */
  constructor(types: readonly ColumnType[], nullText: string | undefined) {
    this.#types = types;
    this.#nullText = nullText;
    this.#misfits = types.map(() => 0);
    this.#firstMisfits = types.map(() => undefined);
  }

  convert(row: SqlValue[]): void {
    const types = this.#types;
    for (let column = 0; column < types.length; column++) {
      const text = row[column];
      if (typeof text === "string") {
        if (text === this.#nullText) {
          row[column] = null;
        } else if (types[column] !== "TEXT") {
          row[column] = this.#number(text, column);
        }
      }
    }
  }

  /** How many values of a column were no numbers although its type is one, and the first of them. */
  misfits(column: number): { readonly count: number; readonly first: string | undefined } {
    return { count: this.#misfits[column]!, first: this.#firstMisfits[column] };
  }

  #number(text: string, column: number): SqlValue {
    const value = numberOf(text);
    if (value !== undefined) {
      return value;
    }
    if (text === "") {
      return null;
    }
    this.#misfits[column]!++;
    this.#firstMisfits[column] ??= text;
    return text;
  }
}
