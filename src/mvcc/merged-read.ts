/**
 * Reading an entry that has merge operands: they are collected from the newest place on until one says what they are to be
 * applied to, or that there is nothing.
 *
 *     write set     merge 3                      ┐
 *     memtable      merge 2 ◀─ merge 1           ├──▶  1, then 2, then 3, applied to 40
 *     run 9         merge 7                      │
 *     run 2         put 40                       ┘
 *
 * This is the slow way, taken where the newest version of a key is an operand. It looks the key up in each place again.
 */
import { CELL_DELETE, CELL_MERGE, CELL_PUT, MAX_VALUE_BYTES, TreeReader } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import { type Combine, NOT_FOUND, Operands, RunReader, type SearchCounts } from "../lsm/index.ts";
import type { PageFile } from "../pager/index.ts";
import {
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opKind,
  opPrevious,
  opValueLength,
  opValueOffset,
  visibleOp,
} from "../wal/index.ts";
import { WHOLE_ARENA } from "./arena-source.ts";
import type { Memtable } from "./memtable.ts";
import type { ReadPoint } from "./read-state.ts";
import type { WriteSet } from "./write-set.ts";

export interface MergedSource {
  readonly pages: PageFile;
  readonly searches: SearchCounts;
  /** The merge operator of a keyspace; undefined where it has none, or the application has not said which. */
  operatorOf(keyspace: number): Combine | undefined;
}

/** Where a key is looked for, and up to where in what the reader writes itself. */
export interface MergedPlace {
  readonly point: ReadPoint;
  readonly writes: WriteSet | undefined;
  readonly keyspace: number;
  /** Operations of the write set from here on are not seen. */
  readonly writesEnd: number;
  /** The same for the active memtable. */
  readonly activeEnd: number;
}

export class MergedReader {
  readonly #source: MergedSource;
  readonly #tree: TreeReader;
  readonly #runs: RunReader;

  constructor(source: MergedSource) {
    this.#source = source;
    this.#tree = new TreeReader(source.pages);
    this.#runs = new RunReader(source.pages, source.searches);
  }

  /** All that there is of the entry, behind `newer` operands where some are given. */
  collect(
    place: MergedPlace,
    key: Uint8Array,
    offset: number,
    length: number,
    newer: Uint8Array | undefined,
  ): Operands {
    const operands = new Operands(this.#source.operatorOf(place.keyspace));
    if (newer !== undefined) {
      operands.addOlder(newer, CELL_MERGE);
    }
    if (!operands.hasBase && !this.#collectWritten(place, key, offset, length, operands)) {
      this.#collectPages(place, key, offset, length, operands);
    }
    return operands;
  }

  /** The entry's value, a copy; undefined where there is none. Throws INVALID where the operator is not known, and where it is too long. */
  read(place: MergedPlace, key: Uint8Array, offset: number, length: number): Uint8Array | undefined {
    const operands = this.collect(place, key, offset, length, undefined);
    if (operands.isEmpty) {
      return undefined;
    }
    const { kind, bytes } = operands.fold(true);
    if (kind === CELL_MERGE) {
      if (operands.isKnown) {
        throw tooLong(operands.sizeBytes);
      }
      throw new DbError(
        "INVALID",
        "this map was made with a merge function of its own; ask for it with the same function to read it",
        { keyspace: place.keyspace },
      );
    }
    return bytes;
  }

  /** From memory; whether that was all. */
  #collectWritten(
    { point, writes, keyspace, writesEnd, activeEnd }: MergedPlace,
    key: Uint8Array,
    offset: number,
    length: number,
    operands: Operands,
  ): boolean {
    if (writes !== undefined && collect(writes, keyspace, 0, writesEnd, key, offset, length, operands)) {
      return true;
    }
    let end = activeEnd;
    for (const memtable of point.state.memtables) {
      const limit = point.commit - memtable.segment.baseCommit;
      if (collect(arenaOf(memtable), keyspace, limit, end, key, offset, length, operands)) {
        return true;
      }
      end = WHOLE_ARENA;
    }
    return false;
  }

  #collectPages(
    { point, keyspace }: MergedPlace,
    key: Uint8Array,
    offset: number,
    length: number,
    operands: Operands,
  ): void {
    const root = point.state.trees.get(keyspace);
    if (root !== undefined) {
      if (this.#tree.find(root.page, key, offset, length)) {
        operands.addOlder(bytesOf(this.#tree), this.#tree.kind);
      }
      return;
    }
    const manifest = point.state.manifests.get(keyspace);
    if (manifest === undefined) {
      return;
    }
    let kind = this.#runs.find(manifest, key, offset, length);
    while (kind !== NOT_FOUND && kind !== CELL_DELETE) {
      operands.addOlder(bytesOf(this.#runs.tree), kind);
      if (operands.hasBase) {
        return;
      }
      kind = this.#runs.findOlder(manifest, key, offset, length);
    }
  }
}

/** Of an entry whose operands cannot be combined any more. */
export function tooLong(bytes: number): DbError {
  return new DbError(
    "INVALID",
    `an entry has ${bytes} bytes with its merge operands, which come to more than the limit of ${MAX_VALUE_BYTES}; ` +
      "put a shorter value, or delete it",
    { bytes, limit: MAX_VALUE_BYTES },
  );
}

type Arena = Pick<WriteSet, "u8" | "u32" | "index" | "ranges">;

function arenaOf({ segment, index, ranges }: Memtable): Arena {
  return { u8: segment.u8, u32: segment.u32, index, ranges };
}

/** Adds what an arena has of a key; whether nothing older matters. */
function collect(
  { u8, u32, index, ranges }: Arena,
  keyspace: number,
  limit: number,
  end: number,
  key: Uint8Array,
  offset: number,
  length: number,
  operands: Operands,
): boolean {
  const cover = ranges.isEmpty ? 0 : ranges.newestOver(keyspace, key, offset, length, limit, end);
  let op = index.find(keyspace, key, offset, length);
  while (op >= end) {
    op = opPrevious(u32, op);
  }
  op = visibleOp(u32, op, limit);
  while (op > cover && addOp(u8, u32, op, operands)) {
    op = opPrevious(u32, op);
  }
  return op > cover || cover !== 0;
}

/** Whether an older operation matters too. */
export function addOp(u8: Uint8Array, u32: Uint32Array, op: number, operands: Operands): boolean {
  const kind = opKind(u32, op);
  const value = opValueOffset(u32, op);
  const bytes = u8.subarray(value, value + opValueLength(u32, op));
  if (kind === OP_KIND_PUT) {
    operands.addOlder(bytes, CELL_PUT);
    return false;
  }
  if (kind !== OP_KIND_MERGE) {
    return false;
  }
  operands.addOlder(bytes, CELL_MERGE);
  return !operands.hasBase;
}

function bytesOf(tree: TreeReader): Uint8Array {
  const value = new Uint8Array(tree.valueLength);
  tree.copyValue(value, 0);
  return value;
}
