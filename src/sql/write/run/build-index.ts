/** The entries of a new index, for the rows that its table has: put in the order of their keys, which is the fastest. */
import { assert } from "../../../assert.ts";
import { compareBytes } from "../../../bytes.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import { MAX_KEY_BYTES } from "../../key.ts";
import type { BoundIndex } from "../../query/bind/bound.ts";
import { visitAll } from "../../query/bind/walk.ts";
import { uniqueFailure } from "../../run/constraint.ts";
import { KeySorter } from "../../run/key-sorter.ts";
import type { SqlTransaction } from "../../storage.ts";
import type { Target } from "../bind/bound.ts";
import { IndexEntry } from "./index-entry.ts";
import { rowSite } from "./row-site.ts";
import { copyKey, rowOf } from "./table-rows.ts";

/** `target` has the new index alone. */
export function buildIndex(transaction: SqlTransaction, target: Target): void {
  const { table, row, indexes } = target;
  const { site, cursor } = rowSite(row, table);
  const { record } = cursor;
  const [bound] = indexes;
  assert(bound !== undefined, "there is an index to build");
  const entry = new IndexEntry(site, bound);
  const columns = columnsOf(bound, table);
  const sorter = new KeySorter();
  const scan = transaction.scan(table.keyspace, undefined, undefined, false);
  const key = new Uint8Array(MAX_KEY_BYTES);
  try {
    for (let count = scan.next(); count > 0; count = scan.next()) {
      for (let i = 0; i < count; i++) {
        const keyLength = copyKey(scan, i, key);
        record.read(key, keyLength, rowOf(scan, i), columns);
        add(sorter, entry, key, keyLength);
      }
    }
  } finally {
    scan.close();
  }
  putAll(transaction, sorter, entry, table);
}

/** The columns that an entry is made of. */
function columnsOf({ columns, where }: BoundIndex, table: Table): readonly Column[] {
  const read = new Set<number>();
  for (const value of [...columns.map((column) => column.value), ...(where === undefined ? [] : [where])]) {
    visitAll(value, (part) => {
      if (part.kind === "column") {
        read.add(part.column.index);
      }
    });
  }
  return table.columns.filter(({ index }) => read.has(index));
}

function add(sorter: KeySorter, entry: IndexEntry, key: Uint8Array, keyLength: number): void {
  entry.enter();
  if (entry.isThere) {
    entry.finish(key, keyLength);
    sorter.add(entry.key.bytes, entry.key.length, key, keyLength);
  }
}

/** Two entries of one key are two rows of the same columns. */
function putAll(transaction: SqlTransaction, sorter: KeySorter, { index }: IndexEntry, table: Table): void {
  const order = sorter.sort();
  const { bytes, offsets, keyLengths } = sorter;
  let last = -1;
  for (const pair of order) {
    const at = offsets[pair]!;
    const keyLength = keyLengths[pair]!;
    if (last >= 0 && compareBytes(bytes, offsets[last]!, keyLengths[last]!, bytes, at, keyLength) === 0) {
      throw uniqueFailure(table, index, "abort");
    }
    last = pair;
    const end = offsets[pair + 1]!;
    transaction.put(index.keyspace, bytes, at, keyLength, bytes, at + keyLength, end - at - keyLength);
  }
}
