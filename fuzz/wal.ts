/**
 * The log against a model: commits, syncs, rotations, checkpoints, aborted and oversized records, readers, failing disks,
 * and crashes at any moment.
 *
 * The model is the list of commits of this timeline and, after every disk operation, how many of them were acknowledged
 * as durable. Whatever a crash leaves must open, hold a prefix of the list that reaches at least as far as was
 * acknowledged, entry by entry, and go on from there: the run continues on one of the images, so that commits of lost
 * timelines, torn tails and the earlier lives of recycled files lie about in the files that follow.
 *
 * Canaries are planted between the log and its disk:
 *   "skip-sync"             a sync in the foreground does nothing
 *   "skip-background-sync"  one in the background does nothing
 *   "skip-directory-sync"   a new name is believed to be on disk
 *   "swallow-failed-sync"   a sync that failed is reported as done
 *   "no-checksum"           whatever lies where a record may be is made to verify
 */
import { crc32 } from "node:zlib";
import { assert } from "../src/assert.ts";
import { DbError } from "../src/errors.ts";
import type { Disk, DiskFile, OpenMode } from "../src/pager/index.ts";
import type { Rng } from "../src/random.ts";
import {
  firstOp,
  Log,
  type LogBytes,
  type LogReader,
  OP_KIND_PUT,
  opBytes,
  opBytesFor,
  opKeyLength,
  opKeyOffset,
  opValueLength,
  opValueOffset,
  recordCommit,
  recordOpCount,
} from "../src/wal/index.ts";
import { CrashDisk } from "./disk/crash-disk.ts";
import { FaultDisk, type FaultPlan } from "./disk/fault-disk.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const CANARIES: readonly string[] = [
  "skip-sync",
  "skip-background-sync",
  "skip-directory-sync",
  "swallow-failed-sync",
  "no-checksum",
];

const SEGMENT_BYTES = 16 * 1024;
const LIVES = 4;
const IMAGES_A_LIFE = 6;

export const walFuzzer: Fuzzer = {
  name: "wal",
  canaries: CANARIES,
  async run(rng: Rng, options: FuzzOptions): Promise<void> {
    const run = new WalRun(rng, options.canary);
    for (let life = 0; life < LIVES; life++) {
      await run.live();
      run.crash();
    }
  },
};

/** The entries of a commit, as numbers from which keys and values follow. */
type Commit = readonly number[];

interface Checkpoint {
  readonly firstSegment: number;
  readonly baseCommit: number;
}

/** What was true after so many operations of the disk. */
interface Moment {
  readonly operations: number;
  readonly durableCommit: number;
  readonly checkpoint: Checkpoint;
}

class WalRun {
  readonly #rng: Rng;
  readonly #canary: string | undefined;
  readonly #retainBytes: number;
  #disk: CrashDisk;
  /** Commit n is at n − 1. */
  #commits: Commit[];
  #checkpoint: Checkpoint;
  #durableCommit: number;
  #moments: Moment[];
  #waiting: Promise<void>[];

  constructor(rng: Rng, canary: string | undefined) {
    this.#rng = rng;
    this.#canary = canary;
    this.#retainBytes = this.#draw(3) * 2 * SEGMENT_BYTES;
    this.#disk = new CrashDisk();
    this.#commits = [];
    this.#checkpoint = { firstSegment: 1, baseCommit: 0 };
    this.#durableCommit = 0;
    this.#moments = [];
    this.#waiting = [];
  }

