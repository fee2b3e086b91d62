/**
 * Entries of the catalog: JSON documents in the keyspace "sql" under numbers that count up, like rowids of sqlite_schema.
 *
 *   { "type": "table", "name": "Users", "table": "Users", "keyspace": 7, "sql": "CREATE TABLE Users(id INTEGER PRIMARY KEY, name)",
 *     "slots": 1, "firstSlots": 1, "columnSlots": [-1, 0] }
 *   { "type": "index", "name": "by_name", "table": "Users", "keyspace": 8, "sql": "CREATE INDEX by_name ON Users(name)" }
 *
 * The text says everything that text can say. An index without one belongs to a constraint of its table.
 */
import { DbError } from "../../errors.ts";
import { withinDatabase } from "../databases/keyspace-number.ts";
import { KeyWriter, readRowid } from "../key.ts";
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";

export interface Entry {
  readonly type: "table" | "index" | "view" | "trigger" | "virtual";
  readonly name: string;
  /** Of an index or a trigger: what it is of. */
  readonly table: string;
  /** Of a temporary trigger: where its table is; undefined: where the trigger is. */
  readonly tableSchema?: string;
  readonly sql: string | null;
  /** Of tables and indexes: its number in its own database. */
  readonly keyspace?: number;
  /** Of tables. */
  readonly slots?: number;
  readonly firstSlots?: number;
  readonly columnSlots?: readonly number[];
}

export interface NumberedEntry extends Entry {
  readonly number: number;
}

export const CATALOG_KEYSPACE = "sql";

/** Entries by their numbers, with the texts that they were read from. */
export type KnownEntries = Map<number, { readonly json: string; readonly entry: NumberedEntry }>;

/** All of them, in the order in which they were made; what is as it is known is the same object. */
export function readEntries(reader: KeyspaceReader, known: KnownEntries = new Map()): NumberedEntry[] {
  const keyspace = reader.keyspace(CATALOG_KEYSPACE);
  const entries: NumberedEntry[] = [];
  if (keyspace === undefined) {
    return entries;
  }
  const scan = reader.scan(keyspace, undefined, undefined, false);
  try {
    for (let rows = scan.next(); rows > 0; rows = scan.next()) {
      for (let i = 0; i < rows; i++) {
        const { prefix, prefixOffset, prefixLength, u8 } = scan;
        const number = readRowid(prefix, prefixOffset, prefixLength, u8, scan.keyOffsets[i]!, scan.keyLengths[i]!);
        const from = scan.valueOffsets[i]!;
        const json = Buffer.from(u8.buffer, u8.byteOffset + from, scan.valueLengths[i]!).toString();
        let found = known.get(number);
        if (found?.json !== json) {
          found = { json, entry: { ...decode(json), number } };
          known.set(number, found);
        }
        entries.push(found.entry);
      }
    }
  } finally {
    scan.close();
  }
  forget(known, entries);
  return entries;
}

/** What is no longer there, once it is as much as what is. */
function forget(known: KnownEntries, entries: readonly NumberedEntry[]): void {
  if (known.size > 2 * entries.length) {
    const numbers = new Set(entries.map(({ number }) => number));
    for (const number of known.keys()) {
      if (!numbers.has(number)) {
        known.delete(number);
      }
    }
  }
}

/** Writes an entry: in place of the one of its number, if there is one. Its keyspace may be as the session numbers it. */
export function writeEntry(transaction: SqlTransaction, number: number, entry: Entry): void {
  const catalog = transaction.keyspace(CATALOG_KEYSPACE) ?? transaction.createKeyspace(CATALOG_KEYSPACE);
  const { type, name, table, tableSchema, sql, slots, firstSlots, columnSlots } = entry;
  const keyspace = entry.keyspace === undefined ? undefined : withinDatabase(entry.keyspace);
  const value = Buffer.from(
    JSON.stringify({ type, name, table, tableSchema, keyspace, sql, slots, firstSlots, columnSlots }),
  );
  const key = keyOf(number);
  transaction.put(catalog, key.bytes, 0, key.length, value, 0, value.length);
  transaction.touchSchema();
}

export function deleteEntry(transaction: SqlTransaction, number: number): void {
  const key = keyOf(number);
  transaction.delete(transaction.keyspace(CATALOG_KEYSPACE)!, key.bytes, 0, key.length);
  transaction.touchSchema();
}

function keyOf(number: number): KeyWriter {
  const key = new KeyWriter();
  key.begin();
  key.add(1, number);
  return key;
}

function decode(json: string): Entry {
  try {
    return JSON.parse(json) as Entry;
  } catch (error) {
    throw new DbError("CORRUPT", "an entry of the catalog is no JSON. Run nacre check", {}, { cause: error });
  }
}
