/**
 * Writes rows of one table, as all its constraints have it: each call is one row, with whatever else that changes.
 *
 * Order (SQLite's): affinities and generated columns, BEFORE triggers, NOT NULL, CHECK, what is unique, foreign keys, AFTER triggers.
 * A row that gives way to another (REPLACE) goes when nothing else can fail any more.
 */
import { isKeyed } from "../../catalog/schema.ts";
import type { CreateTrigger } from "../../parse/ast/definition.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Builder } from "../../query/interpret/builder.ts";
import { RowIgnored, rowPinned } from "../../run/constraint.ts";
import type { Writing } from "../../run/write-support.ts";
import type { SqlTransaction } from "../../storage.ts";
import { answer, answered, INTEGER, NULL, tagOf } from "../../value/value.ts";
import type { BoundUpdate, Target } from "../bind/bound.ts";
import { type Effects, effectsOf } from "./effects.ts";
import type { Environment } from "./environment.ts";
import type { TableChange } from "./foreign-keys.ts";
import { isSameRow, RecordCursor, RowRecord } from "./record.ts";
import { RowRules } from "./row-rules.ts";
import { RowStore } from "./row-store.ts";
import { rowidAfter, Sequence } from "./sequence.ts";
import type { RowChange } from "./triggers.ts";
import { type ConflictClauses, meetRows } from "./uniqueness.ts";

export interface RowUpdate {
  readonly before: RowRecord;
  readonly after: RowRecord;
  /** The columns that are set; undefined is the rowid. */
  readonly assigned: BoundUpdate["assigned"];
}

export class TableWriter {
  readonly rules: RowRules;
  readonly store: RowStore;
  readonly #target: Target;
  readonly #writing: Writing;
  readonly #sequence: Sequence | undefined;
  readonly #effects: Effects;

  constructor(site: Builder, target: Target, environment: Environment) {
    const { table, sequence } = target;
    const { writing } = environment;
    this.#target = target;
    this.#writing = writing;
    this.#sequence = sequence === undefined ? undefined : new Sequence(sequence, table.name);
    const cursor = new RecordCursor(new RowRecord(table));
    site.place(target.row, cursor);
    this.rules = new RowRules(site, target, cursor);
    this.store = new RowStore(site, target, cursor);
    this.#effects = effectsOf(environment, target);
  }

  /** Fails, before anything is written, where foreign keys fit nothing. */
  begin(change: TableChange): void {
    if (this.#writing.settings.foreignKeys) {
      this.#effects.foreignKeys?.requireLinks(change);
    }
  }

