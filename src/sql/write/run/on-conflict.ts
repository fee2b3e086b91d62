/** ON CONFLICT clauses: which one is about a row that is met, and what it does. */
import type { Builder } from "../../query/interpret/builder.ts";
import type { Test } from "../../query/interpret/evaluate.ts";
import { testOf } from "../../query/interpret/expression.ts";
import type { SqlTransaction } from "../../storage.ts";
import type { BoundUpsert, UpsertUpdate } from "../bind/bound.ts";
import { Assigner } from "./assigner.ts";
import type { IndexEntry } from "./index-entry.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import type { TableWriter } from "./table-writer.ts";
import type { ConflictClauses } from "./uniqueness.ts";

interface Clause {
  /** Undefined: whatever is unique. */
  readonly index: IndexEntry | null | undefined;
  /** Undefined: DO NOTHING. */
  readonly update: Update | undefined;
}

export class OnConflict {
  readonly #clauses: readonly Clause[];
  readonly #first: readonly (IndexEntry | null)[];

  /** `updated` is called with each row that a clause has updated. */
  constructor(
    site: Builder,
    upserts: readonly BoundUpsert[],
    writer: TableWriter,
    updated: (transaction: SqlTransaction, record: RowRecord) => void,
  ) {
    this.#clauses = upserts.map(({ index, update }) => ({
      index: index === undefined || index === null ? index : writer.store.entries.find(({ bound }) => bound === index)!,
      update: update === undefined ? undefined : new Update(site, update, writer, updated),
    }));
    this.#first = this.#clauses.flatMap(({ index }) => (index === undefined ? [] : [index]));
  }

  /** For one row that is inserted. */
  within(transaction: SqlTransaction, record: RowRecord): ConflictClauses {
    return {
      first: this.#first,
      decide: (index) => {
        const clause = this.#clauses.find((candidate) => candidate.index === undefined || candidate.index === index);
        return clause === undefined ? undefined : (existing) => clause.update?.run(transaction, existing, record);
      },
    };
  }
}

/** DO UPDATE. */
class Update {
  readonly #writer: TableWriter;
  readonly #existing: RecordCursor;
  readonly #excluded: RecordCursor;
  readonly #where: Test | undefined;
  readonly #assigner: Assigner;
  readonly #updated: (transaction: SqlTransaction, record: RowRecord) => void;

  constructor(
    site: Builder,
    update: UpsertUpdate,
    writer: TableWriter,
    updated: (transaction: SqlTransaction, record: RowRecord) => void,
  ) {
    const { table } = writer.store;
    this.#writer = writer;
    this.#existing = new RecordCursor(new RowRecord(table));
    this.#excluded = new RecordCursor(new RowRecord(table));
    site.place(update.existing, this.#existing);
    site.place(update.excluded, this.#excluded);
    this.#where = update.where === undefined ? undefined : testOf(site, update.where);
    this.#assigner = new Assigner(site, update.assignments);
    this.#updated = updated;
  }

  run(transaction: SqlTransaction, existing: RowRecord, excluded: RowRecord): void {
    this.#existing.record = existing;
    this.#excluded.record = excluded;
    if (this.#where !== undefined && this.#where() !== 1) {
      return;
    }
    const after = new RowRecord(existing.table);
    after.copy(existing);
    this.#assigner.assign(after);
    // Whatever the constraints say that it meets, and the steps of triggers.
    if (this.#writer.update(transaction, { before: existing, after, assigned: this.#assigner.columns }, "abort")) {
      this.#updated(transaction, after);
    }
  }
}
