/**
 * The roots tree: where each keyspace's B+tree begins.
 *
 *     key    u32 keyspace id, big-endian
 *     value  u32 root page | u32 height | f64 number of entries
 *
 * It is a B+tree like any other, named by the meta page and written by every checkpoint that moved a root; on opening it
 * is read into a map. A keyspace without entries has no root.
 */
import { type BatchSource, type RootRecord, TreeCursor } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import type { PageFile } from "../pager/index.ts";

const KEY_BYTES = 4;
const VALUE_BYTES = 16;

/** Changed roots as a batch for the roots tree, in the order of their ids. */
export class RootBatch implements BatchSource {
  readonly u8: Uint8Array;
  keyOffset: number;
  keyLength: number;
  kind: 1 | 2;
  valueOffset: number;
  valueLength: number;
  expiry: number;
  consumed: number;
  readonly #data: DataView;
  readonly #roots: readonly (readonly [number, RootRecord])[];

  constructor(roots: ReadonlyMap<number, RootRecord>) {
    this.u8 = new Uint8Array(KEY_BYTES + VALUE_BYTES);
    this.#data = new DataView(this.u8.buffer);
    this.#roots = [...roots].sort((a, b) => a[0] - b[0]);
    this.keyOffset = 0;
    this.keyLength = KEY_BYTES;
    this.kind = 1;
    this.valueOffset = KEY_BYTES;
    this.valueLength = VALUE_BYTES;
    this.expiry = 0;
    this.consumed = 0;
  }

  next(): boolean {
    const entry = this.#roots[this.consumed];
    if (entry === undefined) {
      return false;
    }
    this.consumed++;
    const [keyspace, root] = entry;
    this.kind = root.page === 0 ? 2 : 1;
    this.#data.setUint32(0, keyspace);
    this.#data.setUint32(KEY_BYTES, root.page, true);
    this.#data.setUint32(KEY_BYTES + 4, root.height, true);
    this.#data.setFloat64(KEY_BYTES + 8, root.count, true);
    return true;
  }
}

/** Every keyspace's root, from the tree that starts at `rootsPage`. */
export function readRoots(pages: PageFile, rootsPage: number): Map<number, RootRecord> {
  const roots = new Map<number, RootRecord>();
  const cursor = new TreeCursor(pages);
  const key = new Uint8Array(KEY_BYTES);
  cursor.open(rootsPage);
  for (let found = cursor.first(); found; found = cursor.next()) {
    if (cursor.prefixLength + cursor.suffixLength !== KEY_BYTES || cursor.valueLength !== VALUE_BYTES) {
      throw new DbError("CORRUPT", "the roots tree holds an entry of the wrong size; restore from a backup", {
        page: rootsPage,
      });
    }
    cursor.copyKey(key, 0);
    const keyspace = new DataView(key.buffer).getUint32(0);
    const at = cursor.valueOffset;
    roots.set(keyspace, {
      page: cursor.data.getUint32(at, true),
      height: cursor.data.getUint32(at + 4, true),
      count: cursor.data.getFloat64(at + 8, true),
    });
  }
  return roots;
}
