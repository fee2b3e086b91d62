/**
 * The log: every commit as one record, in memory and in a file at once.
 *
 *     beginRecord ─▶ reserveOp ─▶ (caller writes key and value in place) ─▶ finishOp ─▶ … ─▶ endRecord ─▶ sync / syncSoon
 *                       │ 0: no room                                          │                 │
 *                       └──▶ makeRoom ─▶ the record moves to a new segment    └ rewindTo        └ one pwrite; visible
 *
 * One record is open at a time; the bytes are encoded once, in the arena, where readers find them for as long as the
 * segment lives. `lastCommit` counts what was written, `durableCommit` what is on disk; between the two lies what a crash
 * may take. README.md has the invariants by number.
 *
 * A new segment is only an arena until its first record ends. Then, in this order: everything before it is synced, a file
 * is prepared and its header synced, it gets its name, the directory is synced (W3, W4), and the record is written. With
 * durability `sync` the first step has nothing to do. Otherwise it is a sync in the foreground, kept short by one in the
 * background after every 4 MiB written and when a segment is sealed.
 *
 * After a write or sync failed nobody knows what the disk holds: `poisoned` is set and every call but `close` throws it (W7).
 * The transaction that met a full disk before anything was written (FULL) is the exception: it can be aborted.
 */
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";
import type { Disk } from "../pager/index.ts";
import { type Rng, systemRng } from "../random.ts";
import { GroupSync } from "./group-sync.ts";
import { checkSegmentBytes, DEFAULT_SEGMENT_BYTES, type LogOptions, type LogStats } from "./log-options.ts";
import { LogReader, notRetained } from "./log-reader.ts";
import {
  MAX_OP_KEY_BYTES,
  OP_COMMIT_DELTA,
  OP_EXPIRY,
  OP_FLAG_EXPIRY,
  OP_HEADER_BYTES,
  opBytes,
  opValueOffset,
  setOpPrevious,
  setOpSuperseded,
} from "./op.ts";
import { RECORD_HEADER_BYTES, sealRecord } from "./record.ts";
import { recover } from "./recovery.ts";
import { Segment } from "./segment.ts";
import { isFull, type SegmentFile } from "./segment-file.ts";
import { type RetainedSegment, SegmentFiles, segmentFileName } from "./segment-files.ts";
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from "./segment-header.ts";
import { SpareArenas } from "./spare-arenas.ts";
import { SyncSpeed } from "./sync-speed.ts";

/** Also the most that one transaction can write; above it op offsets would leave the range of small integers. */
export const MAX_OVERSIZED_BYTES: number = 1024 * 1024 * 1024;
const SYNC_BEHIND_BYTES = 4 * 1024 * 1024;
/** More than this is not synced in the foreground of an asynchronous commit, however fast the disk. */
const SYNC_HERE_BYTES = 256 * 1024;

export class Log {
  readonly disk: Disk;
  readonly segmentBytes: number;
  readonly readOnly: boolean;
  readonly #files: SegmentFiles;
  readonly #rng: Rng;
  readonly #group: GroupSync;
  readonly #speed: SyncSpeed;
  /** Not checkpointed, oldest first; the last one is active. */
  readonly #segments: Segment[];
  readonly #arenas: SpareArenas;
  #active: Segment;
  /** The file of the newest segment that has one: whatever is not synced yet is in there. */
  #file: SegmentFile | undefined;
  /** The newest segment that had a file: its end goes into the next one's header. */
  #written: { readonly end: number; readonly crc: number } | undefined;
  #lastCommit: number;
  #durableCommit: number;
  /** How much of the active segment's arena is in its file. */
  #writtenEnd: number;
  #unsyncedBytes: number;
  #recordIsOpen: boolean;
  #opCount: number;
  #commitDelta: number;
  #poisoned: DbError | undefined;
  #closed: boolean;

