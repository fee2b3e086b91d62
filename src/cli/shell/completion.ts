/** What the Tab key adds: dot commands, names of tables and columns, and SQL's words. */
import { SQL_KEYWORDS } from "../../sql/index.ts";
import type { Table } from "../database.ts";
import { printable } from "../width.ts";
import { DOT_COMMAND_NAMES } from "./dot-commands.ts";
import type { ShellSession } from "./session.ts";

/** Behind these words there is a table. */
const BEFORE_TABLE = /\b(?:FROM|JOIN|INTO|UPDATE|TABLE|VIEW|REFERENCES|INDEXES|SCHEMA|DUMP)\s+$/i;

/** What the word before the cursor can become, and that word: as readline wants it. */
export function complete(session: ShellSession, line: string): [string[], string] {
  const word = /[\w.$\u0080-\uffff]*$/.exec(line)?.[0] ?? "";
  if (line === word && word.startsWith(".")) {
    return [DOT_COMMAND_NAMES.filter((name) => name.startsWith(word)), word];
  }
  const tables = session.sql.tables();
  const point = word.lastIndexOf(".");
  if (point >= 0) {
    return [columnsOf(tables, word.slice(0, point), line).filter((name) => fits(name, word)), word];
  }
  const names = tables.map(({ name }) => name);
  if (BEFORE_TABLE.test(line.slice(0, line.length - word.length))) {
    return [names.filter((name) => fits(name, word)), word];
  }
  const columns = tables.flatMap((table) => table.columns.map(({ name }) => name));
  const known = [...new Set([...names, ...columns])].filter((name) => fits(name, word));
  return [word === "" ? known : [...known, ...keywords(word)], word];
}

/** `t.` is a table's columns; of a name that is no table's, those of all tables that the line names. */
function columnsOf(tables: readonly Table[], prefix: string, line: string): string[] {
  const named = tables.filter(({ name }) => name.toLowerCase() === prefix.toLowerCase());
  const words = new Set(line.toLowerCase().match(/[\w$\u0080-\uffff]+/g));
  const meant = named.length > 0 ? named : tables.filter(({ name }) => words.has(name.toLowerCase()));
  return [...new Set(meant.flatMap((table) => table.columns.map(({ name }) => `${prefix}.${name}`)))];
}

/** In the case in which the word was begun. */
function keywords(word: string): string[] {
  const isLower = word === word.toLowerCase();
  return SQL_KEYWORDS.filter((keyword) => keyword.startsWith(word.toUpperCase())).map((keyword) =>
    isLower ? keyword.toLowerCase() : keyword,
  );
}

/** Names that a terminal would act upon are not offered. */
function fits(name: string, word: string): boolean {
  return name.toLowerCase().startsWith(word.toLowerCase()) && printable(name) === name;
}