  /** True: it was inserted. */
  insert(
    transaction: SqlTransaction,
    record: RowRecord,
    override: ConflictAction | undefined,
    clauses: ConflictClauses | undefined,
  ): boolean {
    return unlessIgnored(() => this.#insert(transaction, record, override, clauses));
  }

  /** True: it was updated. */
  update(transaction: SqlTransaction, update: RowUpdate, override: ConflictAction | undefined): boolean {
    return unlessIgnored(() => this.#update(transaction, update, override));
  }

  /** True: it was deleted. */
  delete(transaction: SqlTransaction, record: RowRecord): boolean {
    // What a statement around it says of conflicts, whose trigger it is in, does not go on to its own triggers.
    return unlessIgnored(() => this.#delete(transaction, record, undefined, true));
  }

  #insert(
    transaction: SqlTransaction,
    record: RowRecord,
    override: ConflictAction | undefined,
    clauses: ConflictClauses | undefined,
  ): boolean {
    const { table } = this.#target;
    const writing = this.#writing;
    const change = { old: undefined, new: record, assigned: [], override };
    if (table.view !== undefined) {
      return this.#fireInstead(transaction, "insert", change);
    }
    this.rules.complete(record);
    if (this.#effects.triggers?.has("before", "insert") === true) {
      this.#effects.triggers.fire(transaction, "before", "insert", { ...change, new: withoutRowid(record) });
    }
    // Generated columns and checks see the rowid.
    const isNew = !isKeyed(table) && this.#giveRowid(transaction, record);
    if (table.rowidColumn !== undefined) {
      this.rules.generate(record);
    }
    const replaced = this.rules.mayBe(record, override)
      ? meetRows(transaction, this.store, record, { own: undefined, isNew, override, clauses })
      : undefined;
    if (replaced === undefined) {
      // The next row may have the rowid that this one was not inserted with.
      writing.forgetRowid(table.keyspace);
      return false;
    }
    if (replaced.length > 0) {
      this.#remove(transaction, replaced);
      this.#meetAgain(transaction, record, undefined);
    }
    this.store.insert(transaction, record);
    if (!isKeyed(table)) {
      writing.lastRowid = record.rowidNumber;
      this.#sequence?.advance(transaction, record.rowidNumber);
    }
    if (writing.settings.foreignKeys) {
      this.#effects.foreignKeys?.inserted(transaction, record);
    }
    return this.#fireAfter(transaction, "insert", change);
  }

  #update(transaction: SqlTransaction, update: RowUpdate, override: ConflictAction | undefined): boolean {
    const { after, assigned } = update;
    const { store } = this;
    let { before } = update;
    const change = { old: before, new: after, assigned, override };
    if (this.#target.table.view !== undefined) {
      return this.#fireInstead(transaction, "update", change);
    }
    this.rules.complete(after);
    if (this.#effects.triggers?.has("before", "update") === true) {
      this.#effects.triggers.fire(transaction, "before", "update", change);
      const now = this.#readAgain(transaction, before);
      if (now === undefined) {
        return false;
      }
      before = now;
      takeOver(before, after, assigned);
      this.rules.complete(after);
    }
    if (!this.rules.mayBe(after, override)) {
      return false;
    }
    store.writeKey(before);
    const own = store.key.bytes.slice(0, store.key.length);
    const replaced = meetRows(transaction, store, after, { own, isNew: false, override, clauses: undefined });
    if (replaced === undefined) {
      return false;
    }
    if (replaced.length > 0) {
      this.#remove(transaction, replaced);
      const now = this.#leftBy(transaction, before);
      if (now === undefined) {
        return false;
      }
      before = now;
      this.#meetAgain(transaction, after, own);
    }
    store.replace(transaction, before, after);
    this.#writing.forgetRowid(this.#target.table.keyspace);
    if (this.#writing.settings.foreignKeys) {
      this.#effects.foreignKeys?.updated(transaction, before, after);
    }
    return this.#fireAfter(transaction, "update", { ...change, old: before });
  }

  #delete(
    transaction: SqlTransaction,
    record: RowRecord,
    override: ConflictAction | undefined,
    firesTriggers: boolean,
  ): boolean {
    const triggers = firesTriggers ? this.#effects.triggers : undefined;
    const change = { old: record, new: undefined, assigned: [], override };
    if (this.#target.table.view !== undefined) {
      return this.#fireInstead(transaction, "delete", change);
    }
    let row = record;
    if (triggers?.has("before", "delete") === true) {
      triggers.fire(transaction, "before", "delete", change);
      const now = this.#readAgain(transaction, record);
      if (now === undefined) {
        return false;
      }
      row = now;
    }
    this.store.delete(transaction, row);
    this.#writing.forgetRowid(this.#target.table.keyspace);
    if (this.#writing.settings.foreignKeys) {
      this.#effects.foreignKeys?.deleted(transaction, row);
    }
    return triggers === undefined || this.#fireAfter(transaction, "delete", change);
  }