  /** Opens the log and works with it, until it has enough or a call of the disk fails. */
  async live(): Promise<void> {
    this.#note();
    const faults = new FaultDisk(this.#disk, this.#drawPlan());
    let log: Log | undefined;
    try {
      log = this.#open(this.#plant(faults), this.#checkpoint, (found) => this.#adopt(found));
      this.#acknowledge(log.durableCommit);
      await this.#work(log);
    } catch (error) {
      if (faults.failed === "" || !(error instanceof DbError)) {
        throw error;
      }
      if (log?.poisoned !== undefined) {
        expectPoisoned(log);
      }
    }
    await Promise.allSettled(this.#waiting.splice(0));
  }

  /** Checks images of moments of this life, and goes on from one that the crash leaves now. */
  crash(): void {
    for (let left = IMAGES_A_LIFE; left > 0; left--) {
      const first = this.#moments[0]!.operations;
      const after = first + this.#draw(this.#disk.operations - first + 1);
      const image = this.#disk.image(this.#rng, after);
      this.#checkImage(new CrashDisk({ from: image }), this.#momentAt(after));
    }
    if (this.#draw(4) !== 0) {
      this.#disk = new CrashDisk({ from: this.#disk.image(this.#rng) });
    }
    this.#moments = [];
  }

  async #work(log: Log): Promise<void> {
    let reader = log.read(this.#drawCommit(log));
    for (let left = 20 + this.#draw(60); left > 0; left--) {
      switch (this.#draw(12)) {
        case 0:
          log.sync();
          this.#acknowledge(log.lastCommit);
          break;
        case 1:
          this.#syncSoon(log);
          break;
        case 2:
          await new Promise((resolve) => setImmediate(resolve));
          break;
        case 3:
          log.rotate();
          break;
        case 4:
          this.#release(log);
          break;
        case 5:
          reader = this.#tail(log, reader);
          break;
        case 6:
          this.#append(log, 1 + this.#draw(3), 2 + this.#draw(12_000));
          break;
        default:
          this.#append(log, 1 + this.#draw(8), 2 + this.#draw(300));
      }
      this.#note();
    }
    await Promise.allSettled(this.#waiting.splice(0));
    if (this.#draw(3) === 0) {
      log.close();
      this.#acknowledge(log.durableCommit);
    }
  }

  #append(log: Log, count: number, maxLength: number): void {
    log.beginRecord();
    const commit: number[] = [];
    for (let left = count; left > 0; left--) {
      const entry = (this.#draw(50) << 16) | this.#draw(maxLength);
      const mark = log.tail;
      const segment = log.active;
      putEntry(log, entry);
      if (segment === log.active && this.#draw(5) === 0) {
        log.rewindTo(mark);
      } else {
        commit.push(entry);
      }
    }
    if (commit.length === 0 || this.#draw(12) === 0) {
      log.abortRecord();
      return;
    }
    // A write that fails may have been enough: the commit is possible from here on.
    this.#commits.push(commit);
    try {
      log.endRecord(0, this.#commits.length);
    } catch (error) {
      if (error instanceof DbError && error.code === "FULL") {
        this.#commits.pop();
        log.abortRecord();
        return;
      }
      throw error;
    }
    assert(log.lastCommit === this.#commits.length, "a commit has the next number");
  }

  #syncSoon(log: Log): void {
    const commit = log.lastCommit;
    const soon = log.syncSoon().then(() => this.#acknowledge(commit));
    soon.catch(() => {});
    this.#waiting.push(soon);
  }

  /** A checkpoint of the oldest segment, on disk the moment it is made. */
  #release(log: Log): void {
    const segment = log.segments[0]!;
    if (segment.sealed) {
      this.#checkpoint = { firstSegment: segment.number + 1, baseCommit: segment.lastCommit };
      this.#acknowledge(segment.lastCommit);
      log.release(segment);
    }
  }

  #tail(log: Log, reader: LogReader): LogReader {
    try {
      for (let left = this.#draw(40); left > 0; left--) {
        const expected = reader.commit + 1;
        if (!reader.next()) {
          assert(expected > log.lastCommit, "a reader stops at the last commit only");
          return reader;
        }
        assert(reader.commit === expected, "a reader gives commit after commit");
        this.#checkRecord(reader.segment!, reader.record);
      }
      return reader;
    } catch (error) {
      if (error instanceof DbError && error.code === "INVALID") {
        assert(reader.commit < log.oldestCommit, "only what is not retained is INVALID");
        reader.close();
        return log.read(this.#drawCommit(log));
      }
      throw error;
    }
  }

  #checkImage(image: CrashDisk, moment: Moment): void {
    const { checkpoint, durableCommit } = moment;
    const disk = this.#plant(image);
    const readOnly = this.#open(disk, checkpoint, () => {}, true);
    assert(image.operations === 0, "a read-only log writes nothing");
    let last = checkpoint.baseCommit;
    const log = this.#open(disk, checkpoint, (found) => {
      last = found;
    });
    assert(
      last >= durableCommit,
      `commit ${durableCommit} was acknowledged; after the crash the log ends with ${last}`,
    );
    assert(last === readOnly.lastCommit, "a read-only log sees what any other does");
    const kept = this.#commits;
    this.#commits = kept.slice(0, last);
    this.#append(log, 1, 100);
    log.sync();
    const appended = this.#commits.length;
    this.#open(this.#plant(new CrashDisk({ from: image.image(this.#rng) })), checkpoint, (found) => {
      last = found;
    });
    assert(last === appended, "what was synced after the crash is all there, and nothing else");
    this.#commits = kept;
  }

  /** Opens a log, checks each record against the model, and tells the last commit. */
  #open(disk: Disk, checkpoint: Checkpoint, onEnd: (lastCommit: number) => void, readOnly = false): Log {
    let last = checkpoint.baseCommit;
    const log = Log.open(disk, {
      ...checkpoint,
      segmentBytes: SEGMENT_BYTES,
      retainBytes: this.#retainBytes,
      rng: this.#rng,
      readOnly,
      onRecord: (segment, record) => {
        last++;
        assert(recordCommit(segment.u32, record) === last, "recovery gives commit after commit");
        this.#checkRecord(segment, record);
      },
    });
    assert(log.lastCommit === last, "the log ends with the last record");
    onEnd(last);
    return log;
  }

  /** The timeline goes on after the commits that were found. */
  #adopt(found: number): void {
    assert(found >= this.#durableCommit, `commit ${this.#durableCommit} was acknowledged; ${found} is the last found`);
    assert(found <= this.#commits.length, "no commit comes from nowhere");
    this.#commits.length = found;
  }

  #checkRecord(bytes: LogBytes, record: number): void {
    const number = recordCommit(bytes.u32, record);
    const commit = this.#commits[number - 1];
    assert(commit !== undefined, `commit ${number} comes from nowhere`);
    assert(recordOpCount(bytes.u32, record) === commit.length, `commit ${number} has as many ops as were written`);
    let op = firstOp(record);
    for (const entry of commit) {
      assert(entryIsAt(bytes, op, entry), `commit ${number} holds what was written`);
      op += opBytes(bytes.u32, op);
    }
  }

  #acknowledge(commit: number): void {
    this.#durableCommit = Math.max(this.#durableCommit, commit);
    this.#note();
  }

  #note(): void {
    this.#moments.push({
      operations: this.#disk.operations,
      durableCommit: this.#durableCommit,
      checkpoint: this.#checkpoint,
    });
  }

  /** What was known at the latest when `operations` had been done. */
  #momentAt(operations: number): Moment {
    return this.#moments.findLast((moment) => moment.operations <= operations)!;
  }

  #drawCommit(log: Log): number {
    return log.oldestCommit + this.#draw(log.lastCommit - log.oldestCommit + 1);
  }

  #drawPlan(): FaultPlan {
    switch (this.#draw(4)) {
      case 0:
        return { failAt: 1 + this.#draw(120) };
      case 1:
        return { capacityBytes: (4 + this.#draw(20)) * 8192 };
      default:
        return {};
    }
  }

  #draw(below: number): number {
    return this.#rng.next() % below;
  }

  #plant(disk: Disk): Disk {
    return this.#canary === undefined ? disk : new CanaryDisk(disk, this.#canary);
  }
}

