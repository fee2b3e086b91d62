/** The text of a statement with its parameters' values in place: what `verbose` is shown. */
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { Tokenizer } from "../parse/tokenizer.ts";
import type { Arguments } from "../run/arguments.ts";
import { textOf } from "../value/affinity.ts";
import { BLOB, INTEGER, NULL, REAL, type Tag, TEXT } from "../value/value.ts";

/** Of a text or blob so many bytes are shown, as better-sqlite3 has SQLite built. */
const SHOWN_BYTES = 32;

export function expandedText({ text, parameters }: ParsedStatement, values: Arguments | undefined): string {
  if (values === undefined || parameters.length === 0) {
    return text;
  }
  const pieces: string[] = [];
  let from = 0;
  let last = 0;
  const tokens = new Tokenizer(text);
  for (; tokens.kind !== "end"; tokens.advance()) {
    if (tokens.kind === "parameter") {
      const word = text.slice(tokens.start, tokens.end);
      const number = word === "?" ? last + 1 : numberOf(word, parameters);
      last = Math.max(last, number);
      pieces.push(text.slice(from, tokens.start), literal(values, number - 1));
      from = tokens.end;
    }
  }
  return pieces.join("") + text.slice(from);
}

function numberOf(word: string, parameters: ParsedStatement["parameters"]): number {
  return word.startsWith("?") ? Number(word.slice(1)) : parameters.indexOf(word) + 1;
}

function literal(values: Arguments, index: number): string {
  const tag = values.tags[index] as Tag;
  switch (tag) {
    case NULL:
      return "NULL";
    case INTEGER:
    case REAL:
      return textOf(tag, values.numbers[index]!);
    case TEXT: {
      const bytes = Buffer.from(values.others[index] as string);
      return `'${shownText(bytes).replaceAll("'", "''")}'${restOf(bytes)}`;
    }
    case BLOB: {
      const bytes = values.others[index] as Uint8Array;
      return `x'${Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString("hex")}'${restOf(bytes)}`;
    }
    default:
      return String(values.others[index]);
  }
}

/** Whole characters. */
function shownText(bytes: Buffer): string {
  let end = Math.min(SHOWN_BYTES, bytes.length);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) {
    end++;
  }
  return bytes.toString("utf8", 0, end);
}

function restOf(bytes: Uint8Array): string {
  return bytes.length > SHOWN_BYTES ? `/*+${bytes.length - SHOWN_BYTES} bytes*/` : "";
}
