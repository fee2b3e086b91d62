/** Where the tests of levels run: a directory that is removed with its levels and databases closed. */
import { join } from "node:path";
import { type OpenOptions, open } from "../../src/index.ts";
import { Level, type LevelOptions, type SharedLevelOptions } from "../../src/level.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Small segments: a few hundred kilobytes bring checkpoints. */
const SMALL: OpenOptions = { segmentBytes: 64 * 1024, cacheBytes: 1024 * 1024 };

export class Place implements AsyncDisposable {
  readonly path: string;
  readonly #directory = temporaryDirectory();
  readonly #levels: Level<never, never>[] = [];
  readonly #databases: Database[] = [];

  constructor() {
    this.path = join(this.#directory.path, "level");
  }

  /** A level in the directory, open. */
  async own<K = string, V = string>(options: LevelOptions<K, V> = {}): Promise<Level<K, V>> {
    return await this.#keep(new Level<K, V>(this.path, { ...SMALL, ...options }));
  }

  /** A database in the directory, which levels may share. */
  database(options: OpenOptions = {}): Database {
    const database = open(this.path, { ...SMALL, durability: "relaxed", ...options });
    this.#databases.push(database);
    return database;
  }

  /** A level in a database, open. */
  async shared<K = string, V = string>(
    database: Database,
    map: string,
    options: Omit<SharedLevelOptions<K, V>, "map"> = {},
  ): Promise<Level<K, V>> {
    return await this.#keep(new Level<K, V>(database, { ...options, map }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#levels.map((level) => level.close()));
    for (const database of this.#databases) {
      database.close();
    }
    this.#directory[Symbol.dispose]();
  }

  async #keep<K, V>(level: Level<K, V>): Promise<Level<K, V>> {
    this.#levels.push(level as unknown as Level<never, never>);
    await level.open();
    return level;
  }
}

/** The code of what an action throws or rejects with, and that of its cause, if that has one: "A", "A < B". */
export async function codesOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    return codes(error).join(" < ");
  }
  return "nothing was thrown";
}

function codes(error: unknown): string[] {
  if (!(error instanceof Error)) {
    return error === undefined ? [] : [String(error)];
  }
  const own = "code" in error ? String(error.code) : error.name;
  return [own, ...codes(error.cause)];
}
