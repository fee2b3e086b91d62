/** All rows of a table as records, for what has to look at, or write, every one of them. */
import { copyBytes } from "../../../bytes.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import { MAX_KEY_BYTES } from "../../key.ts";
import type { BatchScan, FoundValue, SqlTransaction } from "../../storage.ts";
import { RowRecord } from "./record.ts";

/** `visit` may write the row that it gets: the rows of a batch are read before the first is visited. `columns` are those that are read. */
export function forEachRow(
  transaction: SqlTransaction,
  table: Table,
  visit: (record: RowRecord) => void,
  columns: readonly Column[] = table.columns,
): void {
  const scan = transaction.scan(table.keyspace, undefined, undefined, false);
  const key = new Uint8Array(MAX_KEY_BYTES);
  try {
    for (let count = scan.next(); count > 0; count = scan.next()) {
      const records: RowRecord[] = [];
      for (let i = 0; i < count; i++) {
        const record = new RowRecord(table);
        record.read(key, copyKey(scan, i, key), rowOf(scan, i), columns);
        records.push(record);
      }
      for (const record of records) {
        visit(record);
      }
    }
  } finally {
    scan.close();
  }
}

/** Puts both parts of the key of row `i` together; its length. */
export function copyKey(
  { prefix, prefixOffset, prefixLength, u8, keyOffsets, keyLengths }: BatchScan,
  i: number,
  key: Uint8Array,
): number {
  const restLength = keyLengths[i]!;
  copyBytes(prefix, prefixOffset, key, 0, prefixLength);
  copyBytes(u8, keyOffsets[i]!, key, prefixLength, restLength);
  return prefixLength + restLength;
}

/** Where row `i` is. */
export function rowOf({ u8, data, valueOffsets, valueLengths }: BatchScan, i: number): FoundValue {
  return { u8, data, valueOffset: valueOffsets[i]!, valueLength: valueLengths[i]! };
}
