/**
 * A transaction over several databases. It is begun in a database when something is written there, and, if it may be open for longer
 * than a statement, when something is read: what is read then is of one state of that database.
 *
 * A savepoint is one in each database where the transaction has begun; where it begins later, going back means that it has not.
 *
 * It commits in one database after the other, main first, those with nothing to fail in (temp) last. Where one fails those behind it
 * are rolled back, and those before it are not.
 */
import type { Durability } from "../../mvcc/index.ts";
import type { BatchScan, FoundValue, KeyspaceReader, SampledEntry, SortedEntries, SqlTransaction } from "../storage.ts";
import { JoinedReader, PartReader } from "./joined-reader.ts";
import { databaseOf, keyspaceOf, MAIN, TEMP, withinDatabase } from "./keyspace-number.ts";
import type { SchemaVersions } from "./schema-versions.ts";

/** What a transaction needs of the databases that it is over. */
export interface TransactionHome {
  readonly versions: SchemaVersions;
  /** How many numbers of databases there are. */
  readonly databases: number;
  latest(database: number): KeyspaceReader | undefined;
  begin(database: number): SqlTransaction;
  /** Throws where nothing may be written now. */
  checkWritable(database: number): void;
}

export class JoinedTransaction implements SqlTransaction {
  readonly #home: TransactionHome;
  readonly #isInteractive: boolean;
  /** Where it has begun. */
  readonly #begun: (SqlTransaction | undefined)[];
  /** Where something may be written: that was asked for. */
  readonly #written: Set<number>;
  /** The savepoints of the databases for each of its own. */
  readonly #marks: Map<number, readonly (number | undefined)[]>;
  readonly #reader: JoinedReader;
  readonly #readers: (KeyspaceReader | undefined)[];
  #nextMark: number;