  /** The row is written, whatever its triggers ignore. */
  #fireAfter(transaction: SqlTransaction, event: CreateTrigger["event"], change: RowChange): true {
    const { triggers } = this.#effects;
    if (triggers !== undefined) {
      unlessIgnored(() => {
        triggers.fire(transaction, "after", event, change);
        return true;
      });
    }
    return true;
  }

  /** What is done to a row of a view. */
  #fireInstead(transaction: SqlTransaction, event: CreateTrigger["event"], change: RowChange): true {
    this.#effects.triggers!.fire(transaction, "instead of", event, change);
    return true;
  }

  /** True: it is one that nobody has. */
  #giveRowid(transaction: SqlTransaction, record: RowRecord): boolean {
    const writing = this.#writing;
    const { table } = this.#target;
    const isGiven = record.rowidTag !== NULL;
    const isNew = writing.answerRowid(transaction, table, record.rowidTag, record.rowid);
    record.setRowid(answer.tag, answered());
    const greatest = isGiven ? undefined : this.#sequence?.greatest(transaction);
    if (greatest !== undefined && greatest >= record.rowidNumber) {
      const next = rowidAfter(greatest);
      record.setRowid(tagOf(next)!, next);
      writing.forgetRowid(table.keyspace);
    }
    return isNew;
  }

  /** The rows that give way, with what foreign keys do for them; triggers only if the session wants it: REPLACE is what goes on to them. */
  #remove(transaction: SqlTransaction, keys: readonly Uint8Array[]): void {
    for (const key of keys) {
      const record = new RowRecord(this.#target.table);
      // One row may be met by several of its columns.
      if (this.store.read(transaction, key, key.length, record)) {
        this.#delete(transaction, record, "replace", this.#writing.settings.recursiveTriggers);
      }
    }
  }

  /** What removing rows has set off may have put others in their place. */
  #meetAgain(transaction: SqlTransaction, record: RowRecord, own: Uint8Array | undefined): void {
    meetRows(transaction, this.store, record, { own, isNew: false, override: "abort", clauses: undefined });
  }

  /** The row as removing others has left it; undefined: a foreign key took it along. What triggers do to it is an error. */
  #leftBy(transaction: SqlTransaction, record: RowRecord): RowRecord | undefined {
    const now = this.#readAgain(transaction, record);
    const isChanged = now === undefined || !isSameRow(now, record);
    if (isChanged && this.#firesOnRemoval) {
      throw rowPinned();
    }
    return now;
  }

  get #firesOnRemoval(): boolean {
    const { triggers } = this.#effects;
    return (
      this.#writing.settings.recursiveTriggers &&
      (triggers?.has("before", "delete") === true || triggers?.has("after", "delete") === true)
    );
  }

  /** The row as triggers have left it; undefined: it is not there any more. */
  #readAgain(transaction: SqlTransaction, record: RowRecord): RowRecord | undefined {
    const { store } = this;
    const now = new RowRecord(this.#target.table);
    store.writeKey(record);
    return store.read(transaction, store.key.bytes, store.key.length, now) ? now : undefined;
  }
}

/** RAISE(IGNORE) ends what is done about a row. */
function unlessIgnored(write: () => boolean): boolean {
  try {
    return write();
  } catch (error) {
    if (error instanceof RowIgnored) {
      return false;
    }
    throw error;
  }
}

/** The row as a BEFORE trigger sees it: a rowid that it will be given is −1 yet. */
function withoutRowid(record: RowRecord): RowRecord {
  if (isKeyed(record.table) || record.rowidTag !== NULL) {
    return record;
  }
  const seen = new RowRecord(record.table);
  seen.copy(record);
  seen.setRowid(INTEGER, -1);
  return seen;
}

/** What is not set is as the row has it now. */
function takeOver(before: RowRecord, after: RowRecord, assigned: BoundUpdate["assigned"]): void {
  const isSet = new Set(assigned);
  for (const column of before.table.columns) {
    if (column.slot >= 0 && column.generated === undefined && !isSet.has(column)) {
      after.set(column.index, before.tags[column.index]!, before.values[column.index]!);
    }
  }
}
