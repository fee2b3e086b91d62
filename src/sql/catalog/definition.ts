/** A CREATE statement while what it describes is made of it: its text for errors, and the collations that it may name. */
import type { DbError, DbErrorCode } from "../../errors.ts";
import type { CreateTable } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { errorAt } from "../parse/syntax-error.ts";
import { BUILT_IN_COLLATIONS, type Collation } from "../value/collation.ts";
import { foldName } from "./name.ts";

export class Definition {
  readonly parsed: ParsedStatement;
  readonly statement: CreateTable;

  constructor(parsed: ParsedStatement, statement: CreateTable) {
    this.parsed = parsed;
    this.statement = statement;
  }

  collation(name: string, at: number): Collation | undefined {
    const folded = foldName(name);
    if (!BUILT_IN_COLLATIONS.has(folded)) {
      throw this.fail(`no such collation sequence: ${name}`, at);
    }
    return BUILT_IN_COLLATIONS.get(folded);
  }

  fail(message: string, at: number, code: DbErrorCode = "INVALID"): DbError {
    return errorAt(code, message, this.parsed.text, at - this.parsed.start);
  }
}
