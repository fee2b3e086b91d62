/** Where expressions see one row in hand, and nothing else: those of indexes and constraints. */
import type { Table } from "../../catalog/schema.ts";
import type { Source } from "../../query/bind/bound.ts";
import { Builder } from "../../query/interpret/builder.ts";
import { Execution } from "../../query/interpret/execution.ts";
import type { Plans } from "../../query/plan/plan.ts";
import { Arguments } from "../../run/arguments.ts";
import { HOLDS_NOTHING } from "../../run/holding.ts";
import { RecordCursor, RowRecord } from "./record.ts";

/** The site of `row`; what it sees is the record of the cursor. */
export function rowSite(row: Source, table: Table): { readonly site: Builder; readonly cursor: RecordCursor } {
  const execution = new Execution(new Arguments([]), HOLDS_NOTHING, NO_PLANS);
  const site = new Builder(execution);
  const cursor = new RecordCursor(new RowRecord(table));
  site.place(row, cursor);
  return { site, cursor };
}

const NO_PLANS: Plans = {
  plan: () => {
    throw new Error("a definition has no queries");
  },
};
