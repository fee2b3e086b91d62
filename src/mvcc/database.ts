/** The database as applications hold it. */
import type { Clock } from "../clock.ts";
import { stopwatch, systemClock } from "../clock.ts";
import { DbError } from "../errors.ts";
import { type Backend, MemoryDisk, openDirectory } from "../pager/index.ts";
import { type Rng, systemRng } from "../random.ts";
import { checkSegmentBytes, DEFAULT_SEGMENT_BYTES } from "../wal/index.ts";
import { type BackupOptions, type BackupResult, backup } from "./backup.ts";
import { ENGINES, type EngineKind } from "./catalog.ts";
import { type ChangesOptions, type CommitChanges, changes } from "./changes.ts";
import { type CheckOptions, type CheckReport, checkStore } from "./check.ts";
import { type CompactOptions, type CompactResult, compact } from "./compact.ts";
import type { Context } from "./context.ts";
import { Deadlines } from "./deadlines.ts";
import { LiveContext } from "./live-context.ts";
import { mapOpener, type OpenMap } from "./open-map.ts";
import { DURABILITIES, type Durability, oneOf, type Seams, type StoreOptions } from "./options.ts";
import { type DatabaseStats, type MapShape, shapesOf, statsOf } from "./stats.ts";
import { Store } from "./store.ts";
import { Snapshot, Transaction, type TransactionOptions, WriteTransaction } from "./transaction.ts";

export interface OpenOptions {
  /**
   * What a commit is when its call returns or its promise resolves. "sync" (the default): on disk. "group": written, and
   * its sync under way; promises still wait for it. "relaxed": written, on disk within 100 ms. A killed process loses
   * none of them; a lost machine may lose what is not on disk.
   */
  readonly durability?: Durability;
  /** The engine of maps that are made without one; "btree" unless given. */
  readonly engine?: EngineKind;
  /** Opens what is there to read, beside other readers. */
  readonly readOnly?: boolean;
  /** Makes the database where it is missing; true unless given. */
  readonly create?: boolean;
  /** How pages are read: "mmap" where there is mmap-io (the default), or "pread" through a cache. */
  readonly backend?: "mmap" | "pread";
  /** Bytes of the page cache: of pages with "pread", and of unpacked leaves of LSM runs; 64 MiB unless given. */
  readonly cacheBytes?: number;
  /** Bytes of a log segment, which is also a memtable; 32 MiB unless given. There are four at the most, five with LSM maps. */
  readonly segmentBytes?: number;
  /**
   * Bytes that compactions of LSM maps may write a second, on average; no limit unless given. It is not kept while so much
   * waits for them that writers would have to wait.
   */
  readonly compactionBytesPerSecond?: number;
  /** Bytes of checkpointed log kept for `changes`; none unless given. */
  readonly retainLogBytes?: number;
  /** Bytes of old memtables that open snapshots may keep alive; beyond, the oldest expires. 256 MiB unless given. */
  readonly snapshotMemoryBytes?: number;
  /** Bytes that one interactive transaction may write; 256 MiB unless given. */
  readonly maxTransactionBytes?: number;
}

export interface WriteOptions {
  /** The database's, unless given. */
  readonly durability?: Durability;
}

export interface RunOptions extends TransactionOptions {
  /** How often a conflict is tried again; 20 unless given. */
  readonly retries?: number;
  /** Ends the waiting between tries. */
  readonly signal?: AbortSignal;
}

const MEBIBYTE = 1024 * 1024;
/** At the most: 10–30 µs each, as a rule; a turn that takes long ends earlier. */
const CHECKPOINT_STEPS_PER_TURN = 100;
const FILE_BYTES = 1024 * MEBIBYTE;
const DEFAULT_RETRIES = 20;
/** Tries that follow at once; later ones wait, up to twice as long each time. */
const EAGER_RETRIES = 3;
const MAX_BACKOFF_MS = 64;

/** Opens the database at `path`, a directory, or ":memory:". Throws INVALID, LOCKED, CORRUPT, UNSUPPORTED, IO. */
export function open(path: string, options: OpenOptions = {}): Database {
  if (typeof path !== "string" || path.length === 0 || path.includes("\0")) {
    throw new DbError("INVALID", 'a database is opened by the path of its directory, or as ":memory:"');
  }
  const isMemory = path === ":memory:";
  const resolved = resolveOptions(options, isMemory ? "memory" : undefined);
  const disk = isMemory ? new MemoryDisk() : openDirectory(path, resolved);
  return openStore({ disk, clock: systemClock, rng: systemRng, stopwatch }, resolved);
}

