/** What the rest of the command line may use of the import readers. */
export type { ColumnType, ImportColumn } from "./columns.ts";
export { type ImportFormat, openRows, type ReadOptions, type RowBatch, RowReader } from "./row-reader.ts";
