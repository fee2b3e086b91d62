/** user_version and application_id: numbers that applications keep in the database, for themselves. */
import type { KeyspaceReader } from "../storage.ts";
import { integerOf, type Pragma } from "./pragma.ts";

/** Key: the name of the pragma; value: its number as a 32-bit integer, little endian. */
export const HEADER_KEYSPACE = "sql-header";
const VALUE_BYTES = 4;

function read(reader: KeyspaceReader, name: string): number {
  const keyspace = reader.keyspace(HEADER_KEYSPACE);
  const key = Buffer.from(name);
  if (keyspace === undefined || !reader.get(keyspace, key, 0, key.length)) {
    return 0;
  }
  const { data, valueOffset } = reader.found;
  return data.getInt32(valueOffset, true);
}

function stored(name: string): Pragma {
  return {
    kind: "session",
    name,
    columns: [name],
    isSilentWithValue: true,
    rows: ({ connection }, value) => {
      if (value === undefined) {
        return [[read(connection.reader(), name)]];
      }
      const key = Buffer.from(name);
      const bytes = Buffer.alloc(VALUE_BYTES);
      bytes.writeInt32LE(integerOf(value) | 0);
      connection.write((transaction) => {
        const keyspace = transaction.keyspace(HEADER_KEYSPACE) ?? transaction.createKeyspace(HEADER_KEYSPACE);
        transaction.put(keyspace, key, 0, key.length, bytes, 0, bytes.length);
      });
      return [];
    },
  };
}

export const STORED_PRAGMAS: readonly Pragma[] = [stored("user_version"), stored("application_id")];
