/** AUTOINCREMENT: the greatest rowid that a table ever had, in the table sqlite_sequence(name, seq). */
import { copyBytes } from "../../../bytes.ts";
import { DbError } from "../../../errors.ts";
import type { Table } from "../../catalog/schema.ts";
import { KeyWriter } from "../../key.ts";
import { RowWriter } from "../../row.ts";
import type { SqlTransaction } from "../../storage.ts";
import { BIG, INTEGER, MAX_INT64, type SqlValue, type Tag, TEXT, tagOf } from "../../value/value.ts";
import { RowRecord } from "./record.ts";

export class Sequence {
  readonly #table: Table;
  readonly #name: string;
  readonly #record: RowRecord;
  readonly #key: KeyWriter;
  readonly #row: RowWriter;

  /** `table` is sqlite_sequence, `name` that of the table whose rowids count up. */
  constructor(table: Table, name: string) {
    this.#table = table;
    this.#name = name;
    this.#record = new RowRecord(table);
    this.#key = new KeyWriter();
    this.#row = new RowWriter();
  }

  /** 0: it never had a row. */
  greatest(transaction: SqlTransaction): number | bigint {
    return this.#find(transaction).found ? this.#value() : 0;
  }

  /** A row of that rowid was inserted. */
  advance(transaction: SqlTransaction, rowid: number | bigint): void {
    const { found, last } = this.#find(transaction);
    if (found && this.#value() >= rowid) {
      return;
    }
    const record = this.#record;
    if (!found) {
      record.setRowid(INTEGER, last + 1);
    }
    this.#put(transaction, this.#name, tagOf(rowid)!, rowid);
  }

  /** The table has another name now. */
  rename(transaction: SqlTransaction, name: string): void {
    if (this.#find(transaction).found) {
      const { tags, values } = this.#record;
      this.#put(transaction, name, tags[1]!, values[1]!);
    }
  }

  forget(transaction: SqlTransaction): void {
    if (this.#find(transaction).found) {
      this.#writeKey();
      transaction.delete(this.#table.keyspace, this.#key.bytes, 0, this.#key.length);
    }
  }

  #value(): number | bigint {
    const { tags, values } = this.#record;
    return tags[1] === INTEGER || tags[1] === BIG ? (values[1] as number | bigint) : 0;
  }

  /** Reads the table's row into the record; `last` is the greatest rowid in sqlite_sequence itself. */
  #find(transaction: SqlTransaction): { readonly found: boolean; readonly last: number } {
    const record = this.#record;
    const scan = transaction.scan(this.#table.keyspace, undefined, undefined, false);
    let last = 0;
    try {
      for (let count = scan.next(); count > 0; count = scan.next()) {
        for (let i = 0; i < count; i++) {
          const { prefix, prefixOffset, prefixLength, u8, data } = scan;
          const length = prefixLength + scan.keyLengths[i]!;
          const key = new Uint8Array(length);
          copyBytes(prefix, prefixOffset, key, 0, prefixLength);
          copyBytes(u8, scan.keyOffsets[i]!, key, prefixLength, scan.keyLengths[i]!);
          record.read(key, length, {
            u8,
            data,
            valueOffset: scan.valueOffsets[i]!,
            valueLength: scan.valueLengths[i]!,
          });
          if (record.tags[0] === TEXT && record.values[0] === this.#name) {
            return { found: true, last };
          }
          last = Number(record.rowidNumber);
        }
      }
    } finally {
      scan.close();
    }
    return { found: false, last };
  }

  #put(transaction: SqlTransaction, name: string, tag: Tag, value: SqlValue): void {
    this.#writeKey();
    const row = this.#row;
    row.begin(this.#table.slots);
    row.add(TEXT, name);
    row.add(tag, value);
    const length = row.finish();
    transaction.put(this.#table.keyspace, this.#key.bytes, 0, this.#key.length, row.bytes, 0, length);
  }

  #writeKey(): void {
    this.#key.begin();
    this.#key.add(this.#record.rowidTag, this.#record.rowid);
  }
}

/** The rowid after the greatest that a table ever had; FULL where there is none. */
export function rowidAfter(greatest: number | bigint): number | bigint {
  if (BigInt(greatest) >= MAX_INT64) {
    throw new DbError("FULL", "database or disk is full: a table with AUTOINCREMENT has had the greatest rowid", {
      sqlite: "SQLITE_FULL",
    });
  }
  const next = BigInt(greatest) + 1n;
  return next <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(next) : next;
}
