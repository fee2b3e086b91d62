/** The entries of a new index, for the rows that its table has: put in the order of their keys, which is the fastest. */
import { assert } from "../../../assert.ts";
import { compareBytes, copyBytes } from "../../../bytes.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import { MAX_KEY_BYTES } from "../../key.ts";
import type { BoundIndex } from "../../query/bind/bound.ts";
import { visitAll } from "../../query/bind/walk.ts";
import { Builder } from "../../query/interpret/builder.ts";
import { Execution } from "../../query/interpret/execution.ts";
import { Arguments } from "../../run/arguments.ts";
import { uniqueFailure } from "../../run/constraint.ts";
import { KeySorter } from "../../run/key-sorter.ts";
import type { BatchScan, SqlTransaction } from "../../storage.ts";
import type { Target } from "../bind/bound.ts";
import { IndexEntry } from "./index-entry.ts";
import { RecordCursor, RowRecord } from "./record.ts";

/** `target` has the new index alone. */
export function buildIndex(transaction: SqlTransaction, target: Target): void {
  const { table, row, indexes } = target;
  const execution = new Execution(new Arguments([]), 0, () => {
    throw new Error("an index has no queries");
  });
  const site = new Builder(execution);
  const record = new RowRecord(table);
  site.place(row, new RecordCursor(record));
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
  putAll(transaction, sorter, entry, record);
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

function copyKey(
  { prefix, prefixOffset, prefixLength, u8, keyOffsets, keyLengths }: BatchScan,
  i: number,
  key: Uint8Array,
): number {
  const restLength = keyLengths[i]!;
  copyBytes(prefix, prefixOffset, key, 0, prefixLength);
  copyBytes(u8, keyOffsets[i]!, key, prefixLength, restLength);
  return prefixLength + restLength;
}

function rowOf({ u8, data, valueOffsets, valueLengths }: BatchScan, i: number): Parameters<RowRecord["read"]>[2] {
  return { u8, data, valueOffset: valueOffsets[i]!, valueLength: valueLengths[i]! };
}

function add(sorter: KeySorter, entry: IndexEntry, key: Uint8Array, keyLength: number): void {
  entry.enter();
  if (entry.isThere) {
    entry.finish(key, keyLength);
    sorter.add(entry.key.bytes, entry.key.length, key, keyLength);
  }
}

/** Two entries of one key are two rows of the same columns. */
function putAll(transaction: SqlTransaction, sorter: KeySorter, { index }: IndexEntry, { table }: RowRecord): void {
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