  private constructor(disk: Disk, options: LogOptions) {
    this.disk = disk;
    this.segmentBytes = checkSegmentBytes(options.segmentBytes ?? DEFAULT_SEGMENT_BYTES);
    this.readOnly = options.readOnly ?? false;
    this.#files = new SegmentFiles(disk, this.segmentBytes, options.retainBytes ?? 0);
    this.#rng = options.rng ?? systemRng;
    this.#speed = new SyncSpeed(options.stopwatch);
    this.#group = new GroupSync(() => this.#syncInBackground());
    const keepsReleased = this.readOnly || (options.retainBytes ?? 0) > 0;
    const recovered = recover(disk, { ...options, readOnly: this.readOnly, keepsReleased });
    this.#segments = recovered.segments;
    this.#arenas = new SpareArenas(this.segmentBytes, () => this.#segments.length);
    this.#file = undefined;
    const last = recovered.segments.at(-1);
    this.#written = recovered.previous && { end: recovered.previous.end, crc: recovered.previous.crc };
    this.#lastCommit = recovered.lastCommit;
    this.#durableCommit = this.readOnly ? recovered.durableCommit : recovered.lastCommit;
    this.#writtenEnd = SEGMENT_HEADER_BYTES;
    this.#unsyncedBytes = 0;
    this.#recordIsOpen = false;
    this.#opCount = 0;
    this.#commitDelta = 0;
    this.#poisoned = undefined;
    this.#closed = false;
    const number = last === undefined ? options.firstSegment : last.number + 1;
    const arenaBytes = this.readOnly ? SEGMENT_HEADER_BYTES : this.segmentBytes;
    this.#active = new Segment(number, this.#lastCommit, this.#arenas.take(arenaBytes));
    this.#segments.push(this.#active);
    if (this.readOnly) {
      this.#files.adoptReadOnly(recovered.retained);
    } else {
      this.#files.adopt(recovered.retained, recovered.spares);
    }
  }

  /**
   * Recovers what the directory holds, every record through `onRecord`. Throws CORRUPT for damage, UNSUPPORTED for a
   * newer format, IO or FULL where the disk fails; then nothing is open.
   */
  static open(disk: Disk, options: LogOptions): Log {
    return new Log(disk, options);
  }

  /** The segment that takes records. Before its first one it is an arena without a file. */
  get active(): Segment {
    return this.#active;
  }

  /** Live segments, oldest first, the active one last. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get lastCommit(): number {
    return this.#lastCommit;
  }

  get durableCommit(): number {
    return this.#durableCommit;
  }

  /** `read` reaches back to the record after this commit. */
  get oldestCommit(): number {
    return this.#files.retained[0]?.baseCommit ?? this.#segments[0]!.baseCommit;
  }

  get poisoned(): DbError | undefined {
    return this.#poisoned;
  }

  /** The next free byte of the active arena: a mark for `rewindTo`, until `makeRoom` moves the record. */
  get tail(): number {
    return this.#active.tail;
  }

