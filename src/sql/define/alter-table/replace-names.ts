/** Puts another name in the place of names in a text, in quotes or without as SQLite does. */
import { Tokenizer } from "../../parse/tokenizer.ts";

/**
 * `offsets` is where the names begin. The new one is in quotes where the old one was, or where `isQuoted` says so; where a quote
 * follows immediately, a space keeps them apart.
 */
export function replaceNames(sql: string, offsets: Iterable<number>, name: string, isQuoted: boolean): string {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  let replaced = "";
  let from = 0;
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    const { end } = new Tokenizer(sql, offset);
    const isBare = !isQuoted && !QUOTES.has(sql[offset]!);
    replaced += sql.slice(from, offset) + (isBare ? name : quoted) + (!isBare && sql[end] === '"' ? " " : "");
    from = end;
  }
  return replaced + sql.slice(from);
}

const QUOTES: ReadonlySet<string> = new Set(['"', "'", "`", "["]);
