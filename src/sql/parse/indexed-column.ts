/** The columns and expressions of an index, of a key, and of what ON CONFLICT is about. */
import type { KeyColumn } from "./ast/definition.ts";
import type { Expression } from "./ast/query.ts";
import type { ConflictAction, IndexedExpression } from "./ast/write.ts";
import { parseOnConflict } from "./conflict.ts";
import { MAX_COLUMNS, takeDirection, takeNullsFirst } from "./expression-list.ts";
import type { TokenStream } from "./token-stream.ts";

/** One or several, in parentheses. */
export function parseIndexedExpressions(tokens: TokenStream): IndexedExpression[] {
  tokens.expect("(");
  const list = parseList(tokens);
  tokens.expect(")");
  return list;
}

export interface Key {
  readonly columns: readonly KeyColumn[];
  readonly autoincrement: boolean;
  readonly conflict: ConflictAction | undefined;
}

/** The columns of a PRIMARY KEY or UNIQUE of the table, and ON CONFLICT; only a primary key can count by itself. */
export function parseKey(tokens: TokenStream, isPrimary: boolean): Key {
  tokens.expect("(");
  const list = parseList(tokens);
  const autoincrement = isPrimary && tokens.take("AUTOINCREMENT");
  tokens.expect(")");
  const conflict = parseOnConflict(tokens);
  const columns: KeyColumn[] = [];
  for (const { at, expression, collation, descending } of list) {
    const name = nameOf(expression);
    if (name === undefined) {
      const isDotted = expression.kind === "name" && expression.table !== undefined;
      const what = isDotted
        ? 'the "." operator prohibited in index expressions'
        : "expressions prohibited in PRIMARY KEY and UNIQUE constraints";
      tokens.complain(what, at);
    } else {
      columns.push({ name, at, collation, descending });
    }
  }
  return { columns, autoincrement, conflict };
}

/** SQLite lets a string stand for a column here. */
function nameOf(expression: Expression): string | undefined {
  if (expression.kind === "text") {
    return expression.value;
  }
  return expression.kind === "name" && expression.table === undefined ? expression.column : undefined;
}

function parseList(tokens: TokenStream): IndexedExpression[] {
  const list: IndexedExpression[] = [];
  do {
    list.push(parseOne(tokens));
  } while (tokens.take(","));
  if (list.length > MAX_COLUMNS) {
    tokens.complain("too many columns in index");
  }
  return list;
}

function parseOne(tokens: TokenStream): IndexedExpression {
  const at = tokens.start;
  let expression = tokens.expression();
  const text = tokens.text.slice(at, tokens.previousEnd);
  let collation: string | undefined;
  while (expression.kind === "collate") {
    collation ??= expression.collation;
    expression = expression.operand;
  }
  const descending = takeDirection(tokens);
  const nullsAt = tokens.start;
  const nullsFirst = takeNullsFirst(tokens);
  if (nullsFirst !== undefined) {
    tokens.complain(`unsupported use of NULLS ${nullsFirst ? "FIRST" : "LAST"}`, nullsAt);
  }
  return { at, expression, text, collation, descending };
}
