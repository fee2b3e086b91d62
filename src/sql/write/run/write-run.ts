/** One execution of an INSERT, UPDATE or DELETE after the other. */
import type { SqlTransaction } from "../../storage.ts";
import type { ReturnedRows } from "./returned-rows.ts";

export interface WriteRun {
  readonly returned: ReturnedRows | undefined;
  run(transaction: SqlTransaction): void;
}