/** The same on a disk, clock and source of randomness of the caller's: for simulations. */
export function openOn(seams: Seams, options: OpenOptions & InternalOptions = {}, backend?: Backend): Database {
  return openStore(seams, resolveOptions(options, backend));
}

function openStore(seams: Seams, options: StoreOptions): Database {
  return new Database(Store.open(seams, options), seams.rng);
}

export interface InternalOptions {
  /** "inline" runs checkpoints in the application's thread, step by step. */
  readonly checkpoints?: "worker" | "inline";
  /** Of these steps, how many are done between two turns of the event loop. */
  readonly checkpointStepsPerTurn?: number;
  /** Bytes of a page file: a power of two, at least 64 KiB; 1 GiB unless given. The same at every opening. */
  readonly fileBytes?: number;
}

function resolveOptions(options: OpenOptions & InternalOptions, backend: Backend | undefined): StoreOptions {
  return {
    durability: oneOf("durability", options.durability ?? "sync", DURABILITIES),
    engine: oneOf("engine", options.engine ?? "btree", ENGINES),
    backend: backend ?? oneOf("backend", options.backend ?? "mmap", ["mmap", "pread"]),
    cacheBytes: sizeOption("cacheBytes", options.cacheBytes ?? 64 * MEBIBYTE, 64 * 1024),
    segmentBytes: checkSegmentBytes(options.segmentBytes ?? DEFAULT_SEGMENT_BYTES),
    compactionBytesPerSecond:
      options.compactionBytesPerSecond === undefined
        ? Number.POSITIVE_INFINITY
        : sizeOption("compactionBytesPerSecond", options.compactionBytesPerSecond, MEBIBYTE),
    retainLogBytes: sizeOption("retainLogBytes", options.retainLogBytes ?? 0, 0),
    snapshotMemoryBytes: sizeOption("snapshotMemoryBytes", options.snapshotMemoryBytes ?? 256 * MEBIBYTE, 0),
    maxTransactionBytes: sizeOption("maxTransactionBytes", options.maxTransactionBytes ?? 256 * MEBIBYTE, 64 * 1024),
    readOnly: options.readOnly ?? false,
    create: options.create ?? true,
    checkpoints: options.checkpoints ?? "worker",
    checkpointStepsPerTurn: options.checkpointStepsPerTurn ?? CHECKPOINT_STEPS_PER_TURN,
    fileBytes: options.fileBytes ?? FILE_BYTES,
  };
}

function sizeOption(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new DbError("INVALID", `the option ${name} is a number of bytes, at least ${least}`, {
      value: String(value),
    });
  }
  return value;
}

export class Database implements Disposable {
  readonly map: OpenMap;
  /**
   * For frontends: the level of bytes.
   * @internal
   */
  readonly context: Context;
  /**
   * What everything stands on.
   * @internal
   */
  readonly store: Store;
  readonly #rng: Rng;
  readonly #clock: Clock;
  readonly #writing: WriteTransaction;
  readonly #deadlines: Deadlines;

  /**
   * Databases come from `open`.
   * @internal
   */
  constructor(store: Store, rng: Rng) {
    this.store = store;
    this.#rng = rng;
    this.#clock = store.clock;
    this.context = new LiveContext(store);
    this.map = mapOpener(store, this.context);
    this.#writing = new WriteTransaction(store);
    this.#deadlines = new Deadlines(store);
    if (!store.options.readOnly) {
      this.#deadlines.start();
    }
  }

