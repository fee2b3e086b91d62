/** The entries of a new index, for the rows that its table has. */

import { assert } from "../../../assert.ts";
import { copyBytes } from "../../../bytes.ts";
import { Builder } from "../../query/interpret/builder.ts";
import { Execution } from "../../query/interpret/execution.ts";
import { Arguments } from "../../run/arguments.ts";
import type { BatchScan, SqlTransaction } from "../../storage.ts";
import type { Target } from "../bind/bound.ts";
import { IndexEntry } from "./index-entry.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import { uniqueFailure } from "./uniqueness.ts";

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
  const scan = transaction.scan(table.keyspace, undefined, undefined, false);
  try {
    for (let count = scan.next(); count > 0; count = scan.next()) {
      scan.keep(count);
      for (let i = 0; i < count; i++) {
        add(transaction, entry, record, scan, i);
      }
    }
  } finally {
    scan.close();
  }
}

function add(transaction: SqlTransaction, entry: IndexEntry, record: RowRecord, scan: BatchScan, i: number): void {
  const { prefix, prefixOffset, prefixLength, u8, data } = scan;
  const restLength = scan.keyLengths[i]!;
  const key = new Uint8Array(prefixLength + restLength);
  copyBytes(prefix, prefixOffset, key, 0, prefixLength);
  copyBytes(u8, scan.keyOffsets[i]!, key, prefixLength, restLength);
  record.read(key, key.length, { u8, data, valueOffset: scan.valueOffsets[i]!, valueLength: scan.valueLengths[i]! });
  entry.enter();
  if (!entry.isThere) {
    return;
  }
  entry.finish(key, key.length);
  const { bytes, length } = entry.key;
  const { keyspace } = entry.index;
  if (entry.isExclusive && transaction.get(keyspace, bytes, 0, length)) {
    throw uniqueFailure(record.table, entry.index, "abort");
  }
  transaction.put(keyspace, bytes, 0, length, key, 0, key.length);
}
