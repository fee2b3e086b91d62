/**
 * The engine: one directory's page file, log, catalog and current read state, and the life of a commit.
 *
 *     begin ─▶ operations ─▶ end ─▶ visible ─▶ watchers ─▶ on disk (sync), or soon (group, relaxed)
 *
 * What stands on it (maps, transactions, SQL) reads through a `ReadPoint` and writes through the one `CommitWriter`.
 * Everything here happens in one thread, the application's; the checkpoint worker reads what is frozen and writes what
 * nobody can reach. The invariants M1 to M9 are in README.md.
 *
 * A commit is visible to other readers of the process when it was written, and acknowledged when it is as durable as was
 * asked for (M9). A reader that passes on what it saw to the outside can wait for `flush` first.
 */
import { assert } from "../assert.ts";
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import { type Combine, isOverfull, SearchCounts } from "../lsm/index.ts";
import { type Disk, type Meta, type PageFile, readMeta, writeMeta } from "../pager/index.ts";
import type { Rng } from "../random.ts";
import { Log, opKeyspace, type Segment } from "../wal/index.ts";
import { ALL_KEYS } from "./byte-range.ts";
import {
  CATALOG_KEYSPACE,
  Catalog,
  type CatalogEntry,
  type KeyspaceDescription,
  type KeyspaceInfo,
} from "./catalog.ts";
import type { CheckpointResult } from "./checkpoint-job.ts";
import type { CheckpointRunner } from "./checkpoint-runner.ts";
import { Checkpointer } from "./checkpointer.ts";
import { type CommitWatcher, CommitWriter } from "./commit-writer.ts";
import { CompactionDebts } from "./compaction-debts.ts";
import { checkNotForeign, openPages } from "./create.ts";
import { readFreeList } from "./free-list.ts";
import { InlineRunner } from "./inline-runner.ts";
import { type Memtable, MemtablePool } from "./memtable.ts";
import { MergeCursor } from "./merge-cursor.ts";
import { combineFor } from "./merge-operator.ts";
import type { Durability, Seams, StoreOptions } from "./options.ts";
import { type Pin, Pins } from "./pins.ts";
import { ReadPoint, ReadState } from "./read-state.ts";
import { Recovery } from "./recovery.ts";
import { applyChanges, readRoots } from "./roots.ts";
import { Waiters } from "./waiters.ts";
import { WorkerRunner } from "./worker-runner.ts";
import { WriteSetPool } from "./write-set.ts";

/** How long a relaxed commit may wait for its sync. */
const RELAXED_SYNC_MS = 100;
const WORKER_CACHE_BYTES = 4 * 1024 * 1024;
/** How much a closing database moves so that its file ends behind what is used: 512 MiB. */
const RELOCATE_PAGES_AT_CLOSE = 65536;

export class Store {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly options: StoreOptions;
  readonly pages: PageFile;
  /** How point reads of LSM keyspaces went. */
  readonly searches: SearchCounts;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly writer: CommitWriter;
  readonly pins: Pins;
  readonly checkpointer: Checkpointer;
  /** What readers outside of transactions see: moves with every commit. */
  readonly live: ReadPoint;
  /** What the open record's own transaction sees: the live state and the commit to be. */
  readonly pending: ReadPoint;
  readonly waiters: Waiters;
  /** Entries that ended before can go without a word; set by the loop that deletes them at their ends. */
  expiredBefore: () => number;
  /** Merge operators of the maps that were asked for, by keyspace: the functions of the application are nowhere else. */
  readonly operators: Map<number, Combine>;
  readonly writeSets: WriteSetPool;
  /** Called once, when the database has closed. */
  readonly onClose: Set<() => void>;
  readonly #pool: MemtablePool;
  readonly #cursors: MergeCursor[];
  readonly #watchers: Set<CommitWatcher>;
  readonly #debts: CompactionDebts;
  #isClosed: boolean;
  #poisonCause: unknown;
  #cancelSync: (() => void) | undefined;

