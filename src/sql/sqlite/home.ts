/**
 * The nacre databases that the connections of this process share, by path: the first connection opens the directory, the last one
 * closes it. A database in memory has one connection.
 *
 * A path is that of a nacre directory. A file that lies there, a SQLite database above all, is refused and not touched.
 */
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { systemClock } from "../../clock.ts";
import { type Database as NacreDatabase, open } from "../../mvcc/index.ts";
import type { OpenAttached } from "../connection.ts";
import { storeOf } from "../session.ts";
import type { SqlStore } from "../storage.ts";
import { toSqliteError } from "./error-code.ts";
import type { OpenRequest } from "./options.ts";
import { whileLocked } from "./patience.ts";
import { SqliteError } from "./sqlite-error.ts";

export interface Home {
  readonly database: NacreDatabase;
  /** Undefined: in memory. */
  readonly path: string | undefined;
  /** Which directory lay there when it was opened. */
  readonly directory: string | undefined;
  connections: number;
  /** Who opened the database closes it. */
  readonly isOthers: boolean;
}

const FIRST_FILE = "pages.000";
const SQLITE_MAGIC = "SQLite format 3\0";

const homes = new Map<string, Home>();

/** Opens the database, or joins those who have. Throws TypeError where there is no place for it, and SqliteError. */
export function enterHome(request: OpenRequest): Home {
  if (request.database !== undefined) {
    return { database: request.database, path: request.path, directory: undefined, connections: 1, isOthers: true };
  }
  if (request.path === undefined) {
    return { database: open(":memory:"), path: undefined, directory: undefined, connections: 1, isOthers: false };
  }
  const path = checkedPath(request.path);
  const known = homes.get(path);
  if (known !== undefined) {
    if (directoryAt(path) !== known.directory) {
      throw new SqliteError(
        `unable to open database file: ${path} was removed or replaced while this process has it open; close the other connections first`,
        "SQLITE_CANTOPEN",
      );
    }
    if (known.database.store.options.readOnly && !request.isReadOnly) {
      throw new SqliteError(
        `database is locked: ${path} is open read-only in this process; open the connection that writes first`,
        "SQLITE_BUSY",
      );
    }
    known.connections++;
    return known;
  }
  const isThere = existsSync(join(path, FIRST_FILE));
  if (!isThere && (request.mustExist || request.isReadOnly)) {
    throw new SqliteError(`unable to open database file: there is no nacre database at ${path}`, "SQLITE_CANTOPEN");
  }
  const database = openAt(path, request);
  const home = { database, path, directory: directoryAt(path), connections: 1, isOthers: false };
  closeAtExit();
  homes.set(path, home);
  return home;
}

export function leaveHome(home: Home): void {
  home.connections--;
  if (home.connections > 0 || home.isOthers) {
    return;
  }
  if (home.path !== undefined) {
    homes.delete(home.path);
  }
  try {
    home.database.close();
  } catch (error) {
    throw toSqliteError(error);
  }
}

/** What ATTACH names: a directory that is shared with the other connections of this process, as main is. `opened` is told of it. */
export function attachedHome(
  request: OpenRequest,
  opened: (store: SqlStore, database: NacreDatabase) => void,
): OpenAttached {
  return (path, isReadOnly) => {
    if (!existsSync(dirname(path))) {
      throw new SqliteError(`unable to open database: ${path}`, "SQLITE_CANTOPEN");
    }
    const home = enterHome({
      ...request,
      path,
      isReadOnly,
      database: undefined,
      contents: undefined,
      mustExist: false,
    });
    const store = storeOf(home.database);
    opened(store, home.database);
    return { store, close: () => leaveHome(home) };
  };
}

/** What tells it from another that may come to lie there; undefined: there is none. */
function directoryAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}

function openAt(path: string, { isReadOnly, timeoutMs }: OpenRequest): NacreDatabase {
  try {
    return whileLocked(systemClock, timeoutMs, () => open(path, { readOnly: isReadOnly, create: !isReadOnly }));
  } catch (error) {
    throw toSqliteError(error);
  }
}

function checkedPath(given: string): string {
  if (given.startsWith("file:")) {
    throw new SqliteError("URI filenames are not supported; give the path of a directory", "SQLITE_CANTOPEN");
  }
  if (!existsSync(dirname(given))) {
    throw new TypeError("Cannot open database because the directory does not exist");
  }
  const path = resolve(given);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    return join(realpathSync(dirname(path)), basename(path));
  }
  if (!found.isDirectory()) {
    throw refusedFile(path);
  }
  return realpathSync(path);
}

/** The error for a path where a file lies. */
export function refusedFile(path: string): SqliteError {
  const what = isSqliteFile(path) ? "a SQLite database" : "a file";
  return new SqliteError(
    `file is not a database: ${path} is ${what}, and a nacre database is a directory; choose another path, and copy the rows over`,
    "SQLITE_NOTADB",
  );
}

function isSqliteFile(path: string): boolean {
  const head = Buffer.alloc(SQLITE_MAGIC.length);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return head.toString("latin1") === SQLITE_MAGIC;
}

let isClosingAtExit = false;

/** As SQLite's databases are closed when a process ends; what is committed is on disk without it. */
function closeAtExit(): void {
  if (!isClosingAtExit) {
    isClosingAtExit = true;
    process.once("exit", () => {
      for (const { database } of homes.values()) {
        if (!database.store.writer.isOpen) {
          database.close();
        }
      }
    });
  }
}
