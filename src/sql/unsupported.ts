/**
 * What the parser takes and the later stages do not have yet is refused here by name, before a statement is bound: the
 * first such construct is UNSUPPORTED, with its place. Nothing is ever read and then ignored.
 *
 * A query is refused nothing.
 */
import type { DbError } from "../errors.ts";
import type {
  AlterTable,
  CreateIndex,
  CreateTable,
  CreateTrigger,
  CreateView,
  CreateVirtualTable,
  Drop,
} from "./parse/ast/definition.ts";
import type { Query } from "./parse/ast/query.ts";
import type {
  Attach,
  Detach,
  Explain,
  Maintenance,
  ParsedStatement,
  Pragma,
  Statement,
  TransactionStatement,
  Vacuum,
} from "./parse/ast/statement.ts";
import type { Delete, Insert, Update } from "./parse/ast/write.ts";
import { errorAt } from "./parse/syntax-error.ts";

export type SupportedStatement =
  | Query
  | Attach
  | Detach
  | Insert
  | Update
  | Delete
  | CreateTable
  | CreateIndex
  | CreateTrigger
  | CreateView
  | CreateVirtualTable
  | Drop
  | TransactionStatement
  | Pragma
  | AlterTable
  | Maintenance
  | Vacuum
  | Explain;

/** The statement, if all of it is there. */
export function supportedStatement(parsed: ParsedStatement): SupportedStatement {
  const refuse: Refuse = (construct, at) => {
    throw unsupportedAt(parsed, construct, at);
  };
  return checkStatement(refuse, parsed.statement);
}

/** The construct is SQLite's, but not (yet) nacre's. */
function unsupportedAt(parsed: ParsedStatement, construct: string, at: number): DbError {
  return errorAt("UNSUPPORTED", `${construct} is not supported`, parsed.text, at - parsed.start);
}

type Refuse = (construct: string, at: number) => never;

function checkStatement(refuse: Refuse, statement: Statement): SupportedStatement {
  switch (statement.kind) {
    case "vacuum":
      checkVacuum(refuse, statement);
      return statement;
    case "explain":
      if (statement.form === "analyze" && statement.statement.kind !== "query") {
        refuse("EXPLAIN ANALYZE of a statement that writes", statement.at);
      }
      checkStatement(refuse, statement.statement);
      return statement;
    case "attach":
      if (statement.key !== undefined) {
        refuse("KEY of ATTACH", statement.key.at);
      }
      return statement;
    default:
      return statement;
  }
}

function checkVacuum(refuse: Refuse, { into }: Vacuum): void {
  if (into !== undefined) {
    refuse("VACUUM INTO", into.at);
  }
}
