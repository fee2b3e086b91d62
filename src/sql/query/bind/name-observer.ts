/** What ALTER TABLE asks of the binder: which names in which texts mean what. */
import type { Column, Table } from "../../catalog/schema.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";

/** Is told what the names in texts mean, as they are bound: whoever changes a name must know where it stands. */
export interface NameObserver {
  /** A column, where the name begins at `at`; `namesake` is the table that the part before the point is the name of. */
  column(text: ParsedStatement, at: number, table: Table, column: Column, namesake: Table | undefined): void;
  table(text: ParsedStatement, at: number, table: Table): void;
}
