/**
 * The inside of `db.write`: one synchronous transaction, alone in the database from its first line to its last.
 *
 * Its operations go straight into the open record of the log, so nothing is copied at commit and nothing can conflict.
 * It reads its own writes through the commit number that the record will get.
 */
import { DbError } from "../errors.ts";
import type { ByteRange } from "./byte-range.ts";
import type { KeyspaceDescription, KeyspaceInfo } from "./catalog.ts";
import type { Context, OpArena } from "./context.ts";
import { countEntries, estimateEntries } from "./count.ts";
import { loadNow } from "./load-now.ts";
import type { LoadTarget } from "./load-target.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import { mergeDepth } from "./merge-depth.ts";
import { OpenScans } from "./open-scans.ts";
import { Participants } from "./participants.ts";
import { Savepoints } from "./savepoints.ts";
import type { Store } from "./store.ts";
import { View } from "./view.ts";

export class WriteContext implements Context {
  readonly view: View;
  readonly participants: Participants;
  readonly #store: Store;
  /** Keyspaces that this transaction made, and where in the record. */
  #created: { readonly info: KeyspaceInfo; readonly mark: number }[];
  readonly #scans: OpenScans;
  readonly #savepoints: Savepoints;
  #isOpen: boolean;
  /** Where the write that `beginWrite` began starts. */
  #writeMark: number;

  constructor(store: Store) {
    this.#store = store;
    this.#created = [];
    this.#scans = new OpenScans(store, true);
    this.#savepoints = new Savepoints();
    this.#isOpen = false;
    this.#writeMark = 0;
    this.participants = new Participants();
    this.view = new View(store.pending, undefined, store);
  }

  get arena(): OpArena {
    return this.#store.writer.segment;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  begin(): void {
    this.#store.begin();
    this.#created = [];
    this.#savepoints.clear();
    this.#isOpen = true;
  }

  commit(): number {
    this.participants.beforeCommit();
    this.#isOpen = false;
    this.#scans.closeAll();
    const commit = this.#store.end();
    this.participants.ended(true);
    return commit;
  }

  rollback(): void {
    this.#isOpen = false;
    this.#scans.closeAll();
    this.#store.abort();
    this.#forgetCreated(0);
    this.participants.ended(false);
  }

  /** A mark that `rollbackTo` goes back to. */
  savepoint(): number {
    this.#check();
    const savepoint = this.#savepoints.add(this.#store.writer.savepoint);
    this.participants.savepointMade(savepoint);
    return savepoint;
  }

  /** The savepoint and those after it are of no use any more. */
  releaseSavepoint(savepoint: number): void {
    this.#savepoints.release(savepoint);
  }

  rollbackTo(savepoint: number): void {
    this.#check();
    const mark = this.#savepoints.goBackTo(savepoint);
    this.#scans.closeAll();
    this.#store.writer.rewindTo(mark);
    this.#forgetCreated(mark);
    this.participants.wentBackTo(savepoint);
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#check();
    return this.view.get(keyspace, key, offset, length);
  }

  beginWrite(): void {
    this.#check();
    this.#writeMark = this.#store.writer.savepoint;
  }

  reserve(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number {
    return this.#store.writer.reserve(kind, keyspace, keyLength, valueCapacity, expiry);
  }

  finish(op: number, valueLength: number): void {
    this.#store.writer.finish(op, valueLength);
  }

  endWrite(): void {}

  /** What was written since `beginWrite` is taken back, so that a put and its deadline's note stay together. */
  failWrite(): void {
    if (this.#isOpen && this.#store.writer.savepoint > this.#writeMark) {
      this.#scans.closeAll();
      this.#store.writer.rewindTo(this.#writeMark);
    }
  }

  openScan(keyspace: number, range: ByteRange, isReverse: boolean): MergeCursor {
    this.#check();
    return this.#scans.open(this.#store.pending, undefined, keyspace, range, isReverse);
  }

  closeScan(cursor: MergeCursor): void {
    this.#scans.close(cursor);
  }

  moveScan(cursor: MergeCursor, _keyspace: number, range: ByteRange): boolean {
    this.#check();
    return cursor.moveTo(range);
  }

  mergeDepth(keyspace: number, key: Uint8Array, offset: number, length: number, operandBytes: number): number {
    return mergeDepth(this.#store, keyspace, key, offset, length, operandBytes);
  }

  count(keyspace: number, range: ByteRange): number {
    this.#check();
    return countEntries(this.#store, this.#store.pending, undefined, keyspace, range);
  }

  estimate(keyspace: number): number {
    this.#check();
    return estimateEntries(this.#store.pending, undefined, keyspace);
  }

  keyspace(name: string, describe: () => KeyspaceDescription): KeyspaceInfo | undefined {
    this.#check();
    const found = this.#created.find(({ info }) => info.name === name)?.info ?? this.#store.catalog.find(name);
    if (found !== undefined) {
      return found;
    }
    const mark = this.#store.writer.savepoint;
    const info = this.#store.createKeyspace(name, describe());
    this.#created.push({ info, mark });
    return info;
  }

  /**
   * Makes a keyspace that has entries from the start, by commits of its own, before the transaction's first write. Undefined: there
   * has been one, a scan is open, or pages cannot be written now. It stays if the transaction does not commit.
   */
  createLoaded(
    name: string,
    description: KeyspaceDescription,
    fill: (target: LoadTarget) => void,
  ): KeyspaceInfo | undefined {
    this.#check();
    const store = this.#store;
    if (store.writer.savepoint > 0 || this.#scans.isAny) {
      return undefined;
    }
    store.abort();
    this.#isOpen = false;
    let made: KeyspaceInfo | undefined;
    const make = (): KeyspaceInfo => {
      made = store.createKeyspace(name, description);
      return made;
    };
    try {
      return loadNow(store, make, fill);
    } catch (error) {
      if (made !== undefined && !store.isPoisoned) {
        store.dropKeyspace(name);
      }
      throw error;
    } finally {
      store.begin();
      this.#isOpen = true;
    }
  }

  #forgetCreated(from: number): void {
    for (const { info } of this.#created.filter(({ mark }) => mark >= from)) {
      this.#store.catalog.forget(info);
    }
    this.#created = this.#created.filter(({ mark }) => mark < from);
  }

  #check(): void {
    if (!this.#isOpen) {
      throw new DbError("CLOSED", "this transaction is over; use its tx only inside the callback of db.write()");
    }
  }
}
