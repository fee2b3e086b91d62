/**
 * The change feed in terms of tables: what a commit put into and deleted from them, as rows.
 *
 * Rows are read by the schema of the moment: a column that was dropped since is not in them, one that was added has what rows from
 * before it have. Changes of tables that are gone are passed over, and so are indexes and the catalog.
 */
import type { Change, ChangesOptions, CommitChanges, Database } from "../mvcc/index.ts";
import { foldName } from "./catalog/name.ts";
import { isKeyed, type Table } from "./catalog/schema.ts";
import { answerRowid } from "./key.ts";
import type { SqlSession } from "./session.ts";
import type { SqlRow } from "./statement.ts";
import { answered } from "./value/value.ts";
import { RowRecord } from "./write/run/record.ts";

export interface RowChange {
  readonly table: string;
  readonly type: "put" | "delete";
  /** The rowid; of a table WITHOUT ROWID the bytes of its key, which are the same for the same row. */
  readonly key: number | bigint | Uint8Array;
  /** What is there since; undefined for a row that was deleted. */
  readonly row: SqlRow | undefined;
}

export interface TableChanges extends Omit<CommitChanges, "changes"> {
  readonly changes: readonly RowChange[];
}

export interface RowChangesOptions extends Omit<ChangesOptions, "of"> {
  /** Only these tables. */
  readonly of?: string | readonly string[];
}

const PREFIX = "sql/";

/** Commits that changed no row of these tables are passed over. */
export async function* rowChanges(
  database: Database,
  session: SqlSession,
  { of, ...options }: RowChangesOptions,
): AsyncGenerator<TableChanges, void, undefined> {
  const wanted = of === undefined ? undefined : new Set([of].flat().map(foldName));
  let begun: number | undefined;
  for await (const { changes, ...commit } of database.changes(options)) {
    const rows = changes.some(({ map }) => map.startsWith(PREFIX)) ? rowsOf(database, session, changes, wanted) : [];
    // Whoever was given a part of a commit is told its end, too.
    if (rows.length > 0 || (commit.isWhole && begun === commit.commit)) {
      begun = commit.isWhole ? undefined : commit.commit;
      yield { ...commit, changes: rows };
    }
  }
}

function rowsOf(
  database: Database,
  session: SqlSession,
  changes: readonly Change[],
  wanted: ReadonlySet<string> | undefined,
): RowChange[] {
  const { connection } = session;
  const tables = new Map<string, Table>();
  for (const table of connection.catalog(connection.reader()).tables()) {
    const map = database.store.catalog.byId(table.keyspace)?.name;
    if (map !== undefined && (wanted === undefined || wanted.has(foldName(table.name)))) {
      tables.set(map, table);
    }
  }
  const rows: RowChange[] = [];
  for (const { map, type, key, value } of changes) {
    const table = tables.get(map);
    if (table !== undefined && (type === "put" || type === "delete")) {
      rows.push(rowChange(table, type, key as Uint8Array, value as Uint8Array | undefined));
    }
  }
  return rows;
}

function rowChange(
  table: Table,
  type: RowChange["type"],
  keyBytes: Uint8Array,
  value: Uint8Array | undefined,
): RowChange {
  const key = keyOf(table, keyBytes);
  if (value === undefined) {
    return { table: table.name, type, key, row: undefined };
  }
  const record = new RowRecord(table);
  const data = new DataView(value.buffer, value.byteOffset, value.byteLength);
  record.read(keyBytes, keyBytes.length, { u8: value, data, valueOffset: 0, valueLength: value.length });
  const row = Object.fromEntries(table.columns.map(({ name, index }) => [name, record.values[index]!]));
  return { table: table.name, type, key, row };
}

function keyOf(table: Table, bytes: Uint8Array): RowChange["key"] {
  if (isKeyed(table)) {
    return bytes;
  }
  answerRowid(bytes, 0, 0, bytes, 0, bytes.length);
  return answered() as number | bigint;
}
