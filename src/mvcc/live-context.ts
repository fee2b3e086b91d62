/**
 * The database outside of transactions: every read sees the last commit, every write is a commit of its own.
 *
 * A scan pins what it began with, so that a loop over a map may change the map.
 */

import type { ByteRange } from "./byte-range.ts";
import type { KeyspaceDescription, KeyspaceInfo } from "./catalog.ts";
import type { Context, OpArena } from "./context.ts";
import { countEntries, estimateEntries } from "./count.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import { mergeDepth } from "./merge-depth.ts";
import { OpenScans } from "./open-scans.ts";
import type { Store } from "./store.ts";
import { View } from "./view.ts";

export class LiveContext implements Context {
  readonly view: View;
  readonly #store: Store;
  readonly #scans: OpenScans;

  constructor(store: Store) {
    this.#store = store;
    this.#scans = new OpenScans(store);
    this.view = new View(store.live, undefined, store);
  }

  get loadTarget(): Store {
    return this.#store;
  }

  get arena(): OpArena {
    return this.#store.writer.segment;
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#store.checkOpen();
    return this.view.get(keyspace, key, offset, length);
  }

  beginWrite(): void {
    this.#store.begin();
  }

  reserve(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number {
    return this.#store.writer.reserve(kind, keyspace, keyLength, valueCapacity, expiry);
  }

  finish(op: number, valueLength: number): void {
    this.#store.writer.finish(op, valueLength);
  }

  endWrite(): void {
    this.#store.end();
    this.#store.settle(this.#store.options.durability);
  }

  failWrite(): void {
    this.#store.abort();
  }

  openScan(keyspace: number, range: ByteRange, isReverse: boolean): MergeCursor {
    return this.#scans.open(undefined, undefined, keyspace, range, isReverse);
  }

  closeScan(cursor: MergeCursor): void {
    this.#scans.close(cursor);
  }

  moveScan(cursor: MergeCursor, _keyspace: number, range: ByteRange): boolean {
    this.#store.checkOpen();
    return cursor.moveTo(range);
  }

  mergeDepth(keyspace: number, key: Uint8Array, offset: number, length: number, operandBytes: number): number {
    return mergeDepth(this.#store, keyspace, key, offset, length, operandBytes);
  }

  count(keyspace: number, range: ByteRange): number {
    this.#store.checkOpen();
    return countEntries(this.#store, this.#store.live, undefined, keyspace, range);
  }

  estimate(keyspace: number): number {
    this.#store.checkOpen();
    return estimateEntries(this.#store.live, undefined, keyspace);
  }

  keyspace(name: string, describe: () => KeyspaceDescription): KeyspaceInfo | undefined {
    this.#store.checkOpen();
    const found = this.#store.catalog.find(name);
    if (found !== undefined || this.#store.options.readOnly) {
      return found;
    }
    this.#store.writer.checkAlone();
    return this.#store.createKeyspace(name, describe());
  }
}
