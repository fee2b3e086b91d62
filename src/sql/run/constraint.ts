/** A row that may not be: the errors of constraints, with the code that SQLite has for each. */
import { DbError } from "../../errors.ts";
import { type Column, type Index, isKeyed, keyColumnsOf, type Table } from "../catalog/schema.ts";
import type { ConflictAction } from "../parse/ast/write.ts";
import { type Tag, TYPE_NAMES } from "../value/value.ts";

export type ConstraintKind =
  | "NOTNULL"
  | "UNIQUE"
  | "PRIMARYKEY"
  | "ROWID"
  | "CHECK"
  | "FOREIGNKEY"
  | "TRIGGER"
  | "PINNED"
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

export function notNullFailure(table: Table, column: Column, action: ConflictAction): DbError {
  return constraintError("NOTNULL", `NOT NULL constraint failed: ${table.name}.${column.name}`, action);
}

export function checkFailure(name: string, action: ConflictAction | undefined): DbError {
  return constraintError("CHECK", `CHECK constraint failed: ${name}`, action);
}

/** A STRICT column takes its own type alone. */
export function datatypeFailure(table: Table, { name, strictType }: Column, tag: Tag): DbError {
  const type = TYPE_NAMES[tag]!.toUpperCase();
  return constraintError("DATATYPE", `cannot store ${type} value in ${strictType} column ${table.name}.${name}`);
}

/** RESTRICT is a trigger to SQLite. */
export function foreignKeyError(kind: "FOREIGNKEY" | "TRIGGER" = "FOREIGNKEY"): DbError {
  return constraintError(kind, "FOREIGN KEY constraint failed");
}

/** A trigger has changed the row that is being written. */
export function rowPinned(): DbError {
  return constraintError("PINNED", "constraint failed");
}

/** `what` is unique: columns with their table, or an index of expressions. */
function uniqueError(kind: "UNIQUE" | "PRIMARYKEY" | "ROWID", what: string, conflict?: ConflictAction): DbError {
  return constraintError(kind, `UNIQUE constraint failed: ${what}`, conflict);
}

function columnNames(table: string, columns: readonly string[]): string {
  return columns.map((column) => `${table}.${column}`).join(", ");
}

/** RAISE(IGNORE): the row that a trigger was fired for is left as it is, with all that would have followed. */
export class RowIgnored extends Error {
  override readonly name = "RowIgnored";
}

/** A row has the table's own key already. */
export function keyFailure(table: Table, action: ConflictAction): DbError {
  const names = isKeyed(table) ? keyColumnsOf(table).map(({ name }) => name) : [table.rowidColumn?.name ?? "rowid"];
  const kind = isKeyed(table) || table.rowidColumn !== undefined ? "PRIMARYKEY" : "ROWID";
  return uniqueError(kind, columnNames(table.name, names), action);
}

/** A row has the columns of a unique index already. */
export function uniqueFailure(table: Table, { name, columns, origin }: Index, action: ConflictAction): DbError {
  const kind = origin === "pk" ? "PRIMARYKEY" : "UNIQUE";
  if (columns.some(({ column }) => column === undefined)) {
    return uniqueError(kind, `index '${name}'`, action);
  }
  const names = columns.map(({ column }) => (column! < 0 ? "rowid" : table.columns[column!]!.name));
  return uniqueError(kind, columnNames(table.name, names), action);
}

/** The same as functions that do not return, for generated code. */
export function failKey(table: Table, action: ConflictAction): never {
  throw keyFailure(table, action);
}

export function failIndex(table: Table, index: Index, action: ConflictAction): never {
  throw uniqueFailure(table, index, action);
}

export function failNotNull(table: Table, column: Column, action: ConflictAction): never {
  throw notNullFailure(table, column, action);
}

export function failCheck(name: string, action: ConflictAction | undefined): never {
  throw checkFailure(name, action);
}

export function failDatatype(table: Table, column: Column, tag: Tag): never {
  throw datatypeFailure(table, column, tag);
}
