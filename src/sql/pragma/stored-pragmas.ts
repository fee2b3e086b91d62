/** user_version and application_id: numbers that applications keep in the database, for themselves. */
import { Arguments } from "../run/arguments.ts";
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";
import { integerOf, type Pragma } from "./pragma.ts";

/** Key: the name of the pragma; value: its number as a 32-bit integer, little endian. */
export const HEADER_KEYSPACE = "sql-header";
const VALUE_BYTES = 4;

function read(reader: KeyspaceReader | undefined, name: string): number {
  const keyspace = reader?.keyspace(HEADER_KEYSPACE);
  const key = Buffer.from(name);
  if (reader === undefined || keyspace === undefined || !reader.get(keyspace, key, 0, key.length)) {
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
    rows: ({ connection, schema = "main" }, value) => {
      if (value === undefined) {
        return [[read(connection.readerOf(schema), name)]];
      }
      const key = Buffer.from(name);
      const bytes = Buffer.alloc(VALUE_BYTES);
      bytes.writeInt32LE(integerOf(value) | 0);
      const put = (transaction: SqlTransaction): void => {
        const keyspace = transaction.keyspace(HEADER_KEYSPACE) ?? transaction.createKeyspace(HEADER_KEYSPACE);
        transaction.put(keyspace, key, 0, key.length, bytes, 0, bytes.length);
      };
      connection.change(new Map([[schema, put]]), new Arguments([]));
      return [];
    },
  };
}

export const STORED_PRAGMAS: readonly Pragma[] = [stored("user_version"), stored("application_id")];
