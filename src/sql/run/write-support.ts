/** What compiled INSERT, UPDATE and DELETE stand on: the buffers that they write rows and keys in, and their errors. */
import { compareBytes } from "../../bytes.ts";
import { DbError } from "../../errors.ts";
import { type Index, isKeyed, type Table } from "../catalog/schema.ts";
import { answerRowid, KeyWriter, writeIntegerKey } from "../key.ts";
import type { ConflictAction } from "../parse/ast/write.ts";
import { RowWriter } from "../row.ts";
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";
import { toNumericAffinity } from "../value/affinity.ts";
import { answer, answered, answerInteger, BIG, INTEGER, NULL, type SqlValue, type Tag } from "../value/value.ts";
import { keyFailure, uniqueFailure } from "./constraint.ts";
import { NEW_ENTRY, NEW_KEY, OLD_ENTRY, OLD_KEY, ROW, Staging } from "./staging.ts";

/** In place of a greatest rowid that nobody looked up yet. No table's greatest is less. */
const UNKNOWN = Number.NEGATIVE_INFINITY;

/** What a session says of its writes, as SQLite's pragmas of these names do. */
export interface WriteSettings {
  /** Whether foreign keys are kept. */
  foreignKeys: boolean;
  /** Whether a trigger may fire while it runs, and REPLACE fires triggers of DELETE. */
  recursiveTriggers: boolean;
  /** All foreign keys are as if DEFERRABLE INITIALLY DEFERRED, until the transaction ends. */
  deferForeignKeys: boolean;
}

/** What staged changes are of. */
export interface StagedTable {
  readonly table: Table;
  /** The indexes whose entries are staged, in that order. */
  readonly indexes: readonly Index[];
  /** What the statement says of conflicts; undefined: what each constraint says. */
  readonly action: ConflictAction | undefined;
}

/** The buffers of one statement's writes, and what its session knows of them. */
export class Writing {
  readonly row: RowWriter;
  readonly key: KeyWriter;
  /** An entry of an index that is put or deleted. */
  readonly entryKey: KeyWriter;
  readonly staging: Staging;
  changes: number;
  /** Rows that triggers and foreign keys have changed. */
  nestedChanges: number;
  lastRowid: number | bigint;
  readonly settings: WriteSettings;
  /** Rows without the parent that a foreign key wants: since the statement began, and of deferred keys since the transaction did. */
  readonly immediate: { count: number };
  readonly deferred: { count: number };
  /** Triggers that are running, by their names in lower case. */
  readonly active: string[];
  /** How deep triggers and foreign keys have set off each other. */
  depth: number;
  /** The rowid after the greatest of each keyspace, where it was looked up in this transaction. */
  readonly #nextRowids: Map<number, number>;

  constructor() {
    this.row = new RowWriter();
    this.key = new KeyWriter();
    this.entryKey = new KeyWriter();
    this.staging = new Staging();
    this.changes = 0;
    this.nestedChanges = 0;
    this.lastRowid = 0;
    this.settings = { foreignKeys: true, recursiveTriggers: false, deferForeignKeys: false };
    this.immediate = { count: 0 };
    this.deferred = { count: 0 };
    this.active = [];
    this.depth = 0;
    this.#nextRowids = new Map();
  }

  begin(): void {
    this.changes = 0;
    this.nestedChanges = 0;
    this.immediate.count = 0;
    this.staging.clear();
  }

  /** Deferred keys are settled, and are deferred no longer than their transaction. */
  endTransaction(): void {
    this.deferred.count = 0;
    this.settings.deferForeignKeys = false;
  }

  /** What was looked up in one transaction does not hold in the next, nor after a way back. */
  forgetRowids(): void {
    this.#nextRowids.clear();
  }

  /** A row of the keyspace was moved or deleted, which may have been the greatest, or not inserted after all. */
  forgetRowid(keyspace: number): void {
    this.#nextRowids.delete(keyspace);
  }

  /** Makes the staged changes, one row after the other. */
  apply(transaction: SqlTransaction, about: StagedTable): void {
    const { staging } = this;
    for (let change = 0; change < staging.count; change++) {
      if (this.#applyOne(transaction, about, change)) {
        this.changes++;
      }
    }
    staging.clear();
  }

