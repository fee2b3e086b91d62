/**
 * Errors that point into the text of a statement:
 *
 *   INVALID: near "users": syntax error at line 1, column 14
 *     SELECT * FRM users
 *                  ^
 *
 * The message begins with SQLite's own words. The excerpt is one line, cut to a window around the place, with control
 * characters blanked, so that neither a megabyte on one line nor an escape sequence in it reaches a terminal. `facts`
 * carries line and column (from 1, counted in UTF-16 units) and the offset.
 */
import { DbError, type DbErrorCode } from "../../errors.ts";

/** How much of the line stands before and after the place. */
const EXCERPT_BEFORE = 48;
const EXCERPT_AFTER = 32;
const NEAR_LENGTH = 200;

export interface Place {
  readonly line: number;
  readonly column: number;
  readonly excerpt: string;
}

export function placeOf(text: string, offset: number): Place {
  const at = Math.min(offset, text.length);
  const lineStart = at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < lineStart; i = text.indexOf("\n", i + 1)) {
    line++;
  }
  const nextLine = text.indexOf("\n", at);
  const from = Math.max(lineStart, at - EXCERPT_BEFORE);
  const to = Math.min(nextLine < 0 ? text.length : nextLine, at + EXCERPT_AFTER);
  const lead = from > lineStart ? "…" : "";
  const excerpt = `  ${lead}${printable(text.slice(from, to))}\n  ${" ".repeat(lead.length + at - from)}^`;
  return { line, column: at - lineStart + 1, excerpt };
}

/** A DbError whose message ends with the place and its excerpt. */
export function errorAt(code: DbErrorCode, message: string, text: string, offset: number): DbError {
  const { line, column, excerpt } = placeOf(text, offset);
  return new DbError(code, `${message} at line ${line}, column ${column}\n${excerpt}`, { line, column, offset });
}

/** What an error says, without its place. */
export function messageWithoutPlace({ message, facts: { line, column } }: DbError): string {
  const end = line === undefined ? -1 : message.lastIndexOf(` at line ${line}, column ${column}\n`);
  return end < 0 ? message : message.slice(0, end);
}

/** What stands at `[start, end)`, in quotes, short enough for a message. */
export function quoteNear(text: string, start: number, end: number): string {
  const near = printable(text.slice(start, Math.min(end, start + NEAR_LENGTH)));
  return end - start > NEAR_LENGTH ? `"${near}…"` : `"${near}"`;
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, " ");
}
