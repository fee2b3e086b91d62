/** Pragmas about the database as a whole: its journal, its checks, what there is in it. */
import { DbError } from "../../errors.ts";
import { type Link, linkOf } from "../catalog/link.ts";
import { quoteName } from "../catalog/name.ts";
import type { ForeignKey, Schema, Table } from "../catalog/schema.ts";
import { TEMP } from "../databases/keyspace-number.ts";
import type { SqlStore } from "../storage.ts";
import { BUILT_IN_COLLATIONS } from "../value/collation.ts";
import { OPTIONS } from "../value/functions/build.ts";
import type { Pragma, PragmaRows, PragmaSession } from "./pragma.ts";
import { relaxForWal } from "./setting-pragmas.ts";

const JOURNAL_MODES: ReadonlySet<string> = new Set(["delete", "truncate", "persist", "memory", "wal", "off"]);

/** What was chosen last, by whatever session of the database: nacre has its one log in any case. */
const journalModes = new WeakMap<SqlStore, string>();

function journalMode(session: PragmaSession, value: string | undefined): PragmaRows {
  const { connection } = session;
  const { store } = connection;
  const wanted = value?.toLowerCase();
  const current = journalModes.get(store) ?? (store.path === undefined ? "memory" : "delete");
  const isChange = wanted !== undefined && wanted !== current && JOURNAL_MODES.has(wanted);
  if (!isChange || store.path === undefined || (wanted === "off" && connection.isDefensive)) {
    return [[current]];
  }
  if (connection.isReadOnly) {
    throw new DbError("READONLY", "attempt to write a readonly database");
  }
  journalModes.set(store, wanted);
  if (wanted === "wal") {
    relaxForWal(session);
  }
  return [[wanted]];
}

/** That every index has as many entries as it must. Pages prove themselves when they are read, and all of them in db.check(). */
function integrityCheck({ connection, catalog }: PragmaSession): PragmaRows {
  const reader = connection.reader();
  const wrong = catalog.tables().flatMap(({ keyspace, indexes }) => {
    const rows = reader.count(keyspace);
    return indexes
      .filter(({ where, keyspace: entries }) => where === undefined && reader.count(entries) !== rows)
      .map(({ name }) => [`wrong # of entries in index ${name}`]);
  });
  return wrong.length === 0 ? [["ok"]] : wrong;
}

/** Rows whose foreign keys have no parent: of one table, or of all. */
function foreignKeyCheck({ catalog, schema, query }: PragmaSession, value: string | undefined): PragmaRows {
  const named = value === undefined ? undefined : catalog.table(schema, value);
  if (value !== undefined && named === undefined && catalog.view(schema, value) === undefined) {
    throw new DbError("INVALID", `no such table: ${schema === undefined ? "" : `${schema}.`}${value}`);
  }
  const all = catalog.tables().filter((table) => schema === undefined || table.schema === schema);
  const tables = value === undefined ? all : named === undefined ? [] : [named];
  return tables.flatMap((table) =>
    [...table.foreignKeys].reverse().flatMap((key, id) => orphansOf(catalog, table, key, id, query)),
  );
}

function orphansOf(
  catalog: Schema,
  table: Table,
  key: ForeignKey,
  id: number,
  query: PragmaSession["query"],
): PragmaRows {
  const link = linkOf(catalog, table, key);
  const columns = key.columns.map(({ name }) => `c.${quoteName(name)}`);
  const isGiven = columns.map((column) => `${column} IS NOT NULL`).join(" AND ");
  const rowid = table.primaryKey.length > 0 ? "NULL" : "c.rowid";
  const isOrphan = link === undefined ? "1" : `NOT EXISTS (${parentQuery(link, columns)})`;
  return query(`SELECT ${rowid} FROM ${qualified(table)} AS c WHERE ${isGiven} AND ${isOrphan}`).map(([found]) => [
    table.name,
    found!,
    key.table,
    id,
  ]);
}

/** Finds the parent of a child with these columns. */
function parentQuery({ parent, parentColumns }: Link, columns: readonly string[]): string {
  const matches = columns.map((column, index) => `p.${quoteName(parentColumns[index]!.name)} = ${column}`);
  return `SELECT 1 FROM ${qualified(parent)} AS p WHERE ${matches.join(" AND ")}`;
}

function qualified({ schema, name }: Table): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

function session(
  name: string,
  columns: readonly string[],
  rows: (session: PragmaSession, value: string | undefined) => PragmaRows,
): Pragma {
  return { kind: "session", name, columns, isSilentWithValue: false, rows };
}

/** What nacre does by itself, or has no need of. */
function nothing(name: string): Pragma {
  return { kind: "session", name, columns: [], isSilentWithValue: true, rows: () => [] };
}

export const DATABASE_PRAGMAS: readonly Pragma[] = [
  session("journal_mode", ["journal_mode"], journalMode),
  // Checkpoints run by themselves, beside the application.
  session("wal_checkpoint", ["busy", "log", "checkpointed"], ({ connection }) => [
    connection.store.path === undefined ? [0, -1, -1] : [0, 0, 0],
  ]),
  session("integrity_check", ["integrity_check"], integrityCheck),
  session("quick_check", ["quick_check"], integrityCheck),
  session("foreign_key_check", ["table", "rowid", "parent", "fkid"], foreignKeyCheck),
  {
    kind: "schema",
    name: "database_list",
    columns: ["seq", "name", "file"],
    rows: ({ databases }) => {
      // Those that are attached count up behind main and temp, whichever have gone.
      const skipped = databases[1]?.number === TEMP ? 0 : 1;
      return databases.map(({ number, label, path }, place) => [
        number <= TEMP ? number : place + skipped,
        label,
        path ?? "",
      ]);
    },
  },
  {
    kind: "session",
    name: "schema_version",
    columns: ["schema_version"],
    // It cannot be set: it counts by itself.
    isSilentWithValue: true,
    rows: ({ connection }, value) => (value === undefined ? [[Math.abs(connection.reader().schemaVersion)]] : []),
  },
  session("data_version", ["data_version"], ({ connection }) => [[connection.store.lastCommit]]),
  {
    kind: "schema",
    name: "encoding",
    columns: ["encoding"],
    rows: (_catalog, value) => (value === undefined ? [["UTF-8"]] : []),
  },
  {
    kind: "schema",
    name: "collation_list",
    columns: ["seq", "name"],
    rows: () => [...BUILT_IN_COLLATIONS.keys()].reverse().map((name, seq) => [seq, name.toUpperCase()]),
  },
  {
    kind: "schema",
    name: "compile_options",
    columns: ["compile_options"],
    rows: () => OPTIONS.map((option) => [option]),
  },
  // There are no pages that wait: space that was freed is used again.
  session("freelist_count", ["freelist_count"], () => [[0]]),
  nothing("incremental_vacuum"),
  nothing("optimize"),
  nothing("shrink_memory"),
];
