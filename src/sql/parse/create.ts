/** CREATE INDEX, VIEW, TRIGGER and VIRTUAL TABLE, and the way to CREATE TABLE. */
import type { CreateIndex, CreateTable, CreateTrigger, CreateView, CreateVirtualTable } from "./ast/definition.ts";
import { parseCreateTable } from "./create-table.ts";
import { parseCreateTrigger } from "./create-trigger.ts";
import { parseIndexedExpressions } from "./indexed-column.ts";
import { parseColumnNames, parseName, parseQualifiedName, takeIf } from "./name.ts";
import { parseWhere } from "./query.ts";
import type { TokenStream } from "./token-stream.ts";

type Create = CreateTable | CreateIndex | CreateView | CreateTrigger | CreateVirtualTable;

export function parseCreate(tokens: TokenStream): Create {
  tokens.expect("CREATE");
  if (tokens.kind === "UNIQUE" || tokens.kind === "INDEX") {
    return parseCreateIndex(tokens);
  }
  if (tokens.kind === "VIRTUAL") {
    return parseCreateVirtualTable(tokens);
  }
  const temporary = tokens.take("TEMP") || tokens.take("TEMPORARY");
  if (tokens.take("TABLE")) {
    return parseCreateTable(tokens, temporary);
  }
  if (tokens.take("VIEW")) {
    return parseCreateView(tokens, temporary);
  }
  tokens.expect("TRIGGER");
  return parseCreateTrigger(tokens, temporary);
}

function parseCreateIndex(tokens: TokenStream): CreateIndex {
  const unique = tokens.take("UNIQUE");
  tokens.expect("INDEX");
  const ifNotExists = takeIf(tokens, "NOT");
  const name = parseQualifiedName(tokens);
  tokens.expect("ON");
  const table = parseName(tokens);
  const columns = parseIndexedExpressions(tokens);
  const whereAt = tokens.start + "WHERE".length;
  const where = parseWhere(tokens);
  const whereText = where === undefined ? undefined : tokens.text.slice(whereAt, tokens.previousEnd).trim();
  const text = `CREATE${unique ? " UNIQUE" : ""} INDEX ${tokens.text.slice(name.at, tokens.start)}`;
  return { kind: "create-index", ...name, unique, ifNotExists, table, columns, where, whereText, text };
}

function parseCreateView(tokens: TokenStream, temporary: boolean): CreateView {
  const ifNotExists = takeIf(tokens, "NOT");
  const name = parseQualifiedName(tokens);
  const columns = parseColumnNames(tokens);
  tokens.expect("AS");
  const query = tokens.query();
  const text = `CREATE VIEW ${tokens.text.slice(name.at, tokens.start).trimEnd()}`;
  if (tokens.parameterCount > 0) {
    tokens.complain("parameters are not allowed in views", name.at);
  }
  return { kind: "create-view", ...name, temporary, ifNotExists, columns, query, text };
}

function parseCreateVirtualTable(tokens: TokenStream): CreateVirtualTable {
  tokens.expect("VIRTUAL");
  tokens.expect("TABLE");
  const ifNotExists = takeIf(tokens, "NOT");
  const name = parseQualifiedName(tokens);
  tokens.expect("USING");
  const module = parseName(tokens);
  const list = tokens.take("(") ? parseModuleArguments(tokens) : [];
  const text = `CREATE VIRTUAL TABLE ${tokens.text.slice(name.at, tokens.previousEnd)}`;
  return { kind: "create-virtual-table", ...name, ifNotExists, module, arguments: list, text };
}

/** Whatever tokens there are, semicolons too, cut at commas outside of parentheses; empty ones count for nothing. */
function parseModuleArguments(tokens: TokenStream): string[] {
  const list: string[] = [];
  let open = 0;
  let from = tokens.start;
  const keep = (): void => {
    if (tokens.previousEnd > from) {
      list.push(tokens.text.slice(from, tokens.previousEnd));
    }
  };
  for (;;) {
    const { kind } = tokens;
    if (kind === "end") {
      throw tokens.unexpected();
    }
    if (open === 0 && (kind === ")" || kind === ",")) {
      keep();
      tokens.advance();
      from = tokens.start;
      if (kind === ")") {
        return list;
      }
      continue;
    }
    open += kind === "(" ? 1 : kind === ")" ? -1 : 0;
    tokens.advance();
  }
}