  static open(seams: Seams, options: StoreOptions): Store {
    const { disk } = seams;
    checkNotForeign(disk);
    disk.lock(options.readOnly ? "shared" : "exclusive");
    let pages: PageFile | undefined;
    try {
      pages = openPages(seams, options);
      return new Store(seams, options, pages);
    } catch (error) {
      pages?.close();
      disk.unlock();
      throw located(error, disk.path);
    }
  }

  private constructor(seams: Seams, options: StoreOptions, pages: PageFile) {
    this.disk = seams.disk;
    this.clock = seams.clock;
    this.rng = seams.rng;
    this.options = options;
    this.onClose = new Set();
    this.waiters = new Waiters(this);
    this.expiredBefore = () => 0;
    this.writeSets = new WriteSetPool(options.maxTransactionBytes);
    this.operators = new Map();
    this.#cursors = [];
    this.#watchers = new Set();
    this.#isClosed = false;
    this.#poisonCause = undefined;
    this.#cancelSync = undefined;
    this.#pool = new MemtablePool(options.segmentBytes);
    this.catalog = new Catalog();
    this.#debts = new CompactionDebts(this.catalog, options.segmentBytes);
    this.pages = pages;
    this.searches = new SearchCounts();
    const meta = readMeta(this.pages);
    this.#takeOver(meta);
    const roots = readRoots(this.pages, meta.rootsPage);
    const free = readFreeList(this.pages, meta);
    this.live = new ReadPoint(new ReadState([], roots, meta.checkpoint), meta.commit, 0);
    this.pending = new ReadPoint(this.live.state, meta.commit + 1, 0);
    this.#loadCatalog();
    const recovered = new Recovery(this.catalog, this.#pool);
    this.log = Log.open(seams.disk, {
      firstSegment: meta.firstSegment,
      baseCommit: meta.commit,
      segmentBytes: options.segmentBytes,
      retainBytes: options.retainLogBytes,
      readOnly: options.readOnly,
      rng: seams.rng,
      stopwatch: seams.stopwatch,
      onRecord: (segment, record) => recovered.take(segment, record),
    });
    this.writer = new CommitWriter(this.log, this.#pool, {
      beforeSeal: () => this.checkpointer.makeRoom(),
      rotated: (sealed, active) => this.#rotated(sealed, active),
    });
    const state = new ReadState([this.writer.active, ...recovered.finish()], roots, meta.checkpoint);
    this.pins = new Pins(state, options.snapshotMemoryBytes);
    this.#see(state);
    this.#moveTo(this.log.lastCommit);
    this.checkpointer = this.#makeCheckpointer(seams, meta, free);
    if (!options.readOnly) {
      this.checkpointer.schedule();
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isPoisoned(): boolean {
    return this.#poisonCause !== undefined || this.log.poisoned !== undefined;
  }

  get state(): ReadState {
    return this.live.state;
  }

  get active(): Memtable {
    return this.writer.active;
  }

  get lastCommit(): number {
    return this.live.commit;
  }

  /** Throws CLOSED. Everything public asks first. */
  checkOpen(): void {
    if (this.#isClosed) {
      throw new DbError("CLOSED", "the database is closed; open it again");
    }
  }

  checkWritable(): void {
    this.checkOpen();
    if (this.options.readOnly) {
      throw new DbError("READONLY", "the database was opened with readOnly; open it without to write", {
        path: this.disk.path,
      });
    }
    if (this.#poisonCause !== undefined) {
      throw poisoned(this.#poisonCause);
    }
  }

  /** Opens the one record; every way out is `end` or `abort`. */
  begin(): void {
    this.checkWritable();
    this.checkpointer.admit();
    this.writer.begin();
  }

  abort(): void {
    this.writer.abort();
  }

  /**
   * Writes the record and shows it to readers; how durable it is by then is the caller's next question. `isDeferred`: the
   * caller waits for `settled` before it acknowledges anything.
   */
  end(isDeferred = false): number {
    const commit = this.writer.commit(0, this.clock.now(), isDeferred);
    if (commit !== this.live.commit) {
      this.#moveTo(commit);
      if (this.writer.touchesCatalog) {
        this.writer.forEachOp((segment, op) => this.#followCatalog(segment, op));
      }
      for (const watcher of this.#watchers) {
        watcher(commit, this.writer);
      }
    }
    return commit;
  }

  /** For a caller that does not wait: on disk now (sync), under way (group), or within 100 ms (relaxed). */
  settle(durability: Durability): void {
    if (durability === "sync") {
      this.log.sync();
    } else if (durability === "group") {
      this.#inBackground(this.log.syncSoon());
    } else if (this.#cancelSync === undefined) {
      this.#cancelSync = this.clock.after(RELAXED_SYNC_MS, () => {
        this.#cancelSync = undefined;
        if (!this.#isClosed) {
          this.#inBackground(this.log.syncSoon());
        }
      });
    }
  }

  /** For a caller that does: resolves when its commit is as durable as it asked for. */
  async settled(durability: Durability): Promise<void> {
    if (durability === "relaxed") {
      this.settle(durability);
    } else {
      await this.log.syncSoon();
    }
  }

  watch(watcher: CommitWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Pins what a reader at the last commit sees. `now` is judged once, so that nothing expires under its eyes. */
  pin(validates: boolean): Pin {
    this.checkOpen();
    return this.pins.pin(this.live.commit, this.clock.now(), validates);
  }

  /** The same at an earlier commit: any since the last checkpoint and bulk load. Throws INVALID. */
  pinAt(commit: number): Pin {
    this.checkOpen();
    const oldest = Math.max(this.checkpointer.meta.commit, this.catalog.lastLoad);
    if (!Number.isSafeInteger(commit) || commit < oldest || commit > this.live.commit) {
      throw new DbError(
        "INVALID",
        `snapshots can be had at commits ${oldest} to ${this.live.commit}, not at ${commit}`,
        {
          commit,
          oldest,
          newest: this.live.commit,
        },
      );
    }
    return this.pins.pin(commit, this.clock.now(), false);
  }

  /** For a scan within the write transaction that is open: it ends with that, and is not to lose what it stands on. */
  pinBriefly(): Pin {
    return this.pins.pin(this.live.commit, this.clock.now(), false, true);
  }

  unpin(pin: Pin): void {
    this.pins.unpin(pin);
  }

  /** The same place at a time before every deadline: entries are seen although theirs has passed. */
  beforeDeadlines(point: ReadPoint): ReadPoint {
    return new ReadPoint(point.state, point.commit, -1);
  }

  takeCursor(): MergeCursor {
    return this.#cursors.pop() ?? new MergeCursor(this);
  }

  giveCursor(cursor: MergeCursor): void {
    cursor.close();
    if (this.#cursors.length < SPARE_CURSORS_KEPT) {
      this.#cursors.push(cursor);
    }
  }

  prefixBytesOf(keyspace: number): number {
    return this.catalog.byId(keyspace)?.lsm?.prefixBytes ?? 0;
  }

  operatorOf(keyspace: number): Combine | undefined {
    const known = this.operators.get(keyspace);
    const info = known === undefined ? this.catalog.byId(keyspace) : undefined;
    return info?.merge === undefined ? known : combineFor({ name: info.merge, value: info.value });
  }

  /** Makes a keyspace: in the open record if there is one, otherwise as a commit of its own. */
  createKeyspace(name: string, description: KeyspaceDescription, wantedId?: number): KeyspaceInfo {
    const { info, entries } = this.catalog.plan(name, description, wantedId);
    this.#writeCatalog(entries);
    return info;
  }

  dropKeyspace(name: string): void {
    this.#writeCatalog(this.catalog.planDrop(name));
  }

  /** The commit with which a bulk load becomes visible; on disk when this returns. */
  commitLoad(info: KeyspaceInfo): number {
    this.begin();
    try {
      const { key, value } = this.catalog.planLoad(info, this.lastCommit + 1);
      this.writer.put(CATALOG_KEYSPACE, key, 0, key.length, value!, 0, value!.length, 0);
    } catch (error) {
      this.abort();
      throw error;
    }
    const commit = this.end();
    this.log.sync();
    return commit;
  }

  /** Resolves when everything committed so far is on disk. */
  async flush(): Promise<void> {
    this.checkOpen();
    if (!this.options.readOnly) {
      await this.log.syncSoon();
    }
  }

  /** Resolves when everything committed so far is in pages. */
  async checkpoint(signal?: AbortSignal): Promise<void> {
    this.checkWritable();
    signal?.throwIfAborted();
    this.writer.checkAlone();
    // Begun within this call where there is room: the commits that it covers are those before the call.
    // Whoever else waited for room may have taken it.
    while (!this.active.segment.isEmpty && !this.checkpointer.hasRoom) {
      await this.checkpointer.roomSoon(signal);
      signal?.throwIfAborted();
      this.checkWritable();
    }
    if (!this.active.segment.isEmpty) {
      this.writer.rotate();
    }
    await this.checkpointer.drain(signal);
  }

  /** Bytes that compactions would have to go through, about. `isIdle`: those that can wait too. */
  compactionDebt(isIdle: boolean): number {
    return this.#debts.in(this.state, isIdle);
  }

  /** Checkpoints, cuts the file to size and closes. After a failure the log has everything that was acknowledged. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    assert(!this.writer.isOpen, "M1: a database is not closed inside its own write transaction");
    try {
      this.pins.expireAll();
      if (!this.options.readOnly && !this.isPoisoned) {
        if (!this.checkpointer.hasRoom) {
          // A bulk load may have kept it from being made. It does not end any more.
          this.checkpointer.finish(0);
        }
        this.writer.rotate();
        this.checkpointer.finish(RELOCATE_PAGES_AT_CLOSE);
      }
    } finally {
      this.#isClosed = true;
      this.#cancelSync?.();
      closeAll([
        () => this.checkpointer.close(),
        () => this.log.close(),
        () => this.pages.close(),
        () => this.disk.unlock(),
        () => this.waiters.close(),
        ...this.onClose,
      ]);
    }
  }

  #takeOver(meta: Meta): void {
    if (this.options.readOnly) {
      this.pages.grow(meta.pageCount);
    } else {
      // The sync of an earlier life may have failed: the system shows bytes then that no later sync writes (P10).
      writeMeta(this.pages, meta);
      this.pages.takeOver(meta.pageCount);
    }
  }

  #makeRunner({ runner }: Seams): CheckpointRunner {
    const { disk, clock, options } = this;
    const onDone = () => this.checkpointer.collect();
    if (runner !== undefined) {
      return runner({ disk, clock, options, onDone });
    }
    return options.checkpoints === "worker" && disk.worker !== undefined
      ? new WorkerRunner(disk.worker.directory, this.pages.backend, WORKER_CACHE_BYTES, options.fileBytes, onDone)
      : new InlineRunner(clock, options.checkpointStepsPerTurn, onDone);
  }

  #makeCheckpointer(seams: Seams, meta: Meta, free: ReturnType<typeof readFreeList>): Checkpointer {
    const store = this;
    return new Checkpointer(
      {
        pages: this.pages,
        get state() {
          return store.state;
        },
        get active() {
          return store.active;
        },
        pinnedCheckpoints: () => this.pins.pinnedCheckpoints(),
        kinds: () => this.catalog.kinds(),
        compactionDebt: (isIdle) => this.compactionDebt(isIdle),
        expiredBefore: () => this.expiredBefore(),
        get spareFiles() {
          return store.log.spareFiles;
        },
        expects: (segments) => store.log.expects(segments),
        rest: () => {
          store.#pool.removeSpares();
          store.writeSets.removeSpares();
          store.log.removeSpares();
        },
        isOverfull: () => [...this.state.manifests.values()].some(isOverfull),
        adopt: (result, done) => this.#adopt(result, done),
        poison: (cause) => {
          this.#poisonCause = cause;
        },
      },
      this.clock,
      this.#makeRunner(seams),
      meta,
      free,
      this.options,
    );
  }

  /** New readers see the checkpoint's roots; the memtables that it covers and their segments are let go. */
  #adopt(result: CheckpointResult, done: readonly Memtable[]): void {
    this.pages.grow(Math.max(result.meta.pageCount, this.pages.pageCount));
    for (const { first, count } of result.written) {
      this.pages.forget(first, count);
    }
    const roots = applyChanges(this.state.roots, result.changes);
    const memtables = this.state.memtables.filter((memtable) => !done.includes(memtable));
    this.#replaceState(new ReadState(memtables, roots, result.meta.checkpoint));
    for (const memtable of [...done].reverse()) {
      if (memtable.references > 0) {
        memtable.segment.pin();
      } else {
        this.#pool.give(memtable);
      }
      this.log.release(memtable.segment);
    }
  }

  #rotated(sealed: Memtable | undefined, active: Memtable): void {
    const [replaced, ...frozen] = this.state.memtables;
    if (sealed !== undefined) {
      sealed.keyspaces = this.catalog.kinds();
      sealed.newKeyspacesFrom = this.catalog.newFrom;
    }
    const kept = sealed === undefined ? frozen : [replaced!, ...frozen];
    this.#replaceState(new ReadState([active, ...kept], this.state.roots, this.state.checkpoint));
    if (sealed !== undefined) {
      this.checkpointer.frozen();
    }
  }

  #replaceState(state: ReadState): void {
    this.pins.replace(state);
    this.#see(state);
  }