  /**
   * Runs `change` as one transaction, alone and at once: all its writes through `tx` are kept, or, if it throws, none.
   * It cannot conflict. It must not be async: awaiting inside would let others in.
   */
  write<T>(change: (tx: WriteTransaction) => T, options: WriteOptions = {}): T {
    const { context } = this.#writing;
    const durability = oneOf("durability", options.durability ?? this.store.options.durability, DURABILITIES);
    context.begin();
    let result: T;
    try {
      result = change(this.#writing);
      if (isPromise(result)) {
        // What goes on behind its first await fails, as the transaction is over by then; this error is the one to tell.
        result.then(undefined, () => {});
        throw new DbError("INVALID", "the callback of db.write() is synchronous; use db.transaction() to await inside");
      }
      context.commit();
    } catch (error) {
      context.rollback();
      throw error;
    }
    this.store.settle(durability);
    return result;
  }

  /**
   * Runs `change` as a transaction that may await, on a snapshot; after a CONFLICT it runs again, `retries` times at the
   * most. Resolves when the commit is as durable as was asked for.
   */
  async transaction<T>(change: (tx: Transaction) => Promise<T> | T, options: RunOptions = {}): Promise<T> {
    const { retries = DEFAULT_RETRIES, signal } = options;
    if (!(retries >= 0)) {
      throw new DbError("INVALID", `retries is a number from 0 on, not ${retries}`, { retries });
    }
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const transaction = new Transaction(this.store, options);
      try {
        const result = await change(transaction);
        await transaction.commit();
        return result;
      } catch (error) {
        transaction.rollback();
        if (!(error instanceof DbError) || !error.retryable || attempt >= retries) {
          throw error;
        }
      }
      if (attempt >= EAGER_RETRIES) {
        await this.#backOff(attempt - EAGER_RETRIES);
      }
    }
  }

  /** A transaction that the caller ends with `commit` or `rollback`; `await using` rolls back what was not committed. */
  begin(options: TransactionOptions = {}): Transaction {
    return new Transaction(this.store, options);
  }

  /** What the database holds now, or held at an earlier commit that the log still has, to read as long as it is open. */
  snapshot(options: { readonly at?: number } = {}): Snapshot {
    return new Snapshot(this.store, options.at);
  }

  /** Every commit since a number, and then as they come. */
  changes(options: ChangesOptions = {}): AsyncGenerator<CommitChanges, void, undefined> {
    return changes(this.store, options);
  }

  /** Deletes a map and all that is in it. */
  drop(name: string): boolean {
    this.store.checkWritable();
    this.store.writer.checkAlone();
    if (this.store.catalog.find(name) === undefined) {
      return false;
    }
    this.store.dropKeyspace(name);
    return true;
  }

  /** The names of the maps there are. */
  maps(): string[] {
    this.store.checkOpen();
    return this.store.catalog.all().map((info) => info.name);
  }

  /** The number of the last commit. */
  get lastCommit(): number {
    return this.store.lastCommit;
  }

  /** Resolves when everything committed so far is on disk. */
  flush(): Promise<void> {
    return this.store.flush();
  }

  /** Resolves when everything committed so far is in pages, so that the log before it is not needed. */
  checkpoint(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.store.checkpoint(options.signal);
  }

  /**
   * Copies the database to `path`, a directory that is new or empty, while it goes on being read and written. The copy
   * holds every commit made before the call and opens like any other database; so a ":memory:" database is saved.
   *
   *     await db.backup("copy.nacre", { onProgress: ({ doneBytes, totalBytes }) => … });
   */
  backup(path: string, options: BackupOptions = {}): Promise<BackupResult> {
    return backup(this.store, path, options);
  }

  /**
   * Moves pages down until the files have no more free space than they need, and cuts them, while the database goes on
   * being read and written. What open snapshots keep from reuse stays.
   */
  compact(options: CompactOptions = {}): Promise<CompactResult> {
    return compact(this.store, options);
  }

  /** Proves that what is on disk is one consistent database; rejects with CORRUPT. */
  check(options: CheckOptions = {}): Promise<CheckReport> {
    return checkStore(this.store, options);
  }

  /** Figures of this moment, cheap to ask for: commits, memory, pages, checkpoints, compactions to do, how reads went. */
  stats(): DatabaseStats {
    return statsOf(this.store);
  }

  /** Levels, runs, filters and amplification of the maps with the engine "lsm". Tries filters, a few ms for a gigabyte. */
  shapes(): MapShape[] {
    return shapesOf(this.store);
  }

  /** Checkpoints and closes. Transactions and snapshots that are open end. */
  close(): void {
    this.store.writer.checkAlone();
    this.#deadlines.stop();
    this.store.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #backOff(step: number): Promise<void> {
    const most = Math.min(MAX_BACKOFF_MS, 2 ** step);
    return new Promise((resolve) => this.#clock.after(1 + (this.#rng.next() % most), resolve, true));
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