function putEntry(log: Log, entry: number): void {
  const length = entry & 0xffff;
  let op = log.reserveOp(OP_KIND_PUT, entry >>> 16, 4, length, 0);
  if (op === 0) {
    log.makeRoom(opBytesFor(4, length));
    op = log.reserveOp(OP_KIND_PUT, entry >>> 16, 4, length, 0);
  }
  const { u8, u32 } = log.active;
  u8.fill(entry >>> 16, opKeyOffset(u32, op), opKeyOffset(u32, op) + 4);
  u8.fill(length, opValueOffset(u32, op), opValueOffset(u32, op) + length);
  log.finishOp(op, length);
}

function entryIsAt(bytes: LogBytes, op: number, entry: number): boolean {
  const { u8, u32 } = bytes;
  const length = entry & 0xffff;
  if (opKeyLength(u32, op) !== 4 || opValueLength(u32, op) !== length || u8[opKeyOffset(u32, op)] !== entry >>> 16) {
    return false;
  }
  const value = opValueOffset(u32, op);
  for (let at = value; at < value + length; at++) {
    if (u8[at] !== (length & 0xff)) {
      return false;
    }
  }
  return true;
}

function expectPoisoned(log: Log): void {
  for (const call of [() => log.beginRecord(), () => log.sync(), () => log.rotate()]) {
    let code = "";
    try {
      call();
    } catch (error) {
      code = error instanceof DbError ? error.code : String(error);
    }
    assert(code === "POISONED" || code === "CLOSED", "W7: every call after a failed one says POISONED");
  }
  log.close();
}

