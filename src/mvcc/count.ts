/**
 * The number of entries in a range, without visiting them where that can be avoided.
 *
 * Tree nodes carry counts, so that the tree's share is known in O(log n). What memtables and write sets change about it
 * is found key by key: one more where a key is new, one less where it was deleted. Where they hold so much that this
 * costs more than a scan, a scan it is. Entries past their deadline that are not deleted yet are taken off by their notes.
 */
import { countRange, TreeReader } from "../btree/index.ts";
import { OP_KIND_DELETE, opKind } from "../wal/index.ts";
import { ArenaSource } from "./arena-source.ts";
import { ALL_KEYS, type ByteRange, isInRange } from "./byte-range.ts";
import { DEADLINE_KEYSPACE } from "./catalog.ts";
import { DEADLINE_KEY_EXTRA_BYTES, readNote } from "./deadlines.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import type { ReadPoint } from "./read-state.ts";
import { rootOf } from "./roots.ts";
import type { Store } from "./store.ts";
import { View } from "./view.ts";
import type { WriteSet } from "./write-set.ts";

/** A key looked up in the tree costs about as much as so many entries of a scan. */
const SCANNED_FOR_ONE_LOOKUP = 64;

export function countEntries(
  store: Store,
  point: ReadPoint,
  writes: WriteSet | undefined,
  keyspace: number,
  range: ByteRange,
): number {
  if (point.ended !== undefined) {
    throw point.ended;
  }
  if (point.state.manifests.has(keyspace) || hasRangeDeletes(point, writes, keyspace)) {
    // Which of the versions in its runs count, or what is left of a range, only looking tells.
    return scanCount(store, point, writes, keyspace, range);
  }
  const changed = countChanged(point, writes, keyspace);
  const root = rootOf(point.state.roots, keyspace);
  const inTree = countRange(store.pages, root, range.lower, range.upper);
  if (changed * SCANNED_FOR_ONE_LOOKUP > inTree) {
    return scanCount(store, point, writes, keyspace, range);
  }
  const expired = countExpired(store, point, writes, keyspace, range);
  return inTree + (changed === 0 ? 0 : countDifference(store, point, writes, keyspace, range)) - expired;
}

/** About how many entries there are, at once: those of the tree, and as many more as memtables and write set hold changes. */
export function estimateEntries(point: ReadPoint, writes: WriteSet | undefined, keyspace: number): number {
  return rootOf(point.state.roots, keyspace).count + countChanged(point, writes, keyspace);
}

function countChanged(point: ReadPoint, writes: WriteSet | undefined, keyspace: number): number {
  let changed = writes === undefined ? 0 : writes.index.count(keyspace);
  for (const memtable of point.state.memtables) {
    changed += memtable.index.count(keyspace);
  }
  return changed;
}

function hasRangeDeletes(point: ReadPoint, writes: WriteSet | undefined, keyspace: number): boolean {
  return writes?.ranges.has(keyspace) === true || point.state.memtables.some(({ ranges }) => ranges.has(keyspace));
}

function scanCount(
  store: Store,
  point: ReadPoint,
  writes: WriteSet | undefined,
  keyspace: number,
  range: ByteRange,
): number {
  const cursor = store.takeCursor();
  try {
    cursor.open(point, writes, keyspace, range, false);
    return countAll(cursor);
  } finally {
    store.giveCursor(cursor);
  }
}

function countAll(cursor: MergeCursor): number {
  let count = 0;
  while (cursor.next()) {
    count++;
  }
  return count;
}

/** What the arenas add to the tree's count, deadlines apart. */
function countDifference(
  store: Store,
  point: ReadPoint,
  writes: WriteSet | undefined,
  keyspace: number,
  range: ByteRange,
): number {
  const tree = new TreeReader(store.pages);
  const root = rootOf(point.state.roots, keyspace).page;
  const arenas = openArenas(point, writes, keyspace);
  let difference = 0;
  for (let i = 0; i < arenas.length; i++) {
    const arena = arenas[i]!;
    arena.seekForward(range.lower, range.lower?.length ?? 0);
    while (arena.op !== 0 && isInRange(range, arena.u8, arena.keyOffset, arena.keyLength)) {
      if (!arenas.slice(0, i).some((newer) => newer.has(arena.u8, arena.keyOffset, arena.keyLength))) {
        const isThere = opKind(arena.u32, arena.op) !== OP_KIND_DELETE;
        const wasThere = root !== 0 && tree.find(root, arena.u8, arena.keyOffset, arena.keyLength);
        difference += Number(isThere) - Number(wasThere);
      }
      arena.next();
    }
  }
  return difference;
}

function openArenas(point: ReadPoint, writes: WriteSet | undefined, keyspace: number): ArenaSource[] {
  const arenas: ArenaSource[] = [];
  if (writes !== undefined) {
    const arena = new ArenaSource();
    arena.open(writes.u8, writes.u32, writes.data, writes.index, keyspace, 0);
    arenas.push(arena);
  }
  for (const { segment, index } of point.state.memtables) {
    if (index.count(keyspace) > 0) {
      const arena = new ArenaSource();
      arena.open(segment.u8, segment.u32, segment.data, index, keyspace, point.commit - segment.baseCommit);
      arenas.push(arena);
    }
  }
  return arenas;
}

/** Entries in the range whose deadline has passed and that the expiry loop has not deleted yet. */
function countExpired(
  store: Store,
  point: ReadPoint,
  writes: WriteSet | undefined,
  keyspace: number,
  range: ByteRange,
): number {
  const now = point.now === 0 ? store.clock.now() : point.now;
  const view = new View(store.beforeDeadlines(point), writes, store);
  const cursor = store.takeCursor();
  cursor.open(point, writes, DEADLINE_KEYSPACE, ALL_KEYS, false);

  const seen = new Set<string>();
  while (cursor.next()) {
    const note = readNote(cursor);
    if (note.due > now) {
      break;
    }
    const length = note.bytes.length - DEADLINE_KEY_EXTRA_BYTES;
    if (
      note.keyspace === keyspace &&
      isInRange(range, note.bytes, DEADLINE_KEY_EXTRA_BYTES, length) &&
      view.get(keyspace, note.bytes, DEADLINE_KEY_EXTRA_BYTES, length) &&
      view.expiry !== 0 &&
      view.expiry <= now
    ) {
      seen.add(Buffer.from(note.bytes.buffer, DEADLINE_KEY_EXTRA_BYTES, length).toString("latin1"));
    }
  }

  store.giveCursor(cursor);
  return seen.size;
}
