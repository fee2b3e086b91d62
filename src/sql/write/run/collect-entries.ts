/** The entries of an index that is built, for the rows that its table has, interpreted. */
import { assert } from "../../../assert.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import { MAX_KEY_BYTES } from "../../key.ts";
import type { BoundIndex } from "../../query/bind/bound.ts";
import { visitAll } from "../../query/bind/walk.ts";
import type { KeySorter } from "../../run/key-sorter.ts";
import type { SqlTransaction } from "../../storage.ts";
import type { Target } from "../bind/bound.ts";
import { IndexEntry } from "./index-entry.ts";
import { rowSite } from "./row-site.ts";
import { copyKey, rowOf } from "./table-rows.ts";

/** `target` has the index alone. */
export function collectEntries(transaction: SqlTransaction, target: Target, sorter: KeySorter): void {
  const { table, row, indexes } = target;
  const { site, cursor } = rowSite(row, table);
  const { record } = cursor;
  const [bound] = indexes;
  assert(bound !== undefined, "there is an index to build");
  const entry = new IndexEntry(site, bound);
  const columns = columnsOf(bound, table);
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
    sorter.add(entry.key.bytes, entry.key.length, entry.isExclusive, key, 0, 0, key, 0, keyLength);
  }
}
