/**
 * Where a level is at home: a directory that it opens and closes, or a database that is open and stays so.
 *
 * A level exists where its map does. `createIfMissing` and `errorIfExists` ask for that, in both cases.
 */
import { existsSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { Database, type Durability, destroyAt, type OpenOptions, open } from "../mvcc/index.ts";
import { type Engine, Entries } from "./entries.ts";
import { LevelError, toLevelError } from "./errors.ts";
import { checkDurability, checkShared, type HomeOptions, type LevelOpenOptions, openOptions } from "./options.ts";

const DEFAULT_MAP = "level";
const IN_MEMORY = ":memory:";
/** So much log is moved into pages in the application's thread when a level closes; of more, a worker does it before. */
const CLOSE_AT_ONCE_BYTES = 1024 * 1024;

export class Home {
  readonly map: string;
  readonly path: string;
  readonly #shared: Database | undefined;
  readonly #engine: Engine | undefined;
  readonly #openOptions: OpenOptions;
  readonly #onDatabaseClose: () => void;

  /** `onDatabaseClose` is told where the database is closed by others. */
  constructor(place: string | Database, options: HomeOptions, onDatabaseClose: () => void) {
    this.map = options.map ?? DEFAULT_MAP;
    this.path = pathOf(place);
    this.#shared = place instanceof Database ? place : undefined;
    this.#engine = options.engine;
    this.#openOptions = openOptions(options);
    this.#onDatabaseClose = onDatabaseClose;
  }

  /** What writes go by that do not choose. Throws TypeError. */
  durability(options: LevelOpenOptions): Durability {
    const otherwise = this.#shared?.store.options.durability ?? "relaxed";
    return checkDurability(options.durability ?? this.#openOptions.durability ?? otherwise);
  }

  /** Throws what opening a database throws, TypeError, and LEVEL_INVALID for what is missing or there already. */
  open(options: LevelOpenOptions): Entries {
    if (this.#shared !== undefined) {
      checkShared(options);
    }
    const database = this.#shared ?? this.#openDirectory(options);
    try {
      const entries = this.#entriesIn(database, options);
      database.store.onClose.add(this.#onDatabaseClose);
      return entries;
    } catch (error) {
      if (this.#shared === undefined) {
        database.close();
      }
      throw error;
    }
  }

  async close({ database }: Entries): Promise<void> {
    database.store.onClose.delete(this.#onDatabaseClose);
    if (this.#shared === undefined) {
      await shorten(database);
      database.close();
    }
  }

  #openDirectory(options: LevelOpenOptions): Database {
    const mayCreate = options.createIfMissing !== false;
    if (!mayCreate && this.path !== IN_MEMORY && !existsSync(join(this.path, "pages.000"))) {
      throw new LevelError("LEVEL_INVALID", `${this.path} does not exist (createIfMissing is false)`);
    }
    return open(this.path, {
      ...this.#openOptions,
      ...openOptions(options),
      durability: this.durability(options),
      create: mayCreate,
    });
  }

  #entriesIn(database: Database, options: LevelOpenOptions): Entries {
    const isThere = database.maps().includes(this.map);
    const name = `${this.path}, map ${this.map},`;
    if (!isThere && options.createIfMissing === false) {
      throw new LevelError("LEVEL_INVALID", `${name} does not exist (createIfMissing is false)`);
    }
    if (isThere && options.errorIfExists) {
      throw new LevelError("LEVEL_INVALID", `${name} exists (errorIfExists is true)`);
    }
    return new Entries(database, this.map, this.#engine);
  }
}

/** Throws TypeError for what is no place for a level, and for options that mean nothing there. */
export function checkPlace(place: unknown, options: HomeOptions): void {
  if (place instanceof Database) {
    if (typeof options.map !== "string" || options.map === "") {
      throw new TypeError('A level in an open database needs the name of its map: new Level(db, { map: "…" })');
    }
    checkShared(options);
  } else if (typeof place !== "string" || place === "") {
    throw new TypeError("The first argument is the path of a directory, or a database of nacre's that is open");
  }
}

export function isPermanent(place: string | Database): boolean {
  return pathOf(place) !== IN_MEMORY;
}

/** The contract is `Level.destroy`'s. */
export async function destroy(path: string): Promise<void> {
  if (path !== IN_MEMORY && !existsSync(path)) {
    return;
  }
  try {
    destroyAt(path);
  } catch (error) {
    throw toLevelError(error);
  }
  await rmdir(path).catch(() => {
    // Something else lies there, or it is a process's working directory: what is nacre's is gone.
  });
}

function pathOf(place: string | Database): string {
  return typeof place === "string" ? place : place.store.disk.path;
}

/** Leaves most of a long log to a worker, so that closing holds the event loop for little. */
async function shorten(database: Database): Promise<void> {
  const { store } = database;
  const isLong = store.active.segment.tail > CLOSE_AT_ONCE_BYTES;
  if (!isLong || store.isClosed || store.options.readOnly || store.isPoisoned) {
    return;
  }
  try {
    await database.checkpoint();
  } catch {
    // Closing meets it again, and says so.
  }
}
