/** What LevelDB says of itself, in as far as it means something here: sizes of ranges, properties. */
import type { ByteRange, Context, Database } from "../mvcc/index.ts";

/** Entries looked at, at either end of a range. */
const SAMPLE_ENTRIES = 64;
/** Of a cell in a leaf: its slot, and the length of its key. */
const CELL_BYTES = 4;

/** The bytes that a range takes up, about: its exact number of entries times the size of those at its ends. */
export function approximateBytes(context: Context, keyspace: number, range: ByteRange): number {
  const count = context.count(keyspace, range);
  const looked = { entries: 0, bytes: 0 };
  sample(context, keyspace, range, false, Math.min(count, SAMPLE_ENTRIES), looked);
  sample(context, keyspace, range, true, Math.min(count - looked.entries, SAMPLE_ENTRIES), looked);
  return looked.entries === 0 ? 0 : Math.round((looked.bytes / looked.entries) * count);
}

function sample(
  context: Context,
  keyspace: number,
  range: ByteRange,
  isReverse: boolean,
  most: number,
  looked: { entries: number; bytes: number },
): void {
  const cursor = context.openScan(keyspace, range, isReverse);
  for (let i = 0; i < most && cursor.next(); i++) {
    looked.entries++;
    looked.bytes += CELL_BYTES + cursor.keyLength + cursor.valueLength;
  }
  context.closeScan(cursor);
}

/** The value of a property; as LevelDB has it, the empty string for one that there is not. */
export function propertyOf(database: Database, property: string): string {
  const stats = database.stats();
  switch (property) {
    case "nacre.stats":
      return JSON.stringify(stats);
    case "leveldb.stats":
      return lines("", stats);
    case "leveldb.approximate-memory-usage":
      return String(stats.memtableBytes);
    default:
      return "";
  }
}

/** A line for each that there is; of a record, for each in it: "searches.gets: 3". */
function lines(prefix: string, record: object): string {
  return Object.entries(record)
    .map(([name, value]) => {
      if (value === undefined) {
        return "";
      }
      const isRecord = typeof value === "object" && value !== null && !(value instanceof Error);
      return isRecord ? lines(`${prefix}${name}.`, value) : `${prefix}${name}: ${value}\n`;
    })
    .join("");
}
