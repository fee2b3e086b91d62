/** One database of several, where what is read is of several. */
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";
import { JoinedReader } from "./joined-reader.ts";
import { JoinedTransaction } from "./joined-transaction.ts";
import { MAIN } from "./keyspace-number.ts";

/** What has the keyspaces of that database by name. */
export function partOf(reader: SqlTransaction, database: number): SqlTransaction;
export function partOf(reader: KeyspaceReader, database: number): KeyspaceReader;
export function partOf(reader: KeyspaceReader, database: number): KeyspaceReader {
  return database !== MAIN && (reader instanceof JoinedReader || reader instanceof JoinedTransaction)
    ? reader.part(database)
    : reader;
}
