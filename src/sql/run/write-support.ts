/** What compiled INSERT, UPDATE and DELETE stand on: the buffers that they write rows and keys in, and their errors. */
import { compareBytes } from "../../bytes.ts";
import { DbError } from "../../errors.ts";
import { type Column, isKeyed, keyColumnsOf, type Table } from "../catalog/schema.ts";
import { answerRowid, KeyWriter, writeIntegerKey } from "../key.ts";
import { RowWriter } from "../row.ts";
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";
import { toNumericAffinity } from "../value/affinity.ts";
import { answer, answered, answerInteger, BIG, INTEGER, NULL, type SqlValue, type Tag } from "../value/value.ts";
import { columnNames, notNullError, uniqueError } from "./constraint.ts";
import { Staging } from "./staging.ts";

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

/** The buffers of one statement's writes, and what its session knows of them. */
export class Writing {
  readonly row: RowWriter;
  readonly key: KeyWriter;
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

  /** A row of the keyspace was moved or deleted: it may have been the greatest. */
  forgetRowid(keyspace: number): void {
    this.#nextRowids.delete(keyspace);
  }

  /** Makes the staged changes. A row may only move to a key that no other row has. */
  apply(transaction: SqlTransaction, table: Table): void {
    const { staging } = this;
    const { keyspace } = table;
    for (let change = 0; change < staging.count; change++) {
      const { bytes } = staging;
      const keyOffset = staging.keyOffset(change);
      const keyLength = staging.keyLength(change);
      const rowLength = staging.rowLength(change);
      if (rowLength === 0) {
        transaction.delete(keyspace, bytes, keyOffset, keyLength);
        continue;
      }
      const rowOffset = staging.rowOffset(change);
      const newOffset = staging.newKeyOffset(change);
      const newLength = staging.newKeyLength(change);
      if (newLength === 0 || compareBytes(bytes, keyOffset, keyLength, bytes, newOffset, newLength) === 0) {
        transaction.put(keyspace, bytes, keyOffset, keyLength, bytes, rowOffset, rowLength);
        continue;
      }
      if (transaction.get(keyspace, bytes, newOffset, newLength)) {
        failUnique(table);
      }
      transaction.delete(keyspace, bytes, keyOffset, keyLength);
      transaction.put(keyspace, bytes, newOffset, newLength, bytes, rowOffset, rowLength);
    }
    this.changes += staging.count;
    staging.clear();
    this.#nextRowids.delete(keyspace);
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
      this.lastRowid = answered() as number | bigint;
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
    this.lastRowid = answered() as number | bigint;
    // Beyond ±2^53 `next` is rounded, and proves nothing.
    const isGreatest = Number.isSafeInteger(next) && this.lastRowid >= next;
    this.#nextRowids.set(keyspace, Math.max(next, Number(this.lastRowid) + 1));
    return isGreatest;
  }
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

export function failNotNull(table: Table, column: Column): never {
  throw notNullError(table.name, column.name);
}

/** Of the table's own key. */
export function failUnique(table: Table): never {
  const columns = isKeyed(table) ? keyColumnsOf(table) : [table.rowidColumn];
  const names = columns.map((column) => column?.name ?? "rowid");
  const kind = isKeyed(table) || table.rowidColumn !== undefined ? "PRIMARYKEY" : "ROWID";
  throw uniqueError(kind, columnNames(table.name, names));
}