  #see(state: ReadState): void {
    this.live.state = state;
    this.pending.state = state;
  }

  #moveTo(commit: number): void {
    this.live.commit = commit;
    this.pending.commit = commit + 1;
  }

  #writeCatalog(entries: readonly CatalogEntry[]): void {
    const isAlone = !this.writer.isOpen;
    if (isAlone) {
      this.begin();
    }
    const mark = this.writer.savepoint;
    try {
      for (const { key, value } of entries) {
        if (value === undefined) {
          this.writer.delete(CATALOG_KEYSPACE, key, 0, key.length);
        } else {
          this.writer.put(CATALOG_KEYSPACE, key, 0, key.length, value, 0, value.length, 0);
        }
      }
    } catch (error) {
      if (isAlone) {
        this.abort();
      } else {
        this.writer.rewindTo(mark);
      }
      throw error;
    }
    if (isAlone) {
      this.end();
      this.settle(this.options.durability);
    }
  }

  #followCatalog(segment: Segment, op: number): void {
    if (opKeyspace(segment.u32, op) === CATALOG_KEYSPACE) {
      this.catalog.apply(segment, op);
    }
  }

  #loadCatalog(): void {
    const cursor = this.takeCursor();
    cursor.open(this.live, undefined, CATALOG_KEYSPACE, ALL_KEYS, false);
    const key = new Uint8Array(CATALOG_KEY_BYTES);
    while (cursor.next()) {
      const length = cursor.copyKey(key, 0);
      const value = cursor.u8.slice(cursor.valueOffset, cursor.valueOffset + cursor.valueLength);
      this.catalog.load(key.slice(0, length), value);
    }
    this.giveCursor(cursor);
  }

  /** A failed sync poisons the log, and the next call says so; nobody waits for this promise. */
  #inBackground(sync: Promise<void>): void {
    sync.catch((cause: unknown) => {
      this.#poisonCause ??= cause;
    });
  }
}

const SPARE_CURSORS_KEPT = 8;
const CATALOG_KEY_BYTES = 2048;

function poisoned(cause: unknown): DbError {
  return new DbError(
    "POISONED",
    "a sync or a checkpoint's last write failed, so that what is on disk is not known; close the database and open it again",
    {},
    { cause },
  );
}

/** Files are called alike in every database: what is wrong with one says in which. */
function located(error: unknown, path: string): unknown {
  return error instanceof DbError && !error.message.includes(path)
    ? new DbError(error.code, `${path}: ${error.message}`, { path, ...error.facts }, { cause: error })
    : error;
}

/** Runs every step, whatever the others throw; then throws the first of their errors. */
function closeAll(steps: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) {
    throw errors[0];
  }
}
