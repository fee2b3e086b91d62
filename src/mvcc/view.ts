/**
 * Point reads: the newest version of a key that a read point sees, wherever it lies.
 *
 *     own writes (a transaction's write set)          newest
 *     active memtable ── version chain ──▶ older
 *     frozen memtables, newest first
 *     B+tree of the last checkpoint, or the keyspace's runs, newest first        oldest
 *
 * The first place that knows the key answers; a tombstone or a passed deadline answers "absent". Nothing is copied and
 * nothing allocated: the answer is a place, `(u8, valueOffset, valueLength)`, that holds until the next call of any reader
 * or writer of the database. Only a value in overflow pages is gathered into a buffer of its own.
 */
import { CELL_DELETE, CELL_MERGE, TreeReader } from "../btree/index.ts";
import type { Clock } from "../clock.ts";
import { type Manifest, NOT_FOUND, type Operands, RunReader } from "../lsm/index.ts";
import { OP_KIND_MERGE, OP_KIND_PUT, opExpiry, opKind, opValueLength, opValueOffset, visibleOp } from "../wal/index.ts";
import { WHOLE_ARENA } from "./arena-source.ts";
import { MergedReader, type MergedSource } from "./merged-read.ts";
import type { ReadPoint } from "./read-state.ts";
import type { WriteSet } from "./write-set.ts";

/** What all views of a database read from. */
export interface ReadSource extends MergedSource {
  readonly clock: Clock;
  /** How many first bytes of keys the filters of a keyspace know; 0: none. */
  prefixBytesOf(keyspace: number): number;
}

export class View {
  u8: Uint8Array;
  data: DataView;
  valueOffset: number;
  valueLength: number;
  /** Deadline of the entry in milliseconds since the epoch; 0 for none. */
  expiry: number;

  readonly point: ReadPoint;
  readonly writes: WriteSet | undefined;
  readonly #source: ReadSource;
  readonly #tree: TreeReader;
  /** Made when an LSM keyspace is first read. */
  #runs: RunReader | undefined;
  /** Made when merge operands are first read. */
  #merged: MergedReader | undefined;

  constructor(point: ReadPoint, writes: WriteSet | undefined, source: ReadSource) {
    this.point = point;
    this.writes = writes;
    this.#source = source;
    this.#tree = new TreeReader(source.pages);
    this.#runs = undefined;
    this.#merged = undefined;
    this.u8 = EMPTY;
    this.data = EMPTY_DATA;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.expiry = 0;
  }

  /** Whether the key is there; its value is then at `(u8, valueOffset, valueLength)`. */
  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    const point = this.point;
    if (point.ended !== undefined) {
      throw point.ended;
    }
    const writes = this.writes;
    if (writes !== undefined) {
      const op = writes.index.find(keyspace, key, offset, length);
      if (!writes.ranges.isEmpty && writes.ranges.newestOver(keyspace, key, offset, length, 0, WHOLE_ARENA) > op) {
        return false;
      }
      if (op !== 0) {
        return opKind(writes.u32, op) === OP_KIND_MERGE
          ? this.#answerMerged(keyspace, key, offset, length)
          : this.#answerOp(writes.u8, writes.u32, writes.data, op);
      }
    }
    const memtables = point.state.memtables;
    for (let i = 0; i < memtables.length; i++) {
      const { segment, index, ranges } = memtables[i]!;
      const newest = index.find(keyspace, key, offset, length);
      const limit = point.commit - segment.baseCommit;
      const op = newest === 0 ? 0 : visibleOp(segment.u32, newest, limit);
      if (!ranges.isEmpty && ranges.newestOver(keyspace, key, offset, length, limit, WHOLE_ARENA) > op) {
        return false;
      }
      if (op !== 0) {
        return opKind(segment.u32, op) === OP_KIND_MERGE
          ? this.#answerMerged(keyspace, key, offset, length)
          : this.#answerOp(segment.u8, segment.u32, segment.data, op);
      }
    }
    const root = point.state.trees.get(keyspace);
    if (root !== undefined) {
      const tree = this.#tree;
      return tree.find(root.page, key, offset, length) && this.#answerCell(tree, keyspace, key, offset, length);
    }
    const manifest = point.state.manifests.get(keyspace);
    return manifest !== undefined && this.#answerRuns(manifest, keyspace, key, offset, length);
  }

  /** What there is of an entry of a map that merges, behind newer operands. */
  operandsOf(keyspace: number, key: Uint8Array, offset: number, length: number, newer: Uint8Array): Operands {
    this.#merged ??= new MergedReader(this.#source);
    const { point, writes } = this;
    const place = { point, writes, keyspace, writesEnd: WHOLE_ARENA, activeEnd: WHOLE_ARENA };
    return this.#merged.collect(place, key, offset, length, newer);
  }

  /** Puts together a value of which the newest version is merge operands. */
  #answerMerged(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#merged ??= new MergedReader(this.#source);
    const { point, writes } = this;
    const place = { point, writes, keyspace, writesEnd: WHOLE_ARENA, activeEnd: WHOLE_ARENA };
    const value = this.#merged.read(place, key, offset, length);
    if (value === undefined) {
      return false;
    }
    this.u8 = value;
    this.data = new DataView(value.buffer, value.byteOffset, value.length);
    this.valueOffset = 0;
    this.valueLength = value.length;
    this.expiry = 0;
    return true;
  }

  #answerOp(u8: Uint8Array, u32: Uint32Array, data: DataView, op: number): boolean {
    if (opKind(u32, op) !== OP_KIND_PUT) {
      return false;
    }
    const expiry = opExpiry(u32, data, op);
    if (expiry !== 0 && this.#hasPassed(expiry)) {
      return false;
    }
    this.u8 = u8;
    this.data = data;
    this.valueOffset = opValueOffset(u32, op);
    this.valueLength = opValueLength(u32, op);
    this.expiry = expiry;
    return true;
  }

  #answerRuns(manifest: Manifest, keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#runs ??= new RunReader(this.#source.pages, this.#source.searches);
    const kind = this.#runs.find(manifest, key, offset, length);
    if (kind === NOT_FOUND || kind === CELL_DELETE) {
      return false;
    }
    return this.#answerCell(this.#runs.tree, keyspace, key, offset, length);
  }

  #answerCell(tree: TreeReader, keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    if (tree.kind === CELL_MERGE) {
      return this.#answerMerged(keyspace, key, offset, length);
    }
    if (tree.expiry !== 0 && this.#hasPassed(tree.expiry)) {
      return false;
    }
    this.expiry = tree.expiry;
    this.valueLength = tree.valueLength;
    if (tree.isOverflow) {
      const gathered = new Uint8Array(tree.valueLength);
      tree.copyValue(gathered, 0);
      this.u8 = gathered;
      this.data = new DataView(gathered.buffer);
      this.valueOffset = 0;
    } else {
      this.u8 = tree.u8;
      this.data = tree.data;
      this.valueOffset = tree.valueOffset;
    }
    return true;
  }

  #hasPassed(expiry: number): boolean {
    return expiry <= (this.point.now === 0 ? this.#source.clock.now() : this.point.now);
  }
}

const EMPTY = new Uint8Array(0);
const EMPTY_DATA = new DataView(EMPTY.buffer);
