/**
 * What the command line needs of the database, and nothing more: the one place where the two meet.
 *
 * Commands are written against these interfaces, so that their tests can run with a small fake where
 * the storage is not the point.
 */
import type {
  BackupResult,
  CheckReport,
  CopyProgress,
  DatabaseStats,
  KeyspaceDescription,
  MapShape,
} from "../mvcc/index.ts";

export type SqlValue = null | number | bigint | string | Uint8Array;

export interface SqlStatement {
  /** Names of the result columns; empty for a statement that returns no rows. */
  readonly columns: readonly string[];
  iterate(...parameters: readonly SqlValue[]): Iterable<readonly SqlValue[]>;
  run(...parameters: readonly SqlValue[]): { readonly changes: number };
}

export interface TableColumn {
  readonly name: string;
  /** The type as declared, perhaps empty. */
  readonly type: string;
}

export interface Table {
  readonly name: string;
  /** The statement that makes it. */
  readonly sql: string;
  readonly columns: readonly TableColumn[];
}

/** An entry of sqlite_schema. */
export interface SchemaObject {
  readonly type: string;
  readonly name: string;
  /** What an index or a trigger is of; a table's own name. */
  readonly table: string;
  /** The statement that makes it; null where a table does. */
  readonly sql: string | null;
}

export interface SqlSession {
  /** Called now and then while a statement runs, which it ends by throwing. */
  onWork: (() => void) | undefined;
  prepare(text: string): SqlStatement;
  /** All that `work` does becomes one commit, durable when this returns; nothing of it does if `work` throws. */
  transaction(work: () => void): void;
  tables(): readonly Table[];
  /** All that there is, in the order in which it was made, but what SQL itself has made. */
  schema(): readonly SchemaObject[];
  close(): void;
}

/** A keyspace with its entries as bytes: what a copy of the database consists of, SQL tables included. */
export interface RawKeyspace {
  readonly name: string;
  /** Its number, by which others may refer to it; undefined where any will do. */
  readonly id: number | undefined;
  /** Names of the codecs. */
  readonly key: string;
  readonly value: string;
  readonly engine: string;
  /** How it is kept besides; undefined: as its engine does unless told otherwise. */
  readonly lsm?: KeyspaceDescription["lsm"];
  readonly merge?: KeyspaceDescription["merge"];
}

export interface RawEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Milliseconds since the epoch; 0: never. */
  readonly expiresAt: number;
}

/** The database at one moment. */
export interface RawSnapshot {
  readonly commit: number;
  readonly keyspaces: readonly (RawKeyspace & { readonly entryCount: number })[];
  /** In key order. An entry is good until the next is asked for. */
  entries(keyspace: RawKeyspace): Iterable<RawEntry>;
  close(): void;
}

/** What long work takes: a way to end it, and somebody to tell how far it is. */
export interface Watched<Progress> {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** A database at a glance. */
export interface Overview {
  readonly stats: DatabaseStats;
  readonly shapes: readonly MapShape[];
  /** The files of its directory, with the bytes that they take on the disk: a file with holes takes less than its length. */
  readonly files: readonly { readonly name: string; readonly diskBytes: number }[];
}

export interface Database {
  /** A session of its own, as a connection would be. */
  sql(): SqlSession;
  snapshot(): RawSnapshot;
  /** Makes a keyspace that is not there yet. */
  createKeyspace(keyspace: RawKeyspace): void;
  /** Puts all entries in one commit. */
  putRaw(keyspace: RawKeyspace, entries: readonly RawEntry[]): void;
  overview(): Overview;
  /** Reads every page; rejects with CORRUPT. Tells the share that is done, 0 to 1. */
  check(options: Watched<number>): Promise<CheckReport>;
  /** Copies everything to a new or empty directory. */
  backup(path: string, options: BackupOptions): Promise<BackupResult>;
  close(): void;
}

export interface BackupOptions extends Watched<CopyProgress> {
  readonly bytesPerSecond: number | undefined;
}

export interface DatabaseAccess {
  /** `":memory:"` is one that nothing is kept of. Throws INVALID where there is none and `create` is not set. */
  open(path: string, options: { readonly create: boolean; readonly readOnly: boolean }): Database;
  /** Proves the database in `backup` whole and copies it to `path`, a new or empty directory. */
  restore(backup: string, path: string, options: Watched<CopyProgress>): Promise<BackupResult>;
}
