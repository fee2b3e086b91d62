/**
 * The words between the parentheses of a CREATE TABLE, in which constraints are found as SQLite finds them: by their first words. What
 * is in parentheses inside is one word.
 */
import { assert } from "../../../assert.ts";
import { Tokenizer } from "../../parse/tokenizer.ts";

export interface Word {
  /** The kind of its token; `(` for all that is in parentheses. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  /** Where the word before it ended. */
  readonly previousEnd: number;
  /** Without quotes. */
  readonly name: string;
}

/** From behind the first parenthesis to the one that closes it, which is the last word. */
export function wordsOf(sql: string): readonly Word[] {
  const tokens = new Tokenizer(sql);
  while (tokens.kind !== "(") {
    assert(tokens.kind !== "end", "a table's text has parentheses");
    tokens.advance();
  }
  const words: Word[] = [];
  do {
    tokens.advance();
    words.push(nextWord(tokens));
  } while (words.at(-1)!.kind !== ")");
  return words;
}

/** Leaves the tokens at the last one of the word. */
function nextWord(tokens: Tokenizer): Word {
  const { kind, start, previousEnd } = tokens;
  const name = tokens.value();
  let open = kind === "(" ? 1 : 0;
  while (open > 0) {
    tokens.advance();
    assert(tokens.kind !== "end", "parentheses of a table's text are closed");
    open += tokens.kind === "(" ? 1 : tokens.kind === ")" ? -1 : 0;
  }
  return { kind, start, end: tokens.end, previousEnd, name };
}

/** Where each definition ends, of columns and then of constraints: at the comma behind it, or at the last parenthesis. */
export function columnEnds(sql: string): readonly number[] {
  return wordsOf(sql)
    .filter(({ kind }) => kind === "," || kind === ")")
    .map(({ start }) => start);
}