/** The disk with a bug in it. */
class CanaryDisk implements Disk {
  readonly path: string;
  readonly worker: undefined = undefined;
  readonly #inner: Disk;
  readonly #canary: string;

  constructor(inner: Disk, canary: string) {
    this.path = inner.path;
    this.#inner = inner;
    this.#canary = canary;
  }

  list(): string[] {
    return this.#inner.list();
  }

  open(name: string, mode: OpenMode): DiskFile {
    return canaryFile(this.#inner.open(name, mode), this.#canary);
  }

  remove(name: string): void {
    this.#inner.remove(name);
  }

  rename(from: string, to: string): void {
    this.#inner.rename(from, to);
  }

  syncDirectory(): void {
    if (this.#canary !== "skip-directory-sync") {
      this.#inner.syncDirectory();
    }
  }

  lock(mode: "exclusive" | "shared"): void {
    this.#inner.lock(mode);
  }

  unlock(): void {
    this.#inner.unlock();
  }
}

function canaryFile(inner: DiskFile, canary: string): DiskFile {
  return {
    name: inner.name,
    read(into, intoOffset, lengthBytes, position) {
      const read = inner.read(into, intoOffset, lengthBytes, position);
      if (canary === "no-checksum" && position === 0 && read > 64) {
        makeRecordsVerify(into);
      }
      return read;
    },
    write: (from, fromOffset, lengthBytes, position) => inner.write(from, fromOffset, lengthBytes, position),
    sync() {
      if (canary === "swallow-failed-sync") {
        try {
          inner.sync();
        } catch {
          // The bug.
        }
      } else if (canary !== "skip-sync") {
        inner.sync();
      }
    },
    syncSoon: async () => {
      if (canary !== "skip-background-sync") {
        await inner.syncSoon();
      }
    },
    syncAhead: () => inner.syncAhead(),
    truncate: (sizeBytes) => inner.truncate(sizeBytes),
    sizeBytes: () => inner.sizeBytes(),
    map: (lengthBytes) => inner.map(lengthBytes),
    close: () => inner.close(),
  };
}

/** As if nobody looked at the CRC: each record whose length and commit number are right is given the one it needs. */
function makeRecordsVerify(u8: Uint8Array): void {
  const words = new DataView(u8.buffer, u8.byteOffset, u8.byteLength);
  const salt = words.getUint32(32, true);
  let commit = words.getUint32(16, true) + 1;
  for (let record = 64; record + 40 <= u8.length; commit++) {
    const length = words.getUint32(record, true);
    if (length < 40 || length > u8.length - record || words.getUint32(record + 8, true) !== commit) {
      return;
    }
    words.setUint32(record + 4, crc32(u8.subarray(record + 8, record + length), salt), true);
    record += length;
  }
}