  /** `main` is what has begun there already, with savepoints that stay what they are. */
  constructor(
    home: TransactionHome,
    isInteractive: boolean,
    main: { readonly transaction: SqlTransaction; readonly marks: readonly number[] } | undefined,
  ) {
    this.#home = home;
    this.#isInteractive = isInteractive;
    this.#begun = [main?.transaction];
    this.#written = new Set();
    this.#marks = new Map((main?.marks ?? []).map((mark) => [mark, [mark]]));
    this.#readers = [];
    this.#reader = new JoinedReader(
      () => this.#current(),
      home.versions,
      () => undefined,
    );
    this.#nextMark = Math.max(-1, ...(main?.marks ?? [])) + 1;
    if (isInteractive && main === undefined) {
      this.#begin(MAIN);
    }
  }

  get found(): FoundValue {
    return this.#reader.found;
  }

  get endedScans(): BatchScan[] {
    return this.#reader.endedScans;
  }

  get schemaVersion(): number {
    return this.#reader.schemaVersion;
  }

  /** Of main. */
  keyspace(name: string): number | undefined {
    return this.#reader.keyspace(name);
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#beforeRead(keyspace);
    return this.#reader.get(keyspace, key, offset, length);
  }

  scan(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
    ended?: BatchScan,
  ): BatchScan {
    this.#beforeRead(keyspace);
    return this.#reader.scan(keyspace, lower, upper, reverse, ended);
  }

  count(keyspace: number, lower?: Uint8Array, upper?: Uint8Array): number {
    this.#beforeRead(keyspace);
    return this.#reader.count(keyspace, lower, upper);
  }

  estimate(keyspace: number): number {
    return this.#reader.estimate(keyspace);
  }

  sample(keyspace: number, most: number): SampledEntry[] {
    return this.#reader.sample(keyspace, most);
  }

  countSampled(keyspace: number, lower: Uint8Array, upper: Uint8Array): number {
    return this.#reader.countSampled(keyspace, lower, upper);
  }

  put(
    keyspace: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
  ): void {
    const writer = this.writer(databaseOf(keyspace));
    writer.put(withinDatabase(keyspace), key, keyOffset, keyLength, value, valueOffset, valueLength);
  }

  delete(keyspace: number, key: Uint8Array, offset: number, length: number): void {
    this.writer(databaseOf(keyspace)).delete(withinDatabase(keyspace), key, offset, length);
  }

  createKeyspace(name: string): number {
    return this.writer(MAIN).createKeyspace(name);
  }

  createKeyspaceWith(name: string, entries: SortedEntries): number {
    return this.writer(MAIN).createKeyspaceWith(name, entries);
  }

  dropKeyspace(keyspace: number): void {
    this.writer(databaseOf(keyspace)).dropKeyspace(withinDatabase(keyspace));
  }

  touchSchema(): void {
    this.writer(MAIN).touchSchema();
  }

  savepoint(): number {
    const mark = this.#nextMark++;
    this.#marks.set(
      mark,
      this.#begun.map((transaction) => transaction?.savepoint()),
    );
    return mark;
  }

  rollbackTo(savepoint: number): void {
    const marks = this.#marks.get(savepoint)!;
    for (const [database, transaction] of this.#begun.entries()) {
      const mark = marks[database];
      if (transaction !== undefined && mark !== undefined) {
        transaction.rollbackTo(mark);
      } else if (transaction !== undefined) {
        transaction.rollback();
        this.#begun[database] = undefined;
        this.#written.delete(database);
      }
    }
  }

  release(savepoint: number): void {
    for (const [database, mark] of this.#marks.get(savepoint)!.entries()) {
      if (mark !== undefined) {
        this.#begun[database]?.release(mark);
      }
    }
    this.#marks.delete(savepoint);
  }

  commit(durability?: Durability): void {
    try {
      for (let database = 0; database < this.#begun.length; database++) {
        if (database !== TEMP) {
          this.#take(database)?.commit(durability);
        }
      }
      this.#take(TEMP)?.commit();
    } finally {
      // Those behind one that failed.
      this.rollback();
    }
  }

  rollback(): void {
    for (let database = 0; database < this.#begun.length; database++) {
      this.#take(database)?.rollback();
    }
  }

  /** Whether it has begun there. */
  has(database: number): boolean {
    return this.#begun[database] !== undefined;
  }

  /** The databases in which something was written. */
  get written(): ReadonlySet<number> {
    return this.#written;
  }

  /** What writes there, begun if need be. */
  writer(database: number): SqlTransaction {
    if (!this.#written.has(database)) {
      this.#home.checkWritable(database);
      this.#written.add(database);
    }
    return this.#begun[database] ?? this.#begin(database);
  }

  /** The same transaction with the keyspaces that one database has by name. */
  part(database: number): SqlTransaction {
    return new PartTransaction(this, () => this.alone(database), database);
  }

  /** What is read of that database alone, with keyspaces as they are numbered there. */
  alone(database: number): KeyspaceReader {
    return this.#reader.alone(database);
  }

  #begin(database: number): SqlTransaction {
    const transaction = this.#home.begin(database);
    while (this.#begun.length < database) {
      this.#begun.push(undefined);
    }
    this.#begun[database] = transaction;
    return transaction;
  }

  /** What has begun there, which is over then, however it ends. */
  #take(database: number): SqlTransaction | undefined {
    const transaction = this.#begun[database];
    this.#begun[database] = undefined;
    return transaction;
  }

  #beforeRead(keyspace: number): void {
    const database = databaseOf(keyspace);
    if (this.#isInteractive && this.#begun[database] === undefined) {
      this.#begin(database);
    }
  }

  #current(): readonly (KeyspaceReader | undefined)[] {
    const { databases } = this.#home;
    const readers = this.#readers;
    readers.length = databases;
    for (let database = 0; database < databases; database++) {
      readers[database] = this.#begun[database] ?? this.#home.latest(database);
    }
    return readers;
  }
}

class PartTransaction extends PartReader<JoinedTransaction> implements SqlTransaction {
  put(
    keyspace: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
  ): void {
    this.all.put(keyspace, key, keyOffset, keyLength, value, valueOffset, valueLength);
  }

  delete(keyspace: number, key: Uint8Array, offset: number, length: number): void {
    this.all.delete(keyspace, key, offset, length);
  }

  createKeyspace(name: string): number {
    return keyspaceOf(this.database, this.all.writer(this.database).createKeyspace(name));
  }

  createKeyspaceWith(name: string, entries: SortedEntries): number {
    return keyspaceOf(this.database, this.all.writer(this.database).createKeyspaceWith(name, entries));
  }

  dropKeyspace(keyspace: number): void {
    this.all.dropKeyspace(keyspace);
  }

  touchSchema(): void {
    this.all.writer(this.database).touchSchema();
  }

  savepoint(): number {
    return this.all.savepoint();
  }

  rollbackTo(savepoint: number): void {
    this.all.rollbackTo(savepoint);
  }

  release(savepoint: number): void {
    this.all.release(savepoint);
  }

  commit(durability?: Durability): void {
    this.all.commit(durability);
  }

  rollback(): void {
    this.all.rollback();
  }
}
