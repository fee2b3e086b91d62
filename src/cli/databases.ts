/** The databases of the command line are those of the library. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DbError } from "../errors.ts";
import * as library from "../mvcc/index.ts";
import type {
  Database,
  DatabaseAccess,
  Overview,
  RawEntry,
  RawKeyspace,
  RawSnapshot,
  SqlSession,
  Watched,
} from "./database.ts";
import { sqlSession } from "./sql-session.ts";

/** What `stat` counts: on Linux, blocks are of this size whatever the file system. */
const BLOCK_BYTES = 512;
/** More than a key can have. */
const KEY_BUFFER_BYTES = 4096;

export const databases: DatabaseAccess = {
  open: (path, options) => new LibraryDatabase(library.open(path, options)),
  restore: (backup, path, options) => library.restore(backup, path, options),
};

class LibraryDatabase implements Database {
  readonly #database: library.Database;

  constructor(database: library.Database) {
    this.#database = database;
  }

  sql(): SqlSession {
    return sqlSession(this.#database);
  }

  snapshot(): RawSnapshot {
    const snapshot = this.#database.snapshot();
    const { context } = snapshot;
    const keyspaces = this.#database.store.catalog.all().map(({ isDropped: _, ...info }) => {
      return { ...info, entryCount: context.count(info.id, library.ALL_KEYS) };
    });
    return {
      commit: snapshot.commit,
      keyspaces,
      entries: ({ id }) => entriesOf(context, id!),
      close: () => snapshot.close(),
    };
  }

  createKeyspace(keyspace: RawKeyspace): void {
    const { name, id, engine, key, value, lsm, merge } = keyspace;
    const { store } = this.#database;
    if (engine !== "btree" && engine !== "lsm") {
      throw new DbError(
        "UNSUPPORTED",
        `the keyspace ${name} is for the engine ${engine}, which this nacre does not have`,
      );
    }
    if (store.catalog.find(name) !== undefined) {
      throw new DbError("INVALID", `there is a keyspace ${name} already`, { map: name });
    }
    checkKept(keyspace);
    const settings = engine === "lsm" ? { lsm: library.checkLsmSettings(lsm === undefined ? {} : lsm) } : {};
    store.createKeyspace(name, { engine, key, value, ...settings, ...(merge === undefined ? {} : { merge }) }, id);
  }

  putRaw({ name }: RawKeyspace, entries: readonly RawEntry[]): void {
    const { store } = this.#database;
    this.#database.write((tx) => {
      const map = library.rawMap(store, tx.context, name);
      for (const { key, value, expiresAt } of entries) {
        map.put(key, value, expiresAt === 0 ? {} : { expiresAt });
      }
    });
  }

  overview(): Overview {
    const stats = this.#database.stats();
    return { stats, shapes: this.#database.shapes(), files: stats.backend === "memory" ? [] : filesIn(stats.path) };
  }

  check(options: Watched<number>): Promise<library.CheckReport> {
    return this.#database.check(options);
  }

  backup(
    path: string,
    { bytesPerSecond, ...watched }: Parameters<Database["backup"]>[1],
  ): Promise<library.BackupResult> {
    return this.#database.backup(path, { ...watched, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) });
  }

  close(): void {
    this.#database.close();
  }
}

/** What the engine would take as it comes. */
function checkKept({ name, engine, value, lsm, merge }: RawKeyspace): void {
  if (engine === "btree" && lsm !== undefined) {
    throw new DbError("INVALID", `the keyspace ${name} is for the engine btree, which has no settings lsm`, {
      map: name,
    });
  }
  if (merge !== undefined && !library.canMerge(merge, value)) {
    const what = `merge: ${JSON.stringify(merge)} with value: ${JSON.stringify(value)}`;
    throw new DbError("INVALID", `the keyspace ${name} cannot have ${what}`, { map: name });
  }
}

/** Keys lie in one buffer, and values where the cursor finds them. */
function* entriesOf(context: library.Context, keyspace: number): Generator<RawEntry, void, undefined> {
  const cursor = context.openScan(keyspace, library.ALL_KEYS, false);
  const keys = new Uint8Array(KEY_BUFFER_BYTES);
  try {
    while (cursor.next()) {
      if (cursor.isOverflow) {
        cursor.gather();
      }
      yield {
        key: keys.subarray(0, cursor.copyKey(keys, 0)),
        value: cursor.u8.subarray(cursor.valueOffset, cursor.valueOffset + cursor.valueLength),
        expiresAt: cursor.expiry,
      };
    }
  } finally {
    context.closeScan(cursor);
  }
}

function filesIn(path: string): Overview["files"] {
  return readdirSync(path)
    .sort()
    .map((name) => ({ name, diskBytes: statSync(join(path, name)).blocks * BLOCK_BYTES }));
}