  /** False: the row stays as it is, since another one has what would be its. */
  #applyOne(transaction: SqlTransaction, { table, indexes, action }: StagedTable, change: number): boolean {
    const { staging } = this;
    const { keyspace } = table;
    const { bytes } = staging;
    const key = staging.part(change, OLD_KEY);
    const keyOffset = key.offset;
    const keyLength = key.length;
    const row = staging.part(change, ROW);
    const rowOffset = row.offset;
    const rowLength = row.length;
    const moved = staging.part(change, NEW_KEY);
    const isMoved =
      moved.length > 0 && compareBytes(bytes, keyOffset, keyLength, bytes, moved.offset, moved.length) !== 0;
    const newOffset = isMoved ? moved.offset : keyOffset;
    const newLength = isMoved ? moved.length : keyLength;
    const isTaken = isMoved && transaction.get(keyspace, bytes, newOffset, newLength);
    if (isTaken && !isKeyed(table)) {
      return refuse(keyFailure, table, action ?? table.keyConflict);
    }
    for (let entry = 0; entry < indexes.length; entry++) {
      const index = indexes[entry]!;
      if (staging.isTaken(transaction, change, entry, index.keyspace)) {
        return refuse((of, resolved) => uniqueFailure(of, index, resolved), table, action ?? index.conflict);
      }
    }
    if (isTaken) {
      return refuse(keyFailure, table, action ?? table.keyConflict);
    }
    for (let entry = 0; entry < indexes.length; entry++) {
      const index = indexes[entry]!.keyspace;
      if (staging.hasEntry(change, entry, OLD_ENTRY) && (isMoved || !staging.isSameEntry(change, entry))) {
        const length = staging.entryKey(this.entryKey, change, entry, OLD_ENTRY, keyOffset, keyLength);
        transaction.delete(index, this.entryKey.bytes, 0, length);
      }
    }
    if (rowLength === 0 || isMoved) {
      this.forgetRowid(keyspace);
    }
    if (rowLength === 0) {
      transaction.delete(keyspace, bytes, keyOffset, keyLength);
      return true;
    }
    if (isMoved) {
      transaction.delete(keyspace, bytes, keyOffset, keyLength);
    }
    transaction.put(keyspace, bytes, newOffset, newLength, bytes, rowOffset, rowLength);
    for (let entry = 0; entry < indexes.length; entry++) {
      const index = indexes[entry]!.keyspace;
      if (staging.hasEntry(change, entry, NEW_ENTRY) && (isMoved || !staging.isSameEntry(change, entry))) {
        const length = staging.entryKey(this.entryKey, change, entry, NEW_ENTRY, newOffset, newLength);
        transaction.put(index, this.entryKey.bytes, 0, length, bytes, newOffset, newLength);
      }
    }
    return true;
  }

  /**
   * Answers the rowid of a new row: the one that is given, or, for NULL, one more than the greatest there is. True: it is
   * greater than all there are, so nobody has it.
   */
  answerRowid(reader: KeyspaceReader, table: Table, tag: Tag, value: SqlValue): boolean {
    const { keyspace } = table;
    let next = this.#nextRowids.get(keyspace);
    if (next === undefined && tag !== NULL) {
      // The first rowid that a transaction gives is looked up by itself; the greatest is worth its scan from the second on.
      this.#nextRowids.set(keyspace, UNKNOWN);
      answerGivenRowid(tag, value);
      return false;
    }
    if (next === undefined || next === UNKNOWN) {
      next = greatestRowid(reader, keyspace) + 1;
    }
    if (tag === NULL) {
      if (!Number.isSafeInteger(next)) {
        throw new DbError(
          "FULL",
          "database or disk is full: the greatest rowid is beyond ±2^53; give the rowid of a new row yourself",
          {
            sqlite: "SQLITE_FULL",
          },
        );
      }
      answerInteger(next);
    } else {
      answerGivenRowid(tag, value);
    }
    const rowid = answered() as number | bigint;
    // Beyond ±2^53 `next` is rounded, and proves nothing.
    const isGreatest = Number.isSafeInteger(next) && rowid >= next;
    this.#nextRowids.set(keyspace, Math.max(next, Number(rowid) + 1));
    return isGreatest;
  }
}

/** False for a row that is left out. */
function refuse(
  failure: (table: Table, action: ConflictAction) => DbError,
  table: Table,
  action: ConflictAction = "abort",
): boolean {
  if (action === "ignore") {
    return false;
  }
  throw failure(table, action);
}

/** Answers the integer that a rowid is; INVALID for what is none. */
export function answerGivenRowid(tag: Tag, value: SqlValue): void {
  toNumericAffinity(tag, value);
  if (answer.tag !== INTEGER && answer.tag !== BIG) {
    throw new DbError("INVALID", "datatype mismatch", { sqlite: "SQLITE_MISMATCH" });
  }
}

function greatestRowid(reader: KeyspaceReader, keyspace: number): number {
  const scan = reader.scan(keyspace, undefined, undefined, true);
  try {
    if (scan.next() === 0) {
      return 0;
    }
    const { prefix, prefixOffset, prefixLength, u8 } = scan;
    answerRowid(prefix, prefixOffset, prefixLength, u8, scan.keyOffsets[0]!, scan.keyLengths[0]!);
    return Number(answered());
  } finally {
    scan.close();
  }
}

/** Writes the key of a rowid; its length. */
export function writeRowidKey(writing: Writing, tag: Tag, value: SqlValue): number {
  if (tag === INTEGER) {
    return writeIntegerKey(value as number, writing.key.bytes, 0);
  }
  writing.key.begin();
  writing.key.add(tag, value);
  return writing.key.length;
}

/** Whether two rows have the same entry in an index, but for the keys of the rows at their ends; or neither has one. */
export function isSameEntry(
  a: KeyWriter,
  isThereA: boolean,
  isExclusiveA: boolean,
  b: KeyWriter,
  isThereB: boolean,
  isExclusiveB: boolean,
): boolean {
  if (!isThereA || !isThereB) {
    return isThereA === isThereB;
  }
  return isExclusiveA === isExclusiveB && compareBytes(a.bytes, 0, a.length, b.bytes, 0, b.length) === 0;
}
