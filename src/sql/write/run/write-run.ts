/** One execution of an INSERT, UPDATE or DELETE after the other. */
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { HeldRow } from "../../query/interpret/held-row.ts";
import type { SqlTransaction } from "../../storage.ts";

export interface WriteRun {
  /** The rows of RETURNING; undefined: it has none. */
  readonly returned: { rows: HeldRow[] } | undefined;
  /** `override` goes before what the statement itself says of conflicts: it is that of the one whose trigger this is a step of. */
  run(transaction: SqlTransaction, override: ConflictAction | undefined): void;
}
