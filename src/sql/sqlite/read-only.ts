/** Which statements change nothing, as SQLite has it. */
import type { Statement } from "../parse/ast/statement.ts";

export function isReadOnly(statement: Statement): boolean {
  switch (statement.kind) {
    case "query":
    case "explain":
    case "commit":
    case "rollback":
    case "savepoint":
    case "release":
    case "rollback-to":
    case "attach":
    case "detach":
      return true;
    case "begin":
      // The others take the right to write.
      return statement.type === "deferred";
    case "pragma":
      return statement.value === undefined;
    default:
      return false;
  }
}
