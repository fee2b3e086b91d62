/** Constraints put into the text of a CREATE TABLE and taken out of it. Only NOT NULL and CHECK can be. */
import { foldName } from "../../catalog/name.ts";
import { columnEnds, type Word, wordsOf } from "./table-words.ts";

/** What a constraint without name, or whatever stands behind a column's type, begins with. */
const FIRST_WORDS: ReadonlySet<string> = new Set(
  "CONSTRAINT PRIMARY NOT UNIQUE CHECK DEFAULT COLLATE REFERENCES FOREIGN GENERATED AS , )".split(" "),
);
/** A name in front of these names nothing. */
const UNNAMED: ReadonlySet<string> = new Set("CONSTRAINT DEFAULT COLLATE GENERATED AS , )".split(" "));

export function withColumnConstraint(sql: string, column: number, constraint: string): string {
  const end = columnEnds(sql)[column]!;
  return `${sql.slice(0, end)} ${constraint}${sql.slice(end)}`;
}

export function withTableConstraint(sql: string, constraint: string): string {
  const end = columnEnds(sql).at(-1)!;
  return `${sql.slice(0, end)}, ${constraint}${sql.slice(end)}`;
}

export function hasConstraint(sql: string, name: string): boolean {
  const words = wordsOf(sql);
  return words.some(({ kind }, index) => kind === "CONSTRAINT" && isNamed(words[index + 1], name));
}

/** The text without the NOT NULL of a column, if it has one. */
export function withoutNotNull(sql: string, column: number): string {
  const words = wordsOf(sql);
  let at = 0;
  for (let index = 0; index < words.length && at <= column; index++) {
    const { kind } = words[index]!;
    if (at === column && kind === "CONSTRAINT") {
      const named = namedConstraint(words, index);
      if (named.kind === "NOT") {
        return without(sql, words, index, named.end);
      }
      index = named.end - 1;
    } else if (at === column && kind === "NOT") {
      return without(sql, words, index, constraintEnd(words, index + 1));
    } else if (kind === ",") {
      at++;
    }
  }
  return sql;
}

/** Undefined: there is no constraint of that name. */
export function findConstraint(
  sql: string,
  name: string,
): { readonly isDroppable: boolean; readonly without: () => string } | undefined {
  const words = wordsOf(sql);
  for (let index = 0; index < words.length; index++) {
    if (words[index]!.kind === "CONSTRAINT") {
      const { kind, end } = namedConstraint(words, index);
      if (isNamed(words[index + 1], name)) {
        const isDroppable = kind === "NOT" || kind === "CHECK";
        return { isDroppable, without: () => without(sql, words, index, end) };
      }
      index = end - 1;
    }
  }
  return undefined;
}

/** What a CONSTRAINT with its name is, by the first word of it, and the word behind it. A name alone is as good as a CHECK. */
function namedConstraint(words: readonly Word[], index: number): { readonly kind: string; readonly end: number } {
  const first = index + 2;
  const { kind } = words[first]!;
  return UNNAMED.has(kind) ? { kind: "CHECK", end: first } : { kind, end: constraintEnd(words, first + 1) };
}

function constraintEnd(words: readonly Word[], from: number): number {
  return words.findIndex(({ kind }, index) => index >= from && FIRST_WORDS.has(kind));
}

/** Without the words from `from` to `to`: a comma before them goes too where nothing of the definition is left behind them. */
function without(sql: string, words: readonly Word[], from: number, to: number): string {
  const start = words[from]!.previousEnd;
  const next = words[to]!;
  const isLast = next.kind === ")" || next.kind === ",";
  const isWhole = isLast && sql[start - 1] === ",";
  return sql.slice(0, isWhole ? start - 1 : start) + (isLast ? "" : " ") + sql.slice(next.start);
}

function isNamed(word: Word | undefined, name: string): boolean {
  return word !== undefined && foldName(word.name) === foldName(name);
}
