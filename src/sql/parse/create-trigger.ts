/** CREATE TRIGGER: when it fires, and the statements that it is made of. */
import type { CreateTrigger } from "./ast/definition.ts";
import type { Name, Query } from "./ast/query.ts";
import type { Delete, Insert, Update } from "./ast/write.ts";
import { parseName, parseQualifiedName, takeIf } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseDelete, parseInsert, parseUpdate } from "./write.ts";

/** From IF NOT EXISTS or the trigger's name on: CREATE TRIGGER is behind. */
export function parseCreateTrigger(tokens: TokenStream, temporary: boolean): CreateTrigger {
  const ifNotExists = takeIf(tokens, "NOT");
  const name = parseQualifiedName(tokens);
  const time = parseTime(tokens);
  const { event, columns } = parseEvent(tokens);
  tokens.expect("ON");
  const table = parseQualifiedName(tokens);
  if (tokens.take("FOR")) {
    tokens.expect("EACH");
    tokens.expect("ROW");
  }
  const when = tokens.take("WHEN") ? tokens.expression() : undefined;
  if (temporary && name.schema !== undefined) {
    tokens.complain("temporary trigger may not have qualified name", name.at);
  }
  tokens.expect("BEGIN");
  const isTemporary = temporary || tokens.isOfTemporary || name.schema?.toLowerCase() === "temp";
  tokens.trigger = isTemporary ? "temporary" : "stored";
  const body: CreateTrigger["body"][number][] = [];
  do {
    body.push(parseStep(tokens));
    tokens.expect(";");
  } while (tokens.kind !== "END");
  tokens.trigger = undefined;
  tokens.expect("END");
  if (tokens.parameterCount > 0) {
    tokens.complain("trigger cannot use variables", name.at);
  }
  const text = `CREATE TRIGGER ${tokens.text.slice(name.at, tokens.previousEnd)}`;
  return { kind: "create-trigger", ...name, temporary, ifNotExists, time, event, columns, table, when, body, text };
}

function parseTime(tokens: TokenStream): CreateTrigger["time"] {
  if (tokens.take("AFTER")) {
    return "after";
  }
  if (tokens.take("INSTEAD")) {
    tokens.expect("OF");
    return "instead of";
  }
  tokens.take("BEFORE");
  return "before";
}

interface TriggerEvent {
  readonly event: CreateTrigger["event"];
  readonly columns: readonly Name[] | undefined;
}

function parseEvent(tokens: TokenStream): TriggerEvent {
  if (tokens.take("DELETE")) {
    return { event: "delete", columns: undefined };
  }
  if (tokens.take("INSERT")) {
    return { event: "insert", columns: undefined };
  }
  tokens.expect("UPDATE");
  if (!tokens.take("OF")) {
    return { event: "update", columns: undefined };
  }
  const columns: Name[] = [];
  do {
    columns.push(parseName(tokens));
  } while (tokens.take(","));
  return { event: "update", columns };
}

function parseStep(tokens: TokenStream): Insert | Update | Delete | Query {
  switch (tokens.kind) {
    case "INSERT":
    case "REPLACE":
      return parseInsert(tokens, undefined);
    case "UPDATE":
      return parseUpdate(tokens, undefined);
    case "DELETE":
      return parseDelete(tokens, undefined);
    case "SELECT":
    case "VALUES":
    case "WITH":
      return tokens.query();
    default:
      throw tokens.unexpected();
  }
}
