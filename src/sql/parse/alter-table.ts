/** ALTER TABLE. */
import type { AlterTable, AlterTableChange, Check } from "./ast/definition.ts";
import { parseColumn, parseParenthesizedText } from "./column-definition.ts";
import { parseOnConflict } from "./conflict.ts";
import { parseName, parseQualifiedName } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";

export function parseAlterTable(tokens: TokenStream): AlterTable {
  const at = tokens.start;
  tokens.expect("ALTER");
  tokens.expect("TABLE");
  const table = parseQualifiedName(tokens);
  return { kind: "alter-table", at, table, change: parseChange(tokens) };
}

function parseChange(tokens: TokenStream): AlterTableChange {
  if (tokens.take("RENAME")) {
    return parseRename(tokens);
  }
  if (tokens.take("ADD")) {
    return tokens.kind === "CONSTRAINT" || tokens.kind === "CHECK" ? parseAddCheck(tokens) : parseAddColumn(tokens);
  }
  if (tokens.take("DROP")) {
    if (tokens.take("CONSTRAINT")) {
      return { kind: "drop-constraint", constraint: parseName(tokens) };
    }
    tokens.take("COLUMN");
    return { kind: "drop-column", column: parseName(tokens) };
  }
  tokens.expect("ALTER");
  return parseAlterColumn(tokens);
}

function parseRename(tokens: TokenStream): AlterTableChange {
  if (tokens.take("TO")) {
    return { kind: "rename-table", to: parseName(tokens) };
  }
  tokens.take("COLUMN");
  const column = parseName(tokens);
  tokens.expect("TO");
  const quoted = tokens.kind === "quoted" || tokens.kind === "string";
  return { kind: "rename-column", column, to: parseName(tokens), quoted };
}

function parseAddColumn(tokens: TokenStream): AlterTableChange {
  tokens.take("COLUMN");
  const from = tokens.start;
  const { definition, constraints } = parseColumn(tokens);
  return { kind: "add-column", column: definition, constraints, text: textFrom(tokens, from) };
}

function parseAddCheck(tokens: TokenStream): AlterTableChange {
  const at = tokens.start;
  const name = tokens.take("CONSTRAINT") ? tokens.name() : undefined;
  tokens.expect("CHECK");
  const parsed = parseParenthesizedText(tokens);
  const constraint: Check = { kind: "check", at, name, ...parsed, conflict: parseOnConflict(tokens) };
  return { kind: "add-check", constraint, text: textFrom(tokens, at) };
}

/** SET NOT NULL and DROP NOT NULL. */
function parseAlterColumn(tokens: TokenStream): AlterTableChange {
  tokens.take("COLUMN");
  const column = parseName(tokens);
  const drops = tokens.take("DROP");
  if (!drops) {
    tokens.expect("SET");
  }
  const from = tokens.start;
  tokens.expect("NOT");
  tokens.expect("NULL");
  if (drops) {
    return { kind: "drop-not-null", column };
  }
  const conflict = parseOnConflict(tokens);
  return { kind: "set-not-null", column, conflict, text: textFrom(tokens, from) };
}

/**
 * What goes into the table's text: up to the semicolon, comments too, as SQLite keeps it. A comment that only a line's end
 * closes is left out, since it would swallow what comes behind it there.
 */
function textFrom(tokens: TokenStream, from: number): string {
  const { text, previousEnd, start } = tokens;
  const isOpen = text.slice(previousEnd, start).includes("--");
  return text.slice(from, isOpen ? previousEnd : start).trimEnd();
}
