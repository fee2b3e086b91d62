/** All rows of a table as records, for what has to look at, or write, every one of them. */
import { copyBytes } from "../../../bytes.ts";
import type { Table } from "../../catalog/schema.ts";
import type { SqlTransaction } from "../../storage.ts";
import { RowRecord } from "./record.ts";

/** `visit` may write the row that it gets: the rows of a batch are read before the first is visited. */
export function forEachRow(transaction: SqlTransaction, table: Table, visit: (record: RowRecord) => void): void {
  const scan = transaction.scan(table.keyspace, undefined, undefined, false);
  try {
    for (let count = scan.next(); count > 0; count = scan.next()) {
      const records: RowRecord[] = [];
      for (let i = 0; i < count; i++) {
        const { prefix, prefixOffset, prefixLength, u8, data } = scan;
        const restLength = scan.keyLengths[i]!;
        const key = new Uint8Array(prefixLength + restLength);
        copyBytes(prefix, prefixOffset, key, 0, prefixLength);
        copyBytes(u8, scan.keyOffsets[i]!, key, prefixLength, restLength);
        const record = new RowRecord(table);
        record.read(key, key.length, {
          u8,
          data,
          valueOffset: scan.valueOffsets[i]!,
          valueLength: scan.valueLengths[i]!,
        });
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
