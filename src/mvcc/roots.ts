/**
 * The roots tree: where in pages each keyspace begins.
 *
 *     key    u32 keyspace id, big-endian                   a B+tree's root
 *     value  u32 root page | u32 height | f64 number of entries
 *
 *     key    u32 keyspace id, big-endian | more            a piece of an LSM keyspace's manifest (lsm/manifest.ts)
 *
 * It is a B+tree like any other, named by the meta page and written by every checkpoint that moved a root or changed a
 * manifest; on opening it is read into maps. A keyspace without entries has nothing here.
 */
import { type BatchSource, EMPTY_ROOT, type RootRecord, TreeCursor } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import { Manifest, type ManifestEntry } from "../lsm/index.ts";
import type { PageFile } from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";

/** What is in pages as of one checkpoint. A keyspace is in one of the two at the most. */
export interface Roots {
  readonly trees: ReadonlyMap<number, RootRecord>;
  readonly manifests: ReadonlyMap<number, Manifest>;
}

export const NO_ROOTS: Roots = { trees: new Map(), manifests: new Map() };

/** What a checkpoint changed: roots (page 0: there is none any more) and pieces of manifests. */
export interface RootChanges {
  readonly trees: ReadonlyMap<number, RootRecord>;
  readonly manifests: ReadonlyMap<number, readonly ManifestEntry[]>;
}

/** All that a job without memtables leaves as they are. How one is kept that is about to go is not known. */
export function keyspacesIn(
  { trees, manifests }: Roots,
  kinds: ReadonlyMap<number, KeyspaceKind>,
): Map<number, KeyspaceKind | undefined> {
  return new Map([...trees.keys(), ...manifests.keys()].map((keyspace) => [keyspace, kinds.get(keyspace)]));
}

const ID_BYTES = 4;
const VALUE_BYTES = 16;

export function applyChanges(before: Roots, changes: RootChanges): Roots {
  const trees = new Map(before.trees);
  for (const [keyspace, root] of changes.trees) {
    if (root.page === 0) {
      trees.delete(keyspace);
    } else {
      trees.set(keyspace, root);
    }
  }
  const manifests = new Map(before.manifests);
  for (const [keyspace, entries] of changes.manifests) {
    const manifest = (manifests.get(keyspace) ?? Manifest.empty).apply(entries);
    if (manifest.isEmpty) {
      manifests.delete(keyspace);
    } else {
      manifests.set(keyspace, manifest);
    }
  }
  return { trees, manifests };
}

/** Changes as a batch for the roots tree, in the order of its keys. */
export class RootBatch implements BatchSource {
  u8: Uint8Array;
  readonly keyOffset: number;
  keyLength: number;
  kind: 1 | 2;
  valueOffset: number;
  valueLength: number;
  readonly expiry: number;
  values: Uint8Array;
  consumed: number;
  readonly #entries: readonly ManifestEntry[];

  constructor({ trees, manifests }: RootChanges) {
    const entries: ManifestEntry[] = [];
    for (const [keyspace, root] of trees) {
      entries.push({ key: keyOf(keyspace), value: root.page === 0 ? undefined : encodeRoot(root) });
    }
    for (const [keyspace, pieces] of manifests) {
      for (const { key, value } of pieces) {
        entries.push({ key: keyOf(keyspace, key), value });
      }
    }
    this.#entries = entries.sort((a, b) => Buffer.compare(a.key, b.key));
    this.u8 = NO_BYTES;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.kind = 1;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.expiry = 0;
    this.values = NO_BYTES;
    this.consumed = 0;
  }

  next(): boolean {
    const entry = this.#entries[this.consumed];
    if (entry === undefined) {
      return false;
    }
    this.consumed++;
    const { key, value = NO_BYTES } = entry;
    this.u8 = new Uint8Array(key.length + value.length);
    this.values = this.u8;
    this.u8.set(key);
    this.u8.set(value, key.length);
    this.kind = entry.value === undefined ? 2 : 1;
    this.keyLength = key.length;
    this.valueOffset = key.length;
    this.valueLength = value.length;
    return true;
  }
}

/** Everything in the tree that starts at `rootsPage`. Throws CORRUPT. */
export function readRoots(pages: PageFile, rootsPage: number): Roots {
  const trees = new Map<number, RootRecord>();
  const pieces = new Map<number, ManifestEntry[]>();
  const cursor = new TreeCursor(pages);
  cursor.open(rootsPage);
  for (let found = cursor.first(); found; found = cursor.next()) {
    const key = new Uint8Array(cursor.keyLength);
    cursor.copyKey(key, 0);
    const value = new Uint8Array(cursor.valueLength);
    cursor.copyValue(value, 0);
    if (key.length < ID_BYTES || (key.length === ID_BYTES && value.length !== VALUE_BYTES)) {
      throw new DbError("CORRUPT", "the roots tree holds an entry of the wrong size; restore from a backup", {
        page: rootsPage,
      });
    }
    const keyspace = new DataView(key.buffer).getUint32(0);
    if (key.length === ID_BYTES) {
      trees.set(keyspace, decodeRoot(value));
    } else {
      const entries = pieces.get(keyspace) ?? [];
      entries.push({ key: key.subarray(ID_BYTES), value });
      pieces.set(keyspace, entries);
    }
  }
  return applyChanges(NO_ROOTS, { trees, manifests: pieces });
}

export function rootOf({ trees }: Roots, keyspace: number): RootRecord {
  return trees.get(keyspace) ?? EMPTY_ROOT;
}

function keyOf(keyspace: number, more: Uint8Array = NO_BYTES): Uint8Array {
  const key = new Uint8Array(ID_BYTES + more.length);
  new DataView(key.buffer).setUint32(0, keyspace);
  key.set(more, ID_BYTES);
  return key;
}

function encodeRoot(root: RootRecord): Uint8Array {
  const value = new Uint8Array(VALUE_BYTES);
  const data = new DataView(value.buffer);
  data.setUint32(0, root.page, true);
  data.setUint32(4, root.height, true);
  data.setFloat64(8, root.count, true);
  return value;
}

function decodeRoot(value: Uint8Array): RootRecord {
  const data = new DataView(value.buffer, value.byteOffset, value.length);
  return { page: data.getUint32(0, true), height: data.getUint32(4, true), count: data.getFloat64(8, true) };
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
