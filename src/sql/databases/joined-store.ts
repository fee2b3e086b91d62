/**
 * The databases of a connection as one store: main, temp (which is the connection's alone), and those that are attached.
 *
 *   number   0 main   1 temp, once something was put there   2 … 11 attached
 */
import type { Clock } from "../../clock.ts";
import type { DiskFile } from "../../mvcc/index.ts";
import type { Rng } from "../../random.ts";
import type { KeyspaceReader, SqlSnapshot, SqlStore, SqlTransaction } from "../storage.ts";
import type { WriteReservation } from "../write-reservation.ts";
import { JoinedReader } from "./joined-reader.ts";
import { JoinedTransaction, type TransactionHome } from "./joined-transaction.ts";
import { databaseOf, MAIN, MOST_DATABASES, TEMP, withinDatabase } from "./keyspace-number.ts";
import { SchemaVersions } from "./schema-versions.ts";

export interface JoinedDatabase {
  /** In lower case. */
  readonly name: string;
  /** As it was given. */
  readonly label: string;
  readonly store: SqlStore;
  /** Lets go of the store. */
  readonly close: () => void;
}

export class JoinedStore implements SqlStore {
  readonly #databases: (JoinedDatabase | undefined)[];
  readonly #latest: JoinedReader;
  readonly #readers: (KeyspaceReader | undefined)[];
  readonly #versions: SchemaVersions;
  readonly #checkWritable: (database: number) => void;
  /** What transactions need of it, by their kind. */
  readonly #homes: Readonly<Record<"statement" | "interactive", TransactionHome>>;

  /** `checkWritable` throws where nothing may be written to a database. */
  constructor(main: SqlStore, checkWritable: (database: number) => void) {
    this.#databases = [{ name: "main", label: "main", store: main, close: () => undefined }];
    this.#readers = [main.latest()];
    this.#versions = new SchemaVersions();
    this.#latest = new JoinedReader(
      () => this.#readers,
      this.#versions,
      () => undefined,
    );
    this.#checkWritable = checkWritable;
    this.#homes = { statement: this.#home("statement"), interactive: this.#home("interactive") };
  }

  get clock(): Clock {
    return this.#main.clock;
  }

  get rng(): Rng {
    return this.#main.rng;
  }

  get path(): string | undefined {
    return this.#main.path;
  }

  get reservation(): WriteReservation {
    return this.#main.reservation;
  }

  openFile(): DiskFile {
    return this.#main.openFile();
  }

  /** Of all together: it grows whenever one of theirs does. */
  get lastCommit(): number {
    return this.#databases.reduce((sum, database) => sum + (database?.store.lastCommit ?? 0), 0);
  }

  /** By number; undefined: there is none of that number. */
  get databases(): readonly (JoinedDatabase | undefined)[] {
    return this.#databases;
  }

  put(number: number, database: JoinedDatabase): void {
    while (this.#databases.length < number) {
      this.#databases.push(undefined);
      this.#readers.push(undefined);
    }
    this.#databases[number] = database;
    this.#readers[number] = database.store.latest();
    this.#versions.forget();
  }

  /** A number for one more; undefined: there are as many as there may be. */
  freeNumber(): number | undefined {
    const { length } = this.#databases;
    if (length < MOST_DATABASES) {
      return Math.max(length, TEMP + 1);
    }
    const free = this.#databases.findIndex((database, number) => number > TEMP && database === undefined);
    return free < 0 ? undefined : free;
  }

  /** Takes a database out; those behind it keep their numbers. */
  remove(number: number): void {
    this.#databases[number]!.close();
    this.#databases[number] = undefined;
    this.#readers[number] = undefined;
    this.#versions.forget();
  }

  close(): void {
    for (const database of this.#databases) {
      database?.close();
    }
  }

  latest(): JoinedReader {
    return this.#latest;
  }

  snapshot(): SqlSnapshot {
    const snapshots = this.#databases.map((database) => database?.store.snapshot());
    return new JoinedReader(
      () => snapshots,
      this.#versions,
      () => {
        for (const snapshot of snapshots) {
          snapshot?.close();
        }
      },
    );
  }

  newTemporary(): { readonly store: SqlStore; readonly close: () => void } {
    return this.#main.newTemporary();
  }

  begin(kind: "statement" | "interactive"): JoinedTransaction {
    return new JoinedTransaction(this.#homes[kind], kind === "interactive", undefined);
  }

  /** Goes on with what has begun in main, with savepoints that keep their numbers. */
  widen(transaction: SqlTransaction, kind: "statement" | "interactive", marks: readonly number[]): JoinedTransaction {
    return new JoinedTransaction(this.#homes[kind], kind === "interactive", { transaction, marks });
  }

  async changed(keyspaces: readonly number[], signal: AbortSignal): Promise<void> {
    const others = new AbortController();
    const ends = AbortSignal.any([signal, others.signal]);
    const numbers = new Set(keyspaces.map(databaseOf));
    try {
      await Promise.race(
        // Temporary tables change by what the connection itself does; that is a change like others.
        [...numbers.add(MAIN)].map((number) => {
          const own = keyspaces.filter((keyspace) => databaseOf(keyspace) === number).map(withinDatabase);
          return this.#databases[number]!.store.changed(own, ends);
        }),
      );
    } finally {
      others.abort();
    }
  }

  get #main(): SqlStore {
    return this.#databases[MAIN]!.store;
  }

  #home(kind: "statement" | "interactive"): TransactionHome {
    const databases = this.#databases;
    return {
      versions: this.#versions,
      get databases(): number {
        return databases.length;
      },
      latest: (number) => this.#readers[number],
      begin: (number) => databases[number]!.store.begin(kind),
      checkWritable: this.#checkWritable,
    };
  }
}
