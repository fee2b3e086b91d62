/** A row that may not be: the errors of constraints, with the code that SQLite has for each. */
import { DbError } from "../../errors.ts";
import type { ConflictAction } from "../parse/ast/write.ts";

export type ConstraintKind =
  | "NOTNULL"
  | "UNIQUE"
  | "PRIMARYKEY"
  | "ROWID"
  | "CHECK"
  | "FOREIGNKEY"
  | "TRIGGER"
  | "DATATYPE";

/**
 * `conflict` is what becomes of the statement: ABORT takes it back, FAIL leaves what it has done before, ROLLBACK ends the whole
 * transaction (`resolutionOf`).
 */
export function constraintError(kind: ConstraintKind, message: string, conflict: ConflictAction = "abort"): DbError {
  const resolution = conflict === "fail" || conflict === "rollback" ? conflict : "abort";
  return new DbError("INVALID", message, { constraint: kind, sqlite: `SQLITE_CONSTRAINT_${kind}`, resolution });
}

/** How much of a transaction an error takes back. */
export function resolutionOf(error: unknown): "abort" | "fail" | "rollback" {
  const resolution = error instanceof DbError ? error.facts.resolution : undefined;
  return resolution === "fail" || resolution === "rollback" ? resolution : "abort";
}

export function notNullError(table: string, column: string, conflict?: ConflictAction): DbError {
  return constraintError("NOTNULL", `NOT NULL constraint failed: ${table}.${column}`, conflict);
}

/** RESTRICT is a trigger to SQLite. */
export function foreignKeyError(kind: "FOREIGNKEY" | "TRIGGER" = "FOREIGNKEY"): DbError {
  return constraintError(kind, "FOREIGN KEY constraint failed");
}

/** `what` is unique: columns with their table, or an index of expressions. */
export function uniqueError(kind: "UNIQUE" | "PRIMARYKEY" | "ROWID", what: string, conflict?: ConflictAction): DbError {
  return constraintError(kind, `UNIQUE constraint failed: ${what}`, conflict);
}

export function columnNames(table: string, columns: readonly string[]): string {
  return columns.map((column) => `${table}.${column}`).join(", ");
}

/** RAISE(IGNORE): the row that a trigger was fired for is left as it is, with all that would have followed. */
export class RowIgnored extends Error {
  override readonly name = "RowIgnored";
}