  beginRecord(): void {
    this.#checkWritable();
    assert(!this.#recordIsOpen, "W1: one record is open at a time");
    const segment = this.#active;
    this.#recordIsOpen = true;
    this.#opCount = 0;
    this.#commitDelta = this.#lastCommit + 1 - segment.baseCommit;
    segment.tail = segment.end + RECORD_HEADER_BYTES;
  }

  /**
   * Room for an op with up to `valueCapacity` bytes of value, its header written; 0 if the segment has none (`makeRoom`).
   * The caller writes the key at `opKeyOffset`, the value at `opValueOffset`, then calls `finishOp`. Expiry 0 is none.
   */
  reserveOp(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number {
    assert(keyLength <= MAX_OP_KEY_BYTES, "W11: an op's key is no longer than a key's successor");
    const segment = this.#active;
    const op = segment.tail;
    const headerBytes = expiry === 0 ? OP_HEADER_BYTES : OP_HEADER_BYTES + 8;
    if (op + headerBytes + keyLength + valueCapacity > segment.capacity) {
      return 0;
    }
    const u32 = segment.u32;
    const word = op >>> 2;
    u32[word] = 0;
    u32[word + 1] = this.#commitDelta;
    u32[word + 2] = keyspace;
    if (expiry === 0) {
      u32[word + 3] = keyLength | (kind << 16);
    } else {
      u32[word + 3] = keyLength | (kind << 16) | (OP_FLAG_EXPIRY << 24);
      segment.data.setFloat64(op + OP_EXPIRY, expiry, true);
    }
    return op;
  }

  /** Ends the op that `reserveOp` gave: takes no more room than the value needs. */
  finishOp(op: number, valueLength: number): void {
    const segment = this.#active;
    const u32 = segment.u32;
    u32[(op >>> 2) + 4] = valueLength;
    let end = opValueOffset(u32, op) + valueLength;
    assert(op === segment.tail && end <= segment.capacity, "W1: an op fills no more than its reservation");
    while ((end & 3) !== 0) {
      segment.u8[end++] = 0;
    }
    segment.tail = end;
    this.#opCount++;
  }

  /** Takes back the ops from the mark `tail` on. The caller has taken them out of its index. */
  rewindTo(tail: number): void {
    const segment = this.#active;
    assert(this.#recordIsOpen && tail >= segment.end + RECORD_HEADER_BYTES, "W1: a rewind stays in the open record");
    for (let op = tail; op < segment.tail; op += opBytes(segment.u32, op)) {
      this.#opCount--;
    }
    segment.tail = tail;
  }

  abortRecord(): void {
    this.#recordIsOpen = false;
    this.#active.tail = this.#active.end;
  }

  /**
   * Writes the open record and returns its commit number: visible to readers, on disk after the next sync. A deferred one
   * is not even written before that: for callers who wait for the sync anyway, so that one write serves many. FULL:
   * nothing was written and the record is still open. POISONED: whether the commit is kept is known after reopening.
   */
  endRecord(flags: number, nowMs: number, isDeferred = false): number {
    this.#checkWritable();
    const segment = this.#active;
    const record = segment.end;
    const lengthBytes = segment.tail - record;
    assert(this.#recordIsOpen && this.#opCount > 0, "W1: a record that ends is open and holds an op");
    this.#ensureFile(segment);
    const commit = this.#lastCommit + 1;
    const crc = sealRecord(segment, record, lengthBytes, {
      commit,
      flags,
      opCount: this.#opCount,
      durableCommit: this.#durableCommit,
      previousCrc: segment.crc,
      timeMs: nowMs,
      salt: segment.salt,
    });
    if (!isDeferred) {
      this.#writeOut(segment.tail);
    }
    this.#recordIsOpen = false;
    segment.crc = crc;
    segment.lastCommit = commit;
    segment.end = segment.tail;
    this.#lastCommit = commit;
    if (segment.capacity > this.segmentBytes) {
      segment.capacity = Math.max(this.segmentBytes, segment.end);
    }
    this.#unsyncedBytes += lengthBytes;
    if (this.#unsyncedBytes >= SYNC_BEHIND_BYTES) {
      this.#syncBehind();
    }
    return commit;
  }

  /**
   * Moves the open record to a new segment that has room for `bytesNeeded` more, and returns the segment that was sealed,
   * without the record. If that held no other record it was not sealed but replaced by a larger one, and the answer is
   * undefined. Offsets move by the same distance as `tail`; versions (`OP_PREVIOUS`) are unlinked: the caller takes the
   * ops out of the old index and into a new one. The old arena keeps its bytes until then. FULL: nothing has changed.
   */
  makeRoom(bytesNeeded: number): Segment | undefined {
    this.#checkWritable();
    assert(this.#recordIsOpen, "W1: room is made for an open record");
    const from = this.#active;
    const opsFrom = from.end + RECORD_HEADER_BYTES;
    const opsBytes = from.tail - opsFrom;
    const needed = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + opsBytes + bytesNeeded;
    const capacity = this.#capacityFor(needed, from.isEmpty ? from.capacity * 2 : 0);
    const into = this.#newSegment(from.isEmpty ? from.number : from.number + 1, capacity);
    into.tail = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + opsBytes;
    into.u8.set(from.u8.subarray(opsFrom, from.tail), into.tail - opsBytes);
    this.#commitDelta = 1;
    for (let op = into.tail - opsBytes; op < into.tail; op += opBytes(into.u32, op)) {
      setOpPrevious(into.u32, op, 0);
      setOpSuperseded(into.u32, op, false);
      into.u32[(op + OP_COMMIT_DELTA) >>> 2] = 1;
    }
    return this.#replaceActive(into);
  }

  /** Seals the active segment and begins the next; undefined if it holds no record and simply goes on. */
  rotate(): Segment | undefined {
    this.#checkWritable();
    assert(!this.#recordIsOpen, "W1: a segment is not sealed under an open record");
    return this.#active.isEmpty
      ? undefined
      : this.#replaceActive(this.#newSegment(this.#active.number + 1, this.segmentBytes));
  }

  /** Everything written so far is on disk when this returns. */
  sync(): void {
    this.#checkWritable();
    if (this.#durableCommit < this.#lastCommit) {
      const commit = this.#lastCommit;
      this.#writeOut(this.#active.end);
      try {
        this.#file!.sync();
      } catch (cause) {
        throw this.#poison("sync", cause);
      }
      this.#durableCommit = commit;
      this.#unsyncedBytes = 0;
    }
  }

  /** Resolves when everything written so far is on disk; calls share the sync in flight. Rejects with POISONED. */
  syncSoon(): Promise<void> {
    try {
      this.#checkWritable();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#durableCommit >= this.#lastCommit ? Promise.resolve() : this.#group.request(this.#lastCommit);
  }

  /**
   * The oldest live segment is checkpointed: its file is retained or recycled, and its arena goes to a later segment
   * as soon as nobody pins it. The checkpoint must be on disk.
   */
  release(segment: Segment): void {
    assert(segment.sealed && segment === this.#segments[0], "W8: segments are released oldest first, once sealed");
    this.sync();
    this.#segments.shift();
    const { number, baseCommit, lastCommit, end, crc } = segment;
    if (this.#written === segment) {
      this.#written = { end, crc };
    }
    if (this.#file?.number === number) {
      this.#closeFile();
    }
    try {
      this.#files.release(number, baseCommit, lastCommit);
    } catch (cause) {
      throw this.#poison("recycle", cause);
    }
    segment.whenUnpinned(() => this.#arenas.give(segment.arena));
  }

  /** There may be so many segments at once that are not checkpointed: memory for them is kept, and made ready. */
  expects(segments: number): void {
    this.#arenas.expects(segments);
  }

  /** Gives back the files that are kept to be written over, and memory beyond a rest: for when little is written. */
  removeSpares(): void {
    this.#checkWritable();
    this.#arenas.rest();
    this.#files.removeSpares();
  }

  get spareFiles(): number {
    return this.#files.spareCount;
  }

  /** The records after `fromCommit`, now and as they come. INVALID if they are no longer, or not yet, in the log. */
  read(fromCommit: number): LogReader {
    this.#checkOpen();
    if (fromCommit < this.oldestCommit) {
      throw notRetained(fromCommit);
    }
    if (fromCommit > this.#lastCommit) {
      throw new DbError(
        "INVALID",
        `the log ends with commit ${this.#lastCommit}: there is no ${fromCommit} to follow`,
        {
          commit: fromCommit,
          lastCommit: this.#lastCommit,
        },
      );
    }
    return new LogReader(this, fromCommit);
  }

  /** For readers: the live segment that holds the commit after `commit`. */
  liveSegmentAfter(commit: number): Segment | undefined {
    return this.#segments.find((segment) => segment.baseCommit <= commit && commit < segment.lastCommit);
  }

  /** For readers: the retained segment that holds the commit after `commit`. */
  retainedSegmentAfter(commit: number): RetainedSegment | undefined {
    return this.#files.retained.find((segment) => segment.baseCommit <= commit && commit < segment.lastCommit);
  }

  stats(): LogStats {
    return {
      segments: this.#segments.length,
      lastCommit: this.#lastCommit,
      durableCommit: this.#durableCommit,
      unsyncedBytes: this.#unsyncedBytes,
      arenaBytes: this.#segments.reduce((sum, segment) => sum + segment.arena.byteLength, 0),
      retainedBytes: this.#files.retainedBytes,
      spareFiles: this.#files.spareCount,
    };
  }

  /** Syncs what was written, removes the spare files and closes. A poisoned log is closed as it is. */
  close(): void {
    if (this.#closed) {
      return;
    }
    try {
      if (!this.readOnly && this.#poisoned === undefined) {
        this.abortRecord();
        this.sync();
        this.#files.removeSpares();
      }
    } finally {
      this.#closed = true;
      this.#file?.close();
    }
  }

  /** FULL leaves everything as it was; any other failure poisons. */
  #ensureFile(segment: Segment): void {
    const current = this.#file;
    if (current?.number === segment.number) {
      if (segment.tail > current.sizeBytes) {
        this.#orPoison("extend", () => current.reserve(segment.tail, segment.capacity));
      }
      return;
    }
    this.#createFile(segment);
  }

  #createFile(segment: Segment): void {
    this.sync();
    const spare = this.#orPoison("prepare", () => this.#files.prepare(segment, segment.tail));
    const previous = this.#written;
    segment.salt = this.#rng.next();
    segment.crc = encodeSegmentHeader(segment, {
      number: segment.number,
      baseCommit: segment.baseCommit,
      previousEnd: previous?.end ?? 0,
      previousCrc: previous?.crc ?? 0,
      saltLow: segment.salt,
      saltHigh: this.#rng.next(),
      capacity: segment.capacity,
      fileBytes: spare.sizeBytes,
    });
    try {
      const file = this.#files.install(spare.name, segment);
      this.#closeFile();
      this.#file = file;
      this.#written = segment;
    } catch (cause) {
      throw this.#poison("create", cause);
    }
  }

  #orPoison<T>(operation: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw isFull(error) ? error : this.#poison(operation, error);
    }
  }

  /** The smallest doubling of `segmentBytes` that is at least both, or the most there is. */
  #capacityFor(needed: number, atLeast: number): number {
    if (needed > MAX_OVERSIZED_BYTES) {
      throw new DbError(
        "FULL",
        `one transaction may write ${MAX_OVERSIZED_BYTES} bytes to the log and this one needs more: commit in parts`,
        { limit: MAX_OVERSIZED_BYTES, needed },
      );
    }
    let capacity = this.segmentBytes;
    while (capacity < needed || capacity < atLeast) {
      capacity *= 2;
    }
    return Math.min(capacity, MAX_OVERSIZED_BYTES);
  }

  #newSegment(number: number, capacity: number): Segment {
    return new Segment(number, this.#lastCommit, this.#arenas.take(capacity));
  }

  #replaceActive(into: Segment): Segment | undefined {
    const from = this.#active;
    this.#writeOut(from.end);
    from.seal();
    this.#active = into;
    this.#writtenEnd = SEGMENT_HEADER_BYTES;
    if (from.isEmpty) {
      this.#segments[this.#segments.length - 1] = into;
      return undefined;
    }
    this.#segments.push(into);
    if (this.#durableCommit < this.#lastCommit) {
      this.#syncBehind();
    }
    return from;
  }

  /** The file has the arena's bytes up to `end` when this returns. */
  #writeOut(end: number): void {
    const from = this.#writtenEnd;
    if (from < end) {
      try {
        this.#file!.write(this.#active.u8, from, end - from);
      } catch (cause) {
        throw this.#poison("write", cause);
      }
      this.#writtenEnd = end;
    }
  }

  #syncBehind(): void {
    this.#group.startNow(this.#lastCommit);
  }

  async #syncInBackground(): Promise<void> {
    const commit = this.#lastCommit;
    if (this.#poisoned !== undefined) {
      throw this.#poisoned;
    }
    if (this.#durableCommit >= commit) {
      return;
    }
    if (this.#speed.isFast && this.#unsyncedBytes < SYNC_HERE_BYTES) {
      this.#speed.measure(() => this.sync());
      return;
    }
    this.#writeOut(this.#active.end);
    this.#unsyncedBytes = 0;
    try {
      await this.#file!.syncSoon();
    } catch (cause) {
      throw this.#poison("sync", cause);
    }
    // A sync in the foreground may have failed meanwhile: what it was to write, this one did not see (W7).
    if (this.#poisoned !== undefined) {
      throw this.#poisoned;
    }
    this.#durableCommit = Math.max(this.#durableCommit, commit);
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #poison(operation: string, cause: unknown): DbError {
    const file = segmentFileName(this.#active.number);
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#poisoned ??= new DbError(
      "POISONED",
      `the log could not ${operation} ${file} in ${this.disk.path} (${why}), so what is on disk is not known: ` +
        "close and open again to recover from the log",
      { file, operation },
      { cause },
    );
    return this.#poisoned;
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new DbError("CLOSED", "the log is closed; open it again");
    }
    if (this.#poisoned !== undefined) {
      throw this.#poisoned;
    }
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.readOnly) {
      throw new DbError("READONLY", "the log was opened read-only; open it for writing");
    }
  }
}
